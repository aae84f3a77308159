"""Signed tokens (JWT): their keys, their claims, and the user of a token."""

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, QuerySet
from jwt import InvalidAlgorithmError, InvalidSignatureError
from rest_framework_simplejwt import backends, tokens
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.utils import get_md5_hash_password

from .db.compiled import compiled
from .exceptions import CustomerNotFound, PasswordChanged, TokenNotValid, UserInactive
from .logging import security_log
from .models import Session

SESSION_CLAIM = "sid"  # primary key of the session
MAX_USER_ID = 2**31 - 1  # auth_user.id is an integer; PostgreSQL refuses larger parameters
MAX_SESSION_ID = 2**63 - 1


class TokenBackend(backends.TokenBackend):
    """Signs with the first of JWT_SIGNING_KEYS, accepts all of them, and logs forged tokens."""

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        try:
            return super().decode(token, verify)
        except TokenBackendError as error:
            return self._decode_with_older_keys(token, error)

    def _decode_with_older_keys(self, token: Any, error: TokenBackendError) -> dict[str, Any]:
        for key in settings.JWT_SIGNING_KEYS[1:]:
            if not isinstance(error.__cause__, InvalidSignatureError):
                break
            backend = backends.TokenBackend(self.algorithm, key, leeway=self.leeway)
            try:
                return backend.decode(token)
            except TokenBackendError as another:
                error = another
        if isinstance(error.__cause__, (InvalidSignatureError, InvalidAlgorithmError)):
            security_log.info("event=token_forged")
        raise error


class CachingTokenBackend(TokenBackend):
    """Verifies the signature of a token once in a process: a tenth of the time of a booking.

    Whatever can change later is still checked in each request: `exp`, by simplejwt, and the user
    and the session, by `load_user`. Errors are not cached. `FAST_PATHS=off` does without it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cached = lru_cache(maxsize=5_000)(self._decode_read_only)  # about 1 KB each
        self.decode = cached  # type: ignore[method-assign]

    def _decode_read_only(self, token: Any, verify: bool = True) -> Mapping[str, Any]:
        return MappingProxyType(super().decode(token, verify))


def make_backend(
    kind: type[TokenBackend] = TokenBackend, leeway: timedelta = api_settings.LEEWAY
) -> TokenBackend:
    return kind(api_settings.ALGORITHM, api_settings.SIGNING_KEY, leeway=leeway)


class AccessToken(tokens.AccessToken):
    token_backend = make_backend(CachingTokenBackend if settings.FAST_PATHS else TokenBackend)


class RefreshToken(tokens.RefreshToken):
    token_backend = make_backend()
    access_token_class = AccessToken

    @property
    def access_token(self) -> AccessToken:
        """An access token that expires before the refresh token does, or with it."""
        access = super().access_token
        access["exp"] = min(access["exp"], self["exp"])
        return access


class LogoutToken(RefreshToken):
    """A refresh token that may have expired: it is good enough for ending its session."""

    token_backend = make_backend(leeway=timedelta(days=100 * 365))


def load_user(token: tokens.Token) -> User:
    """The user of a genuine token, by one query.

    Raises TokenNotValid if the token names no valid user ID or a session that has ended,
    CustomerNotFound, UserInactive, or PasswordChanged if the password is not the one that the token
    was issued for.
    """
    claim = token.get(api_settings.USER_ID_CLAIM)
    if not isinstance(claim, str) or not claim.isascii() or not claim.isdigit() or len(claim) > 10:
        raise TokenNotValid
    session_id = token.get(SESSION_CLAIM, 0)  # none: issued before tokens had the claim
    if type(session_id) is not int or not 0 <= session_id <= MAX_SESSION_ID:
        raise TokenNotValid
    if int(claim) > MAX_USER_ID:
        raise TokenNotValid
    users = users_by_id(int(claim), session_id)
    if not users:
        raise CustomerNotFound
    [user] = users
    if not user.is_active:
        raise UserInactive
    if token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise PasswordChanged
    if SESSION_CLAIM in token and not user.has_session:
        raise TokenNotValid
    return user


@compiled
def users_by_id(user_id: int, session_id: int) -> QuerySet[User]:
    """At most one user; `has_session` is whether the session is still open, and the user's."""
    sessions = Session.objects.filter(pk=session_id, user=OuterRef("pk"))
    return User.objects.filter(pk=user_id).annotate(has_session=Exists(sessions))
