from rest_framework.permissions import AllowAny, BasePermission

from ..roles import ADMIT


class PublicMixin:
    """View mixin for endpoints that need no login. Tokens are ignored, even expired ones."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def finalize_response(self, request, response, *args, **kwargs):
        """Set `Cache-Control: no-cache`, unless the view has set another value."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if request.method == "GET" and response.status_code == 200:
            response.headers.setdefault("Cache-Control", "no-cache")
        return response

    def get_authenticate_header(self, request):
        """WWW-Authenticate of a failed login. Without it, DRF responds with 403 instead of 401."""
        return 'Bearer realm="api"'


class IsOwner(BasePermission):
    """Users can see and change only their own bookings and reservations."""

    message = "You do not have access to this booking."
    code = "not_yours"

    def has_object_permission(self, request, view, obj):
        return obj.user_id == request.user.pk


class MayAdmit(BasePermission):
    """Staff who check tickets in: the role Door and above."""

    def has_permission(self, request, view):
        return request.user.is_staff and request.user.has_perm(ADMIT)
