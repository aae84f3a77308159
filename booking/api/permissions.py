from rest_framework.permissions import BasePermission


class IsOwner(BasePermission):
    """People see and change their own bookings only."""

    message = "This booking is somebody else's."
    code = "not_yours"

    def has_object_permission(self, request, view, booking):
        return booking.user_id == request.user.pk
