"""Sessions of the admin in the database."""

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from .db.errors import classify


class SessionStore(DatabaseSessionStore):
    """Django's, but a database that is away is not taken for a session that was deleted.

    Django answers 400 to both. The page may have sold a seat before: that is a 503.
    """

    def save(self, must_create: bool = False) -> None:
        try:
            super().save(must_create)
        except UpdateError as error:
            cause = error.__context__
            if cause and classify(cause):
                raise cause from cause.__cause__  # which tells what kind of trouble it is
            raise
