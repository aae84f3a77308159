"""Whether an operation needs a login, or is for staff only."""

from rest_framework.permissions import AllowAny, IsAuthenticated

from ..permissions import IsOwner

CUSTOMER_PERMISSIONS = {AllowAny, IsAuthenticated, IsOwner}


def is_for_staff(view):
    """True if the view has any permission that is not known to be for customers."""
    return any(type(each) not in CUSTOMER_PERMISSIONS for each in view.get_permissions())


def requires_login(view):
    return any(type(each) is not AllowAny for each in view.get_permissions())
