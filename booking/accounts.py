"""The people who book: Django's own users."""

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from .exceptions import UsernameTaken


def sign_up(*, username, password, email=""):
    """A new customer, by a normalised name. Raises UsernameTaken, also when two ask for one name
    at the same moment."""
    user = get_user_model()(username=username, email=email)
    user.set_password(password)  # takes its time, so not while others wait for the transaction
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:
        raise UsernameTaken from None
    return user
