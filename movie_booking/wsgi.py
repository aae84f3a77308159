"""The WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from .content_type import remove_charset

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")

django_application = get_wsgi_application()

# Loaded modules are never freed, so the garbage collector need not check them.
gc.collect()
gc.freeze()


def application(environ, start_response):
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = remove_charset(environ["CONTENT_TYPE"])
    return django_application(environ, start_response)
