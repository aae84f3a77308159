"""Requests straight to the WSGI and ASGI applications, which Django's test client bypasses."""

import json
from io import BytesIO

from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.signals import request_started
from django.db import close_old_connections
from django.test import RequestFactory

from movie_booking import asgi, wsgi

HTTP2 = {"SERVER_PROTOCOL": "HTTP/2", "wsgi.input_terminated": True}
CHUNKED = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}


class Input(BytesIO):
    """wsgi.input that returns a few bytes at a time, as a server does; counts them."""

    count = 0

    def read(self, size=-1):
        read = super().read(min(size, 7_000) if size >= 0 else 7_000)
        self.count += len(read)
        return read


class Reply:
    def __init__(self, status, headers, content):
        self.status = status
        self.headers = {name.lower(): value for name, value in headers}
        self.content = content

    def json(self):
        return json.loads(self.content)


def ask_wsgi(method, path, body=b"", *, content_type="application/json", **environ):
    """A Reply. Without a CONTENT_LENGTH in `environ` the request has none."""
    stream = body if isinstance(body, Input) else Input(body)
    more = {"CONTENT_TYPE": content_type, "wsgi.input": stream, **environ}
    complete = {**RequestFactory().generic(method, path).environ, **more}
    started = []
    request_started.disconnect(close_old_connections)  # as Django's test client does
    try:
        content = b"".join(wsgi.application(complete, lambda *args: started.append(args)))
    finally:
        request_started.connect(close_old_connections)
    status, headers = started[0]
    return Reply(int(status[:3]), headers, content)


def ask_asgi(method, path, bodies, **headers):
    """A Reply to a request whose body is sent in parts."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"host": "testserver", "content-type": "application/json", **named}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [
            (name.encode(), each.encode())
            for name, value in named.items()
            for each in (value if isinstance(value, list) else [value])
        ],
    }

    async def ask():
        communicator = ApplicationCommunicator(asgi.application, scope)
        for number, body in enumerate(bodies, start=1):
            more = number < len(bodies)
            message = {"type": "http.request", "body": body, "more_body": more}
            await communicator.send_input(message)
        start = await communicator.receive_output(timeout=60)
        content = await communicator.receive_output(timeout=60)
        await communicator.wait()
        decoded = [(name.decode(), value.decode()) for name, value in start["headers"]]
        return Reply(start["status"], decoded, content["body"])

    return async_to_sync(ask)()
