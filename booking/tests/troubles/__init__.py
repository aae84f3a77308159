"""Troubles of a database, a network or a worker, and what clients hear meanwhile.

`python -m booking.tests.troubles` makes each of them on a real PostgreSQL and a real granian.
"""
