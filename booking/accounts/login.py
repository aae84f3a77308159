"""Logging in, by username or email address."""

from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework_simplejwt.tokens import RefreshToken

from movie_booking.hashers import AsTyped, password_forms

from .. import tokens
from ..exceptions import NoActiveAccount
from ..logging import hash_account, security_log
from ..tokens import UNKNOWN_CLIENT, Client
from .usernames import find_user


class CaseInsensitiveBackend(ModelBackend):
    """Log in by username or email address, regardless of case: phones capitalize the first letter.

    Usernames are unique regardless of case (migration 0004), and win over addresses. A hash of a
    password in another form than NFC is replaced by one in NFC.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> Any:
        if username is None or password is None:
            return None
        user = find_user(username)
        if user is None or not user.has_usable_password():
            for _ in password_forms(password):  # as many hashes as for a wrong password
                User().set_password(password)
            return None
        if not (user.check_password(password) and self.user_can_authenticate(user)):
            return None
        nfc, *others = password_forms(password)
        if others and not user.check_password(AsTyped(nfc)):
            user.set_password(nfc)
            user.save(update_fields=["password"])
        return user


def log_in(*, username: str, password: str, client: Client = UNKNOWN_CLIENT) -> RefreshToken:
    """The refresh token of a new session; the username may be the email address.

    Raises NoActiveAccount for a wrong password, an unknown username, an address of several accounts
    (unless one has verified it) and an inactive account alike, and after the same time.
    """
    user = authenticate(username=username, password=password)
    if user is None:
        security_log.info("event=login_failed account=%s", hash_account(username=username))
        raise NoActiveAccount
    security_log.info(
        "event=logged_in user=%s account=%s", user.pk, hash_account(username=username)
    )
    return tokens.open_session(user=user, client=client)
