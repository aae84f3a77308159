"""Settings of every test run, for pytest (conftest.py) and `manage.py test` (runner.py)."""

import logging
from unittest import skipUnless

from django.conf import settings
from django.db import connection
from django.db.backends.signals import connection_created

RATES = (
    "THROTTLE_LOGIN",
    "THROTTLE_SIGNUP",
    "THROTTLE_HOLD",
    "THROTTLE_CANCEL",
    "THROTTLE_VERIFY_EMAIL",
    "THROTTLE_USER",
)

# For slow tests that need no database.
only_once = skipUnless(connection.vendor == "sqlite", "runs once, in the tests with SQLite")


def set_up() -> None:
    """Switch off what would make tests depend on each other; check responses against the schema."""
    from .schema_conformance import check_every_response

    logging.getLogger("booking").setLevel(logging.WARNING)  # no line for each seat sold
    check_every_response()
    connection_created.connect(lift_time_limits, dispatch_uid="tests")
    settings.CACHE_MOVIES = False  # test_caching.py switches it on
    for rate in RATES:  # test_throttling.py sets rates of its own
        setattr(settings, rate, "")


def lift_time_limits(connection, **kwargs) -> None:
    """Let the transaction of a TestCase be idle, and a statement run, for as long as it takes.

    On a busy machine both reach the time limits of production. The lock timeout stays: tests wait
    for it.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            cursor.execute("SET statement_timeout = 0")
