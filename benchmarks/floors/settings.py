"""The application's settings, so that tokens and database are the same, without what it adds."""

from movie_booking.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.floors.urls"
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # noqa: F405 a statement for each request
REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = []  # noqa: F405
