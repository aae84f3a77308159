"""Settings of every test run, for pytest (conftest.py) and `manage.py test` (runner.py)."""

import logging

from django.conf import settings

RATES = ("THROTTLE_LOGIN", "THROTTLE_SIGNUP", "THROTTLE_HOLD", "THROTTLE_USER")


def set_up() -> None:
    """Switch off what would make tests depend on each other; check responses against the schema."""
    from .schema_conformance import check_every_response

    logging.getLogger("booking").setLevel(logging.WARNING)  # no line for each seat sold
    check_every_response()
    settings.CACHE_MOVIES = False  # test_caching.py switches it on
    for rate in RATES:  # test_throttling.py sets rates of its own
        setattr(settings, rate, "")
