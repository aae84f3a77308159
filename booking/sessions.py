"""Who is logged in. A session is a row: login opens it, a refresh token is good as long as the row
names it, and each refresh lets it name the next one.

So of two refreshes with one token at the same moment exactly one finds its row; a token that was
used, logged out of or stolen and used is dead at once; and the table holds no token, only
the id of each, which is worth nothing without a signature.
"""

from django.contrib.auth import get_user_model
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import BlacklistMixin, RefreshToken
from rest_framework_simplejwt.utils import datetime_from_epoch, get_md5_hash_password

from .exceptions import TokenNotValid


class SessionToken(RefreshToken):
    """simplejwt's refresh token, without its table of tokens in clear."""

    @classmethod
    def for_user(cls, user):
        return super(BlacklistMixin, cls).for_user(user)

    def check_blacklist(self):
        """Nothing is listed: a token that is not good any more has no session."""

    @property
    def expires_at(self):
        return datetime_from_epoch(self["exp"])


def open_session(user):
    """The refresh token of a new session, which has an `access_token`, too."""
    token = SessionToken.for_user(user)
    OutstandingToken.objects.create(
        user=user,
        jti=token["jti"],
        token="",
        created_at=token.current_time,
        expires_at=token.expires_at,
    )
    return token


def continue_session(refresh):
    """The next refresh token of the session. Raises TokenNotValid if this one is not good, or the
    user is gone, deactivated, or has another password since."""
    old = _read(refresh)
    user = get_user_model().objects.filter(pk=_user_id(old)).first()
    if user is None or not user.is_active or not _knows_password(old, user.password):
        raise TokenNotValid
    new = SessionToken.for_user(user)
    session = OutstandingToken.objects.filter(jti=old["jti"])
    if not session.update(jti=new["jti"], expires_at=new.expires_at):
        raise TokenNotValid
    return new


def close_session(refresh):
    """Raises TokenNotValid if it is no refresh token. To close a session twice does no harm."""
    OutstandingToken.objects.filter(jti=_read(refresh)["jti"]).delete()


def close_all_sessions(user):
    OutstandingToken.objects.filter(user=user).delete()


class Bearer:
    """The user whom a genuine access token names, if the account is still as it was then. That it
    is need not be asked by a statement of its own: whoever is about to do something for a bearer
    reads the account's password with the rest, and asks `may_act`.

    Raises TokenNotValid if the token names nobody.
    """

    is_authenticated = True

    def __init__(self, token):
        self.pk = _user_id(token)
        self.token = token

    def may_act(self, password):
        """Given the password of the account, which is there and active."""
        return _knows_password(self.token, password)


def _read(refresh):
    try:
        token = SessionToken(refresh)
        token[api_settings.USER_ID_CLAIM], token["jti"]
    except (TokenError, KeyError):
        raise TokenNotValid from None
    return token


def _user_id(token):
    claim = token.get(api_settings.USER_ID_CLAIM)
    if isinstance(claim, str) and claim.isascii() and claim.isdigit() and len(claim) < 19:
        return int(claim)
    raise TokenNotValid


def _knows_password(token, password):
    return token.get(api_settings.REVOKE_TOKEN_CLAIM) == get_md5_hash_password(password)
