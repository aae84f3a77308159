from rest_framework.permissions import AllowAny, BasePermission


class PublicMixin:
    """For everybody; a token is not even looked at, so an expired one does no harm."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def finalize_response(self, request, response, *args, **kwargs):
        """To be asked for anew each time, unless it says how long it is good."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method == "GET" and response.status_code == 200:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response

    def get_authenticate_header(self, request):
        """For the 401 of whoever cannot log in, which DRF would turn into 403 without."""
        return 'Bearer realm="api"'


class IsOwner(BasePermission):
    """People see and change their own bookings and reservations only."""

    message = "You do not have access to this booking."
    code = "not_yours"

    def has_object_permission(self, request, view, obj):
        return obj.user_id == request.user.pk
