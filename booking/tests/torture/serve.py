"""The command of the production server, in a process that has loaded the application beforehand.
Its workers are forked off it, so that to replace one that was killed costs next to nothing."""

from django.urls import get_resolver
from granian.cli import entrypoint

import movie_booking.wsgi  # noqa: F401 sets up Django

get_resolver().url_patterns  # noqa: B018 imports the views
entrypoint()
