"""Request bodies whose length is not known before they are read.

They are sent with `Transfer-Encoding: chunked`, or over HTTP/2 without a Content-Length. Django
would take them for empty. Here they are read, up to the limit, and given a Content-Length. Whatever
cannot be read is left as it is, and booking/middleware.py refuses it.
"""

from io import BytesIO

from django.conf import settings


def has_unknown_length(environ):
    """True if there is a body of unknown length, or in HTTP/2 perhaps none."""
    if environ.get("CONTENT_LENGTH"):
        return False
    protocol = environ.get("SERVER_PROTOCOL", "HTTP/1.1")
    return "HTTP_TRANSFER_ENCODING" in environ or not protocol.startswith("HTTP/1.")


def read_wsgi_body(environ):
    """Read a body of unknown length, if the server decodes chunks and ends the input after them."""
    coding = environ.get("HTTP_TRANSFER_ENCODING", "chunked").strip().lower()
    if not has_unknown_length(environ) or coding != "chunked":
        return
    if not environ.get("wsgi.input_terminated"):
        return
    stream = environ["wsgi.input"]
    missing = settings.MAX_BODY_BYTES + 1  # one more, so that a longer body is refused
    chunks = []
    while missing and (chunk := stream.read(missing)):
        chunks.append(chunk)
        missing -= len(chunk)
    body = b"".join(chunks)
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


async def read_asgi_body(receive):
    """The body, or its beginning if it is longer than the limit; None if the client has gone.

    Django would write a body of any length to a file before the first middleware is called.
    """
    body, more = b"", True
    while more and len(body) <= settings.MAX_BODY_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body[: settings.MAX_BODY_BYTES + 1]
