"""The WSGI application that a server loads."""

import os
import re

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")

django_application = get_wsgi_application()


def application(environ, start_response):
    """Django's, which everybody speaks UTF-8 to.

    It would decode by any codec of Python's that a Content-Type names, `hex` and `idna` too, and
    it does so before there is anything that could answer with an error.
    """
    if content_type := environ.get("CONTENT_TYPE"):
        environ["CONTENT_TYPE"] = re.sub(r";\s*charset=[^;]*", "", content_type, flags=re.I)
    return django_application(environ, start_response)
