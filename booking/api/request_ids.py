"""The name of a request, by which its answer and its lines in the log can be found."""

import re
from contextvars import ContextVar
from uuid import uuid4

REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
request_id = ContextVar("request_id", default="-")


class RequestIdMiddleware:
    """Every request has a name, the client's or a new one, that is in the answer and in the log."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        name = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        token = request_id.set(name)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = name
        return response


class RequestIdFilter:
    """For the log."""

    def filter(self, record):
        record.request_id = request_id.get()
        return True
