"""A cluster of real parts under load: two hosts behind nginx, PgBouncer, PostgreSQL with standbys.

`python -m booking.tests.cluster` kills, restarts and freezes its parts while clients book.
"""
