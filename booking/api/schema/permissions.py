"""Whom an operation is for."""

from rest_framework.permissions import AllowAny, IsAuthenticated

from ..permissions import IsOwner

OF_THE_PUBLIC = {AllowAny, IsAuthenticated, IsOwner}


def is_for_staff(view):
    """Whatever is not known to be for the public."""
    return any(type(each) not in OF_THE_PUBLIC for each in view.get_permissions())


def is_personal(view):
    """Only for who has logged in."""
    return any(type(each) is not AllowAny for each in view.get_permissions())
