"""What the workers of a tortured server load: the application as it is, with holds that last
seconds instead of minutes, with a point at which a worker can be made to die, and with whatever
a mutant breaks. The application itself knows of none of these."""

import os
import signal
from datetime import timedelta

from django.conf import settings

from movie_booking.wsgi import application as real_application

from . import mutants, stage

settings.HOLD_FOR = timedelta(seconds=stage.HOLD_FOR)
settings.HOLD_AT_MOST = timedelta(seconds=stage.HOLD_AT_MOST)
FOLDER = os.environ["TORTURE_FOLDER"]


def application(environ, start_response):
    started = []

    def start(status, headers, exc_info=None):
        started.append((status, {name for name, _ in headers}))
        return start_response(status, headers, exc_info)

    answer = served(environ, start)
    status, headers = started[0]
    first = environ["REQUEST_METHOD"] == "POST" and "Idempotency-Replayed" not in headers
    if first and status.startswith("20"):
        try:
            stage.fail_point(FOLDER, os.getpid()).unlink()
        except FileNotFoundError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return answer


served = mutants.applied(os.environ.get("TORTURE_MUTANT", ""), real_application)
