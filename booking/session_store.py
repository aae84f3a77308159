"""Sessions of the admin in the database."""

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from .db.errors import classify


class SessionStore(DatabaseSessionStore):
    """Database sessions that raise the error of the database instead of UpdateError.

    Django turns both a deleted session and an unavailable database into UpdateError, a 400. The
    page may have sold a seat by then, so the second must be a 503.
    """

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            cause = error.__context__
            if cause and classify(cause):
                raise cause from cause.__cause__  # psycopg's error: classify() reads its SQLSTATE
            raise
