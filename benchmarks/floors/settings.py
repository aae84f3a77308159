"""The application's settings, so that tokens and database are the same, without what it adds."""

from movie_booking.settings import *  # noqa: F403

MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.floors.urls"
DATABASES["default"]["CONN_HEALTH_CHECKS"] = False  # noqa: F405
# By psycopg, as the bare view has a cursor of Django's; nobody rolls back here.
DATABASES["default"]["OPTIONS"]["prepare_threshold"] = 2  # noqa: F405
REST_FRAMEWORK["DEFAULT_THROTTLE_CLASSES"] = []  # noqa: F405
