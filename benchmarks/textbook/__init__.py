"""Textbook implementation, after the tutorials of Django, DRF and simplejwt, to compare with.

It must stay as it is: naive but fair. It is correct (a row lock and a unique constraint), has a
persistent connection and Django's default indexes, and its responses hold no more than the
application's. It is not optimised for the number of statements in a request. It runs on the same
server and the same PostgreSQL, with the same movies, shows and bookings.
"""
