"""All middleware of the project, in the order of settings.MIDDLEWARE."""

import re
from time import perf_counter
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.middleware.common import CommonMiddleware
from django.utils.log import log_response
from django_otp.middleware import OTPMiddleware
from rest_framework.exceptions import APIException, MethodNotAllowed

from movie_booking.request_body import has_unknown_length

from .api import API_PREFIX
from .api.errors import (
    BadRequest,
    BodyTooLarge,
    HttpsRequired,
    LengthRequired,
    UnsupportedContentEncoding,
    bad_request,
    plain_response,
    text_response,
)
from .logging import (
    current_client_ip,
    current_request_id,
    current_traceparent,
    log_access,
    sanitize,
    security_log,
)
from .metrics import request_metrics
from .metrics_page import metrics_page
from .probes import health, readiness

VALID_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
DIGITS = re.compile(r"[0-9]+")
WITHOUT_SLASH = ("/", ".pdf", ".png", ".svg", ".ics")  # of files there is no other address
EXTENDED_PARAMETER = re.compile(rb';\s*[^\s;="]*\*')

# Everything is loaded from our own origin, and no other site may frame our pages. Swagger UI, ReDoc
# and the admin need inline styles, data: images and (ReDoc) a worker from a blob:; Swagger UI shows
# the pictures of tickets that it has fetched as blob:.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


PROBES = {"/healthz": health, "/readyz": readiness, "/metrics": metrics_page}


def probe_response(probe, request):
    """Response of a probe or /metrics, before the host, HTTPS and everything else is checked."""
    if request.method not in ("GET", "HEAD"):
        response = plain_response(MethodNotAllowed(request.method))
        response["Allow"] = "GET, HEAD"
    else:
        response = probe(request)
    response["Cache-Control"] = "no-store"
    response["Content-Length"] = str(len(response.content))
    if request.method == "HEAD":
        response.content = b""
    response._has_been_logged = True  # or Django logs each 503, and the probe says more
    return response


class RequestContextMiddleware:
    """Probes; request ID and client IP, for the response and logs; metrics; security log.

    The request ID is the client's X-Request-ID if it is valid, otherwise a new one. Every 403 of a
    logged-in user and every POST in the admin is written to the security log.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if probe := PROBES.get(request.path_info):
            return probe_response(probe, request)
        request_id = request.headers.get("X-Request-ID", "")
        if not VALID_REQUEST_ID.fullmatch(request_id):
            request_id = uuid4().hex
        id_token = current_request_id.set(request_id)
        request.client_ip = get_client_ip(request)
        ip_token = current_client_ip.set(request.client_ip)
        trace_token = current_traceparent.set(request.META.get("HTTP_TRACEPARENT", ""))
        started = perf_counter()
        try:
            response = self.get_response(request)
            # The route is the name of a URL pattern, so that no client can invent labels.
            route = request.resolver_match.view_name if request.resolver_match else "unknown"
            count, observe = request_metrics(route, request.method, response.status_code)
            count()
            observe(seconds := perf_counter() - started)
            is_slow = 0 < settings.SLOW_REQUEST_MS <= seconds * 1000
            if is_slow or settings.ACCESS_LOG:
                log_access(request, response.status_code, seconds, is_slow=is_slow)
            if response.status_code == 403:
                self.log_event("refused", request, response)
            elif request.method == "POST" and request.path_info.startswith("/admin/"):
                self.log_event("staff_request", request, response)
        finally:
            current_request_id.reset(id_token)
            current_client_ip.reset(ip_token)
            current_traceparent.reset(trace_token)
        response["X-Request-ID"] = request_id
        return response

    def log_event(self, event, request, response):
        user = getattr(request, "user", None)
        if user and user.pk:
            security_log.info(
                "event=%s user=%s method=%s path=%s status=%s",
                event,
                user.pk,
                request.method,
                sanitize(request.path),
                response.status_code,
            )


def get_client_ip(request) -> str:
    """The client's IP address as text, not validated.

    Of CLIENT_IP_HEADER only the last NUM_PROXIES entries are trusted, which our own proxies add.
    """
    if settings.NUM_PROXIES and (value := request.headers.get(settings.CLIENT_IP_HEADER)):
        hops = value.split(",")
        return hops[-min(settings.NUM_PROXIES, len(hops))].strip()
    return request.META.get("REMOTE_ADDR", "")


class ResponseHeadersMiddleware:
    """Content-Security-Policy of every response; no Content-Length of 204, 304 and 411.

    With `Content-Length: 0`, which Django's middleware sets, caches take a 304 for an empty page.
    After a 411 without a length `runserver` closes the connection: otherwise it would take the
    unread body for the next request.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        if response.status_code in (204, 304, 411):
            del response["Content-Length"]  # if there is one
        return response


class ApiMiddleware:
    """Trailing slash, host, HTTPS and body of API requests; default headers of responses.

    Errors are JSON. A missing trailing slash is added, not redirected to: clients repeat a
    redirected POST as a GET. Plain HTTP is refused, not redirected, because the token has already
    been sent in clear. Responses are not cached unless the view sets Cache-Control.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        path = request.path_info
        if not path.startswith(API_PREFIX) and path + "/" != API_PREFIX:
            return self.get_response(request)
        if not path.endswith(WITHOUT_SLASH):
            request.path_info += "/"
            request.path += "/"
        try:
            request.get_host()
            if settings.HTTPS and not request.is_secure():
                raise HttpsRequired
            check_body(request)
        except DisallowedHost as error:
            response = bad_request(request, error)
            log_response(str(error), request=request, response=response)
        except APIException as error:
            response = plain_response(error)
        else:
            response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


def check_body(request):
    """Raise an APIException for a body that is too large, compressed, or cannot be read safely."""
    length = request.META.get("CONTENT_LENGTH")
    if not length:
        if has_unknown_length(request.META):
            raise LengthRequired
        return
    if not DIGITS.fullmatch(length) or "HTTP_TRANSFER_ENCODING" in request.META:
        raise BadRequest
    if len(length) > 18 or int(length) > settings.MAX_BODY_BYTES:
        raise BodyTooLarge
    if length == "0" or request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() != "identity":
        raise UnsupportedContentEncoding
    if request.content_type.startswith("multipart/"):
        check_part_headers(request)


def check_part_headers(request):
    """Refuse parameters such as `name*=hex''…`, which forms must not have (RFC 7578, 4.2).

    Django passes them to Python's `email` package; see movie_booking/content_type.py.
    """
    boundary = request.content_params.get("boundary", "").encode()
    for part in request.body.split(b"--" + boundary)[1:]:
        if EXTENDED_PARAMETER.search(part.partition(b"\r\n\r\n")[0]):
            raise BadRequest


class PageMiddleware(SessionMiddleware, AuthenticationMiddleware, MessageMiddleware):
    """Body of page requests; session, common, authentication, second factor and messages.

    API requests skip it: they need none of the latter, and together they cost as much as all other
    middleware. The base classes are for Django's system checks, which look for them in
    settings.MIDDLEWARE.
    """

    async_capable = False  # unlike the base classes

    def __init__(self, get_response):
        super().__init__(get_response)
        handler = get_response
        for middleware in (
            MessageMiddleware,
            OTPMiddleware,
            AuthenticationMiddleware,
            CommonMiddleware,
            SessionMiddleware,
        ):
            handler = middleware(handler)
        self.page_handler = handler

    def __call__(self, request):
        if request.path_info.startswith(API_PREFIX):
            return self.get_response(request)
        try:
            check_body(request)
        except APIException as error:
            return text_response(error)
        return self.page_handler(request)
