"""What happens to a request before Django looks for its view."""


class TrailingSlashMiddleware:
    """`/api/login` is `/api/login/`, for every method.

    Django would redirect, and clients follow a redirected POST as a GET; in development it
    answers 500.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        path = request.path_info
        if (path == "/api" or path.startswith("/api/")) and not path.endswith("/"):
            request.path_info += "/"
            request.path += "/"
        return self.get_response(request)
