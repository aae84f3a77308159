"""All middleware of the project, in the order of settings.MIDDLEWARE."""

import re
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import DisallowedHost
from django.middleware.common import CommonMiddleware
from django.utils.log import log_response

from .api import API_PREFIX
from .api.errors import BadRequest, BodyTooLarge, HttpsRequired, bad_request, plain_response
from .logging import current_client_ip, current_request_id, sanitize, security_log

VALID_REQUEST_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
DIGITS = re.compile(r"[0-9]+")

# Everything is loaded from our own origin, and no other site may frame our pages. Swagger UI, ReDoc
# and the admin need inline styles, data: images and (ReDoc) a worker from a blob:.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class RequestContextMiddleware:
    """Request ID and client IP, for the response and for logs; security log of 403s and the admin.

    The request ID is the client's X-Request-ID if it is valid, otherwise a new one. Every 403 of a
    logged-in user and every POST in the admin is written to the security log.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request_id = request.headers.get("X-Request-ID", "")
        if not VALID_REQUEST_ID.fullmatch(request_id):
            request_id = uuid4().hex
        id_token = current_request_id.set(request_id)
        request.client_ip = get_client_ip(request)
        ip_token = current_client_ip.set(request.client_ip)
        try:
            response = self.get_response(request)
            if response.status_code == 403:
                self.log_event("refused", request, response)
            elif request.method == "POST" and request.path_info.startswith("/admin/"):
                self.log_event("staff_request", request, response)
        finally:
            current_request_id.reset(id_token)
            current_client_ip.reset(ip_token)
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


class ContentSecurityPolicyMiddleware:
    """Set the Content-Security-Policy header on every response that has none."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class ApiMiddleware:
    """Trailing slash, host, HTTPS and body size of API requests; default headers of responses.

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
        if not path.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        response = self.check(request) or self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if not response.streaming and response.status_code not in (204, 304):
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    def check(self, request):
        """An error response, or None if the request is accepted."""
        try:
            request.get_host()
        except DisallowedHost as error:
            response = bad_request(request, error)
            log_response(str(error), request=request, response=response)
            return response
        if settings.HTTPS and not request.is_secure():
            return plain_response(HttpsRequired())
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not DIGITS.fullmatch(length):
            return plain_response(BadRequest())
        if len(length) > 18 or int(length) > settings.MAX_BODY_BYTES:
            return plain_response(BodyTooLarge())
        return None


class PageMiddleware(SessionMiddleware, AuthenticationMiddleware, MessageMiddleware):
    """Django's session, common, authentication and message middleware, skipped by API requests.

    The API needs none of them, and together they cost as much as all other middleware. The base
    classes are for Django's system checks, which look for them in settings.MIDDLEWARE.
    """

    def __init__(self, get_response):
        super().__init__(get_response)
        handler = get_response
        for middleware in (
            MessageMiddleware,
            AuthenticationMiddleware,
            CommonMiddleware,
            SessionMiddleware,
        ):
            handler = middleware(handler)
        self.page_handler = handler

    def __call__(self, request):
        if request.path_info.startswith(API_PREFIX):
            return self.get_response(request)
        return self.page_handler(request)
