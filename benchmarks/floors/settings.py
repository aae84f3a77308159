"""The application's settings (same tokens, same database) without middleware and throttles."""

from movie_booking.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.floors.urls"
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # noqa: F405
# psycopg prepares the bare view's statement, which runs in a cursor of Django's.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 2  # noqa: F405
REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = []  # noqa: F405
