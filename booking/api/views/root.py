from django.conf import settings
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from ..permissions import PublicMixin

LINKS = {  # name in the response: URL name
    "signup": "signup",
    "login": "login",
    "token_refresh": "token_refresh",
    "logout": "logout",
    "me": "me",
    "my_sessions": "my_sessions",
    "movies": "movies_list",
    "shows": "shows_list",
    "my_bookings": "my_bookings",
    "my_reservations": "my_reservations",
    "documentation": "swagger-ui",
}


class RootView(PublicMixin, APIView):
    def get(self, request):
        links = {key: reverse(name) for key, name in LINKS.items()}
        return Response({**links, "time_zone": settings.TIME_ZONE})


class UnknownEndpointView(PublicMixin, APIView):
    """404 as JSON for any other URL under /api/."""

    schema = None

    def initial(self, request, *args, **kwargs):
        raise NotFound("No such endpoint.")
