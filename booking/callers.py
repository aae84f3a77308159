"""Who asks: the name of the request and the address it came from, for answers, throttles and the
log."""

import logging
import re
from contextvars import ContextVar
from ipaddress import ip_address, ip_network
from uuid import uuid4

from django.conf import settings

REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
request_id = ContextVar("request_id", default="-")
address = ContextVar("address", default="-")

security = logging.getLogger("booking.security")


def address_of(request):
    """What a client writes into X-Forwarded-For is not believed: only what as many proxies have
    added as the setting NUM_PROXIES says there are."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if settings.NUM_PROXIES and forwarded != [""]:
        return forwarded[-min(settings.NUM_PROXIES, len(forwarded))].strip()
    return request.META.get("REMOTE_ADDR", "")


def network_of(request):
    """Its address; of IPv6 the network, as whoever has one address has 2⁶⁴ of them."""
    text = address_of(request)
    if with_port := re.fullmatch(r"\[(.*)\]:\d+|([^:]*):\d+", text):  # as some proxies write
        text = with_port[1] or with_port[2]
    try:
        found = ip_address(text)
    except ValueError:
        return "unknown"
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


class CallerMiddleware:
    """Every request has a name, the client's or a new one, that is in the answer and in the log.
    Who was refused for who they are is noted there, too, and what staff do."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        name = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        tokens = request_id.set(name), address.set(_in_a_log(address_of(request)))
        try:
            response = self.get_response(request)
            self._note(request, response)
        finally:
            request_id.reset(tokens[0])
            address.reset(tokens[1])
        response["X-Request-ID"] = name
        return response

    def _note(self, request, response):
        user = getattr(request, "user", None)
        if not (user and user.pk):
            return
        if response.status_code == 403:
            event = "refused"
        elif request.method == "POST" and request.path.startswith("/admin/"):
            event = "staff_request"
        else:
            return
        security.info(
            "event=%s user=%s method=%s path=%s status=%s",
            event,
            user.pk,
            request.method,
            _in_a_log(request.path),
            response.status_code,
        )


def _in_a_log(text):
    """On one line, and not endless."""
    return re.sub(r"[^!-~]", "?", text)[:200] or "-"


class CallerFilter:
    """For the log's lines."""

    def filter(self, record):
        record.request_id = request_id.get()
        record.address = address.get()
        return True
