"""The WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from .content_type import remove_charset

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")

django_application = get_wsgi_application()

# Loaded modules stay for ever: the garbage collector need not check them in every run.
gc.collect()
gc.freeze()


def application(environ, start_response):
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = remove_charset(environ["CONTENT_TYPE"])
    return django_application(environ, start_response)
