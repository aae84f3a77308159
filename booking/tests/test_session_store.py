from unittest import mock

import psycopg
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import DatabaseError, InternalError, OperationalError
from django.test import TestCase

from booking.db.errors import UNAVAILABLE, classify
from booking.session_store import SessionStore


class SessionStoreTests(TestCase):
    def save(self, error):
        with mock.patch.object(Session, "save", side_effect=error):
            SessionStore("a" * 32).save()

    def test_save_of_deleted_session_raises_update_error(self):
        with self.assertRaises(UpdateError):
            self.save(DatabaseError("Forced update did not affect any rows."))

    def test_save_with_unavailable_database_raises_its_error(self):
        unexpected = InternalError("2 results from command 'COMMIT'")  # by a pooler
        unexpected.__cause__ = psycopg.InternalError()
        for error in (unexpected, OperationalError("server closed the connection")):
            with self.subTest(error), self.assertRaises(type(error)) as raised:
                self.save(error)
            self.assertEqual(classify(raised.exception), UNAVAILABLE)
