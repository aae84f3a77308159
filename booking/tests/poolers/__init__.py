"""The application behind poolers: PgBouncer and Odyssey in their modes, and Django's own pool.

`python -m booking.tests.poolers` runs the clients of the torture test through each of them.
"""
