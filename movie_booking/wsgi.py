"""The WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from booking.apps import log_warnings_at_start

from .content_type import clean_accept, clean_content_type
from .request_body import read_wsgi_body

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")

django_application = get_wsgi_application()
log_warnings_at_start()

# Loaded modules are never freed, so the garbage collector need not check them.
gc.collect()
gc.freeze()


def application(environ, start_response):
    if "CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = clean_content_type(environ["CONTENT_TYPE"])
    if "HTTP_ACCEPT" in environ:
        environ["HTTP_ACCEPT"] = clean_accept(environ["HTTP_ACCEPT"])
    read_wsgi_body(environ)
    response = django_application(environ, start_response)
    if getattr(response, "status_code", None) in (204, 304):
        return EmptyBody(response)
    return response


class EmptyBody:
    """One empty string. For no string at all `runserver` adds the header `Content-Length: 0`."""

    def __init__(self, response):
        self.close = response.close

    def __iter__(self):
        return iter([b""])
