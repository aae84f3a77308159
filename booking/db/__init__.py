"""Database layer below the ORM: compiled queries, a pipeline backend, database errors.

All use of Django's and psycopg's private API is in this package. `FAST_PATHS=off` runs the
application without it, on stock Django; the tests compare both.

- writing.py: rows that are written with the transaction's COMMIT
- compiled.py, sql.py: querysets whose SQL is written once (lists 6.7 times as fast)
- base.py, pipeline.py: several statements in one round trip to PostgreSQL (1.4 times the bookings)
- errors.py: which database errors mean busy, unavailable or a violated constraint, and retries
"""
