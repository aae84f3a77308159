"""The people who book: Django's own users."""

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from .exceptions import UsernameTaken


def sign_up(*, username, password, email=""):
    """A new customer. Raises UsernameTaken, also when two ask for one name at the same moment."""
    users = get_user_model().objects
    try:
        with transaction.atomic():
            return users.create_user(username=username, password=password, email=email)
    except IntegrityError:
        raise UsernameTaken from None
