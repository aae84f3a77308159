"""JWT sessions: open, continue (refresh) and close.

A session is a row with the ID of its current refresh token. Each refresh replaces that ID, so a
refresh token works once: of two simultaneous refreshes with one token exactly one succeeds, and a
token that was used, logged out or stolen and used is invalid at once.
"""

from django.contrib.auth.models import User
from django.db.models import QuerySet
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken, Token
from rest_framework_simplejwt.utils import datetime_from_epoch, get_md5_hash_password

from .db.compiled import compiled
from .exceptions import (
    CustomerNotFound,
    PasswordChanged,
    Refusal,
    TokenNotValid,
    UserInactive,
)
from .models import Session

MAX_USER_ID = 2**31 - 1  # auth_user.id is an integer; PostgreSQL refuses larger parameters


def open_session(*, user: User) -> RefreshToken:
    """The refresh token of a new session; its `access_token` is the access token."""
    token = RefreshToken.for_user(user)
    Session.objects.create(
        user=user,
        token_id=token["jti"],
        created_at=token.current_time,
        expires_at=datetime_from_epoch(token["exp"]),
    )
    return token


def continue_session(*, refresh: str) -> RefreshToken:
    """Replace the session's refresh token and return the new one.

    Raises TokenNotValid if the token is invalid, expired or already used, or if the user is gone,
    inactive, or has changed the password since login.
    """
    old = _decode(refresh)
    try:
        user = load_user(old)
    except Refusal:
        raise TokenNotValid from None
    new = RefreshToken.for_user(user)
    updated = Session.objects.filter(token_id=old["jti"]).update(
        token_id=new["jti"], expires_at=datetime_from_epoch(new["exp"])
    )
    if not updated:
        raise TokenNotValid
    return new


def close_session(*, refresh: str) -> None:
    """Close the session, if it is still open. Raises TokenNotValid for an invalid token."""
    Session.objects.filter(token_id=_decode(refresh)["jti"]).delete()


def close_all_sessions(*, user: User) -> None:
    Session.objects.filter(user=user).delete()


def load_user(token: Token) -> User:
    """The user of a genuine token, by one query.

    Raises TokenNotValid if the token names no valid user ID, CustomerNotFound, UserInactive, or
    PasswordChanged if the password is not the one that the token was issued for.
    """
    claim = token.get(api_settings.USER_ID_CLAIM)
    if not isinstance(claim, str) or not claim.isascii() or not claim.isdigit() or len(claim) > 10:
        raise TokenNotValid
    if int(claim) > MAX_USER_ID:
        raise TokenNotValid
    users = users_by_id(int(claim))
    if not users:
        raise CustomerNotFound
    [user] = users
    if not user.is_active:
        raise UserInactive
    if token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise PasswordChanged
    return user


@compiled
def users_by_id(user_id: int) -> QuerySet[User]:
    """At most one user."""
    return User.objects.filter(pk=user_id)


def _decode(refresh: str) -> RefreshToken:
    try:
        return RefreshToken(refresh)  # type: ignore[arg-type]  # its annotation says Token
    except TokenError:
        raise TokenNotValid from None
