"""The ASGI application, for servers without WSGI."""

import os

from django.core.asgi import get_asgi_application

from booking.apps import log_warnings_at_start

from .content_type import clean_accept, clean_content_type
from .request_body import read_asgi_body

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")

django_application = get_asgi_application()
log_warnings_at_start()

CLEANERS = {b"content-type": clean_content_type, b"accept": clean_accept}


async def application(scope, receive, send):
    if scope["type"] != "http":
        await django_application(scope, receive, send)
        return
    body = await read_asgi_body(receive)
    if body is None:
        return
    unread = [{"type": "http.request", "body": body}]

    async def receive_again():
        if unread:
            return unread.pop()
        while (message := await receive())["type"] != "http.disconnect":
            pass  # the rest of a body that is too large
        return message

    headers = clean_headers(scope.get("headers", []), body_length=len(body))
    await django_application({**scope, "headers": headers}, receive_again, send)


def clean_headers(headers, body_length):
    """The headers with a short Content-Type and Accept, and always with a Content-Length."""
    values = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    for name in CLEANERS.keys() & values.keys():
        joined = b",".join(values[name]).decode("latin-1")
        values[name] = [CLEANERS[name](joined).encode("latin-1")]
    is_decoded = values.get(b"transfer-encoding", [b"chunked"]) == [b"chunked"]
    if is_decoded and b"content-length" not in values:
        values.pop(b"transfer-encoding", None)
        values[b"content-length"] = [str(body_length).encode()]
    return [(name, value) for name, of_name in values.items() for value in of_name]
