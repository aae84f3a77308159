"""What happens to every request before Django looks for its view, and to every answer."""

import re

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.utils.log import log_response

from .errors import BadRequest, BodyTooLarge, HttpsRequired, bad_request, plain_response

DIGITS = re.compile(r"[0-9]+")

# Nothing comes from elsewhere, and nobody shows the pages inside of theirs. Swagger UI, ReDoc and
# the admin have styles in their pages, pictures in their styles, and a worker of their own making.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class ContentSecurityPolicyMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class ApiMiddleware:
    """Mends and checks what comes to an address under /api/.

    `/api/login` is `/api/login/`, for every method: Django would redirect, and clients follow a
    redirected POST as a GET; in development it answers 500. A host that is not ours is refused
    as JSON; in development, Django answers with a page. Where HTTPS is wanted, plain HTTP is
    refused: a client that was redirected would send its token in clear again, and its POST as a
    GET. No answer is kept by anybody unless it says that it may be, and each says its length.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        path = request.path_info
        if path != "/api" and not path.startswith("/api/"):
            return self.get_response(request)
        if not path.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        response = self._refusal(request) or self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        if not response.streaming and response.status_code not in (204, 304):
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    def _refusal(self, request):
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
        if len(length) > 18 or int(length) > settings.LARGEST_BODY:
            return plain_response(BodyTooLarge())
        return None
