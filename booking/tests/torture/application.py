"""WSGI application of the workers under test: the real one, with three additions.

Holds last seconds instead of minutes, a mutant may be applied, and a worker can be made to crash
between commit and response. The application itself knows none of these.
"""

import os
import signal
from datetime import timedelta

from django.conf import settings

from movie_booking.wsgi import application as real_application

from . import fixture, mutants

settings.HOLD_FOR = timedelta(seconds=fixture.HOLD_FOR)
settings.HOLD_AT_MOST = timedelta(seconds=fixture.HOLD_AT_MOST)
settings.HOLD_WINDOW = timedelta(seconds=fixture.HOLD_WINDOW)
FOLDER = os.environ["TORTURE_FOLDER"]


def application(environ, start_response):
    started = []

    def start(status, headers, exc_info=None):
        started.append((status, {name for name, _ in headers}))
        return start_response(status, headers, exc_info)

    body = mutated_application(environ, start)
    status, headers = started[0]
    is_change = (
        environ["REQUEST_METHOD"] in ("POST", "DELETE") and "Idempotency-Replayed" not in headers
    )
    if is_change and status.startswith(("20", "302")):
        crash_if_ordered()
    return body


def crash_if_ordered():
    """Kill this worker if the nemesis has created its crash file."""
    try:
        fixture.crash_file(FOLDER, os.getpid()).unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


mutated_application = mutants.apply(os.environ.get("TORTURE_MUTANT", ""), real_application)
