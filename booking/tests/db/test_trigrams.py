from unittest import mock, skipUnless

from django.contrib.auth.models import User
from django.db import DatabaseError, OperationalError, connection
from django.test import TestCase, TransactionTestCase
from psycopg.errors import LockNotAvailable

from booking.admin.booking_search import bookings_with_note
from booking.db.trigrams import TrigramIndex


def is_pg_trgm_available():
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        return bool(cursor.fetchone())


def index_names():
    with connection.cursor() as cursor:
        return {
            name
            for table in ("auth_user", "booking_booking")
            for name in connection.introspection.get_constraints(cursor, table)
        }


class SearchTests(TestCase):
    def setUp(self):
        if not is_pg_trgm_available():
            self.skipTest("needs a PostgreSQL with pg_trgm, such as that of a Linux distribution")

    def plan(self, rows):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_indexscan = off")
        return rows.order_by().explain()

    def test_part_of_a_name_is_found_by_the_index(self):
        for lookup in (
            "first_name__icontains",
            "last_name__icontains",
            "username__istartswith",
            "email__iexact",
        ):
            with self.subTest(lookup):
                plan = self.plan(User.objects.filter(**{lookup: "fatima"}))
                self.assertIn("parts_of_names", plan)

    def test_part_of_a_note_is_found_by_the_index(self):
        bookings = bookings_with_note("5551234")
        self.assertIn("parts_of_notes", self.plan(bookings))
        _, parameters = bookings.query.sql_with_params()
        self.assertNotIn("", parameters)  # a generic plan would not use the index


class TrigramIndexTests(TransactionTestCase):
    operation = TrigramIndex("parts_of_emails", "auth_user", "email")

    def migrate(self, change):
        with connection.schema_editor(atomic=False) as editor:
            change("booking", editor, None, None)

    def test_index_is_created_and_dropped(self):
        self.migrate(self.operation.database_forwards)
        self.assertEqual("parts_of_emails" in index_names(), is_pg_trgm_available())
        self.migrate(self.operation.database_backwards)
        self.assertNotIn("parts_of_emails", index_names())

    def test_without_the_extension_there_is_no_index_and_no_error(self):
        with connection.schema_editor(atomic=False) as editor:
            refused = DatabaseError("permission denied to create extension")
            with mock.patch.object(editor, "execute", side_effect=refused):
                self.operation.database_forwards("booking", editor, None, None)
        self.assertNotIn("parts_of_emails", index_names())
        self.migrate(self.operation.database_backwards)  # there is nothing to drop

    @skipUnless(connection.vendor == "postgresql", "needs an extension of PostgreSQL")
    def test_migration_while_the_database_is_busy_fails(self):
        with connection.schema_editor(atomic=False) as editor:
            busy = OperationalError("canceling statement due to lock timeout")
            busy.__cause__ = LockNotAvailable()
            with (
                mock.patch.object(editor, "execute", side_effect=busy),
                self.assertRaises(OperationalError),
            ):
                self.operation.database_forwards("booking", editor, None, None)
