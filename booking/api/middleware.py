"""What happens to a request before Django looks for its view."""

from django.core.exceptions import DisallowedHost
from django.utils.log import log_response

from .errors import bad_request


class ApiMiddleware:
    """Mends and checks what comes to an address under /api/.

    `/api/login` is `/api/login/`, for every method: Django would redirect, and clients follow a
    redirected POST as a GET; in development it answers 500. A host that is not ours is refused
    as JSON; in development, Django answers with a page.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        path = request.path_info
        if path == "/api" or path.startswith("/api/"):
            if not path.endswith("/"):
                request.path_info += "/"
                request.path += "/"
            try:
                request.get_host()
            except DisallowedHost as error:
                response = bad_request(request, error)
                log_response(str(error), request=request, response=response)
                return response
        return self.get_response(request)
