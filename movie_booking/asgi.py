"""The ASGI application, for servers without WSGI."""

import os

from django.core.asgi import get_asgi_application

from .content_type import remove_charset

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")

django_application = get_asgi_application()


async def application(scope, receive, send):
    headers = [
        (name, remove_charset(value.decode("latin-1")).encode("latin-1"))
        if name == b"content-type"
        else (name, value)
        for name, value in scope.get("headers", [])
    ]
    await django_application({**scope, "headers": headers}, receive, send)
