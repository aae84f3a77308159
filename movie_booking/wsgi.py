"""The WSGI application that a server loads."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from .charset import without_charset

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")

django_application = get_wsgi_application()

# What is loaded stays: the collector of garbage need not look at it each time.
gc.collect()
gc.freeze()


def application(environ, start_response):
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = without_charset(environ["CONTENT_TYPE"])
    return django_application(environ, start_response)
