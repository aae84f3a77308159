"""Every change to a user account, except by staff in the admin."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from rest_framework_simplejwt.tokens import RefreshToken

from . import box_office, tokens
from .db.errors import violates_unique
from .exceptions import CustomerNotFound, NoActiveAccount, UsernameTaken, WrongPassword
from .logging import hash_account, security_log


class CaseInsensitiveBackend(ModelBackend):
    """Log in regardless of the username's case: phones capitalize the first letter.

    It is unambiguous because usernames are unique regardless of case (migration 0004).
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> Any:
        users = _users_by_name(username or "")
        stored = users.values_list("username", flat=True).first()
        return super().authenticate(request, stored or username, password, **credentials)


def _users_by_name(username: str) -> QuerySet[User]:
    """At most one user, regardless of case."""
    return User.objects.annotate(lower=Lower("username")).filter(lower=username.lower())


def sign_up(*, username: str, password: str, email: str = "") -> User:
    """Create a user; the username must be normalized. Raises UsernameTaken."""
    if _users_by_name(username).exists():  # before the slow hash
        raise UsernameTaken
    user = User(username=username, email=email)
    user.set_password(password)  # slow, therefore outside of the transaction
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        names = ("username", "one_account_per_name")  # the latter regardless of case
        if any(violates_unique(error, User, name) for name in names):
            raise UsernameTaken from None
        raise
    security_log.info("event=signed_up user=%s", user.pk)
    return user


def log_in(*, username: str, password: str) -> RefreshToken:
    """The refresh token of a new session.

    Raises NoActiveAccount for a wrong password, an unknown username and an inactive account alike,
    and after the same time.
    """
    user = authenticate(username=username, password=password)
    if user is None:
        security_log.info("event=login_failed account=%s", hash_account(username=username))
        raise NoActiveAccount
    security_log.info(
        "event=logged_in user=%s account=%s", user.pk, hash_account(username=username)
    )
    return tokens.open_session(user=user)


def update(*, user: User, **fields: str) -> User:
    """Change fields of the user. Raises CustomerNotFound if the account has just been erased."""
    active = User.objects.filter(pk=user.pk, is_active=True)
    if fields and not active.update(**fields):
        raise CustomerNotFound
    for name, value in fields.items():
        setattr(user, name, value)
    return user


def change_password(*, user: User, old_password: str, new_password: str) -> RefreshToken:
    """Close every session and return the refresh token of a new one. Raises WrongPassword."""
    _check_password(user, old_password)
    old_hash = user.password
    user.set_password(new_password)
    unchanged = User.objects.filter(pk=user.pk, is_active=True, password=old_hash)
    with transaction.atomic():
        if not unchanged.update(password=user.password):  # another request has changed it
            raise WrongPassword
        tokens.close_all_sessions(user=user)
        token = tokens.open_session(user=user)
    security_log.info("event=password_changed user=%s", user.pk)
    return token


def erase(*, user: User, password: str) -> None:
    """Erase the personal data of the account. Raises WrongPassword.

    Bookings of future shows are cancelled. Past bookings stay, with an anonymous user row.
    """
    _check_password(user, password)
    _anonymize(user)
    # A request that was already selling when the account was anonymized may have booked since.
    # From now on the box office refuses the inactive user.
    box_office.cancel_all(user=user)
    security_log.info("event=account_erased user=%s", user.pk)


@box_office.retry_transaction
def _anonymize(user: User) -> None:
    with transaction.atomic():
        box_office.cancel_all(user=user)
        tokens.close_all_sessions(user=user)
        user.username = f"erased-{get_random_string(20)}"
        user.email = user.first_name = user.last_name = ""
        user.last_login = None
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        user.user_permissions.clear()


def _check_password(user: User, password: str) -> None:
    if not user.check_password(password):
        security_log.info("event=password_wrong user=%s", user.pk)
        raise WrongPassword
