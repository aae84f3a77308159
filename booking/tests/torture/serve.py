"""Command of the production server (granian), with the application already imported.

Workers are forked from this process, so a killed worker is replaced at once.
"""

from django.urls import get_resolver
from granian.cli import entrypoint

import movie_booking.wsgi  # noqa: F401 sets up Django

get_resolver().url_patterns  # noqa: B018 imports the views
entrypoint()
