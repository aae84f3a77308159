"""JWT sessions: open, continue (refresh) and close.

A session is a row with the ID of its current refresh token. Each refresh replaces that ID, so a
refresh token works once. Using it again ends the session, because it may have been stolen. The one
exception is the token just before the current one, for GRACE: its response may have been lost. It
gets the current one again, so a session never has two valid refresh tokens.

Access tokens carry the session's primary key and are refused once the row is gone.
"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.transaction import atomic
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import datetime_to_epoch

from .exceptions import Refusal, SessionNotFound, TokenNotValid
from .jwt import SESSION_CLAIM, LogoutToken, RefreshToken, load_user
from .logging import security_log
from .models import Session
from .models.sessions import MAX_CLIENT_IP_LENGTH, MAX_USER_AGENT_LENGTH

GRACE = timedelta(seconds=30)
MAX_SESSIONS = 20  # of a user; a login beyond them ends the oldest


class Client(NamedTuple):
    """What a session is used from, as its user sees it in the list of sessions."""

    ip: str = ""
    user_agent: str = ""


UNKNOWN_CLIENT = Client()


class OpenSession(NamedTuple):
    session: Session
    is_current: bool


def open_session(*, user: User, client: Client = UNKNOWN_CLIENT) -> RefreshToken:
    """The refresh token of a new session; its `access_token` is the access token."""
    now = timezone.now()
    session = Session(user=user, created_at=now)
    _issue_token(session, client, now)
    session.save(force_insert=True)
    oldest = Session.objects.filter(user=user).order_by("-pk").values("pk")[MAX_SESSIONS:]
    Session.objects.filter(pk__in=oldest).delete()
    return _current_token(session, user)


def continue_session(*, refresh: str, client: Client = UNKNOWN_CLIENT) -> RefreshToken:
    """Replace the session's refresh token and return the new one.

    Raises TokenNotValid if the token is invalid or expired, if the session has ended or is too old,
    or if the user is gone, inactive, or has changed the password since login. Ends the session and
    raises TokenNotValid if the token was used before, except within GRACE of its first use.
    """
    old = _decode(refresh, RefreshToken)
    try:
        user = load_user(old)
    except Refusal:
        raise TokenNotValid from None
    with atomic():
        session = _sessions_of(old).select_for_update().first()
        now = timezone.now()
        if session is None or now >= _last_moment(session):
            raise TokenNotValid
        is_current = session.token_id == old["jti"]
        is_excused = session.previous_token_id == old["jti"] and now - session.last_used_at <= GRACE
        if is_current:
            session.previous_token_id, session.refreshed_at = session.token_id, now
            _issue_token(session, client, now)
            session.save(force_update=True)
        elif not is_excused:
            session.delete()
    if not is_current and not is_excused:
        security_log.info("event=refresh_reused user=%s", user.pk)
        raise TokenNotValid
    return _current_token(session, user)


def list_sessions(*, user: User, token: Token) -> list[OpenSession]:
    """The user's sessions, newest first; the current one is that of the access token."""
    sessions = Session.objects.unexpired().filter(user=user).order_by("-created_at", "-pk")
    return [OpenSession(each, each.pk == token.get(SESSION_CLAIM)) for each in sessions]


def close_session(*, refresh: str) -> None:
    """Close the session of a refresh token, also of a used or an expired one, if it is still open.

    Raises TokenNotValid for an invalid token.
    """
    token = _decode(refresh, LogoutToken)
    session = _sessions_of(token).first()
    if session and str(session.user_id) == token.get(api_settings.USER_ID_CLAIM):
        session.delete()
        security_log.info("event=logged_out user=%s", session.user_id)


def close_session_by_id(*, user: User, session_id: int) -> None:
    """Raises SessionNotFound if the user has no such session."""
    session = Session.objects.unexpired().filter(user=user, pk=session_id).first()
    if session is None:
        raise SessionNotFound
    session.delete()
    security_log.info("event=session_ended user=%s", user.pk)


def close_all_sessions(*, user: User) -> None:
    Session.objects.filter(user=user).delete()


def _issue_token(session: Session, client: Client, now: datetime) -> None:
    """Give the session a new refresh token, and note where it is used."""
    session.token_id = uuid4().hex
    session.expires_at = min(now + RefreshToken.lifetime, _last_moment(session))
    session.client_ip = _printable(client.ip, MAX_CLIENT_IP_LENGTH)
    session.user_agent = _printable(client.user_agent, MAX_USER_AGENT_LENGTH)


def _current_token(session: Session, user: User) -> RefreshToken:
    """The session's refresh token: the same each time, until the next one is issued."""
    token = RefreshToken.for_user(user)
    token["jti"], token[SESSION_CLAIM] = session.token_id, session.pk
    token.set_iat(at_time=session.last_used_at)
    token["exp"] = datetime_to_epoch(session.expires_at)
    return token  # type: ignore[return-value]  # annotated with simplejwt's class


def _last_moment(session: Session) -> datetime:
    return session.created_at + timedelta(days=settings.SESSION_DAYS)


def _sessions_of(token: RefreshToken) -> QuerySet[Session]:
    """The session of a genuine refresh token, also of a used one; none if it has ended."""
    if type(token.get(SESSION_CLAIM)) is int:
        return Session.objects.filter(pk=token[SESSION_CLAIM])
    return Session.objects.filter(token_id=token["jti"])  # issued before tokens had the claim


def _decode(refresh: str, token_class: type[RefreshToken]) -> RefreshToken:
    try:
        return token_class(refresh)  # type: ignore[arg-type]  # its annotation says Token
    except TokenError:
        raise TokenNotValid from None


def _printable(text: str, length: int) -> str:
    return re.sub(r"[^ -~]", "?", text)[:length]
