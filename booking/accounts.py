"""The people who book: Django's own users, and every change to them but the staff's."""

import logging

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db import IntegrityError, transaction
from django.db.models.functions import Lower
from django.utils.crypto import get_random_string

from . import box_office
from .exceptions import CustomerNotFound, NoActiveAccount, UsernameTaken, WrongPassword
from .rates import pseudonym
from .sessions import close_all_sessions, open_session

security = logging.getLogger("booking.security")


class AnyCaseBackend(ModelBackend):
    """Names are unique without regard to case, so they are found without regard to it: phones like
    to begin them with a capital letter."""

    def authenticate(self, request, username=None, password=None, **credentials):
        named = get_user_model().objects.annotate(lower=Lower("username"))
        found = named.filter(lower=(username or "").lower()).values_list("username", flat=True)
        return super().authenticate(request, found.first() or username, password, **credentials)


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
    security.info("event=signed_up user=%s", user.pk)
    return user


def log_in(*, username, password):
    """The refresh token of a new session. Raises NoActiveAccount for a wrong password, an unknown
    name and a deactivated account alike, after the same time."""
    user = authenticate(username=username, password=password)
    if user is None:
        security.info("event=login_failed account=%s", pseudonym(username))
        raise NoActiveAccount
    security.info("event=logged_in user=%s account=%s", user.pk, pseudonym(username))
    return open_session(user)


def change(*, user, **values):
    """Raises CustomerNotFound if the account was erased meanwhile."""
    mine = get_user_model().objects.filter(pk=user.pk, is_active=True)
    if values and not mine.update(**values):
        raise CustomerNotFound
    for name, value in values.items():
        setattr(user, name, value)
    return user


def change_password(*, user, old_password, new_password):
    """Ends every session; the refresh token of a new one. Raises WrongPassword."""
    _check_password(user, old_password)
    known = user.password
    user.set_password(new_password)
    mine = get_user_model().objects.filter(pk=user.pk, is_active=True, password=known)
    with transaction.atomic():
        if not mine.update(password=user.password):  # another one was quicker
            raise WrongPassword
        close_all_sessions(user)
        session = open_session(user)
    security.info("event=password_changed user=%s", user.pk)
    return session


def erase(*, user, password):
    """Forget the person. What they booked for shows to come is cancelled; what is past stays, and
    so does a row that says no more than that it was one person. Raises WrongPassword."""
    _check_password(user, password)
    _forget(user)
    # What was being booked meanwhile. From now on the box office sells nothing to this account.
    box_office.cancel_all(user=user)
    security.info("event=account_erased user=%s", user.pk)


@box_office.retry_transaction
def _forget(user):
    with transaction.atomic():
        box_office.cancel_all(user=user)
        close_all_sessions(user)
        user.username = f"erased-{get_random_string(20)}"
        user.email = user.first_name = user.last_name = ""
        user.last_login = None
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        user.user_permissions.clear()


def _check_password(user, password):
    if not user.check_password(password):
        security.info("event=password_wrong user=%s", user.pk)
        raise WrongPassword
