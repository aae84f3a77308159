"""How fast the application is, measured: `make bench`. Nothing here is imported by the application.

In one run, one after the other and again, the same questions are put to this project, to the
textbook (textbook/, the implementation that everyone writes) and to the floors (floors/, less than
which no Django application can do).
"""
