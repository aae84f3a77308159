"""The textbook: the implementation that everyone writes, to compare with.

It was written for this purpose, after the tutorials of Django, Django REST Framework and simplejwt,
and must stay as it is: naive, but fair. It is correct (a lock and a constraint), it has a
persistent connection and the indexes that Django makes by itself, and it answers no more than the
application does. What it does not have is any thought for how many statements a request takes. It
is served by the same server, from the same PostgreSQL, with the same films, shows and bookings.
"""
