"""What pages need and the API does not: sessions, who is logged in by them, messages. A request to
the API passes Django's middleware for that by, which costs as much as all others together.

Of CommonMiddleware, the API's own (api/middleware.py) does what there is to do: addresses without
their last slash, the Content-Length.
"""

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.middleware import common


def is_page(request):
    return not request.path_info.startswith("/api/")


def for_pages(middleware):
    class ForPages(middleware):
        def __call__(self, request):
            if is_page(request):
                return super().__call__(request)
            return self.get_response(request)

    return ForPages


AuthenticationMiddleware = for_pages(auth.AuthenticationMiddleware)
CommonMiddleware = for_pages(common.CommonMiddleware)
MessageMiddleware = for_pages(messages.MessageMiddleware)
SessionMiddleware = for_pages(sessions.SessionMiddleware)
