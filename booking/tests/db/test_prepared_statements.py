"""Prepared statements that the server has lost, altered, or has already."""

from unittest import skipUnless

from django.db import DatabaseError, ProgrammingError, connection, transaction
from django.test import TransactionTestCase

from booking.box_office.locking import show_lock
from booking.db.compiled import fetch_all
from booking.db.errors import BUSY, classify, was_rolled_back
from booking.models import Booking
from booking.models.shows import shows_by_id
from booking.tests.factories import api_client, create_show, create_user

SELECT_1 = ("SELECT 1", [])


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def forget_all():
    execute("DEALLOCATE ALL")


def alter_type():
    """Alter a column to another length each time."""
    alter_type.length = 201 - alter_type.length
    execute(
        "ALTER TABLE booking_show ALTER COLUMN screen_name TYPE varchar"
        f"({alter_type.length}) USING screen_name"
    )


alter_type.length = 100


@skipUnless(getattr(connection, "has_pipeline", False), "the backend prepares nothing")
class PreparedStatementTests(TransactionTestCase):
    def setUp(self):
        self.alice, self.show = create_user("alice"), create_show()
        self.alice_client = api_client(self.alice)
        self.addCleanup(lambda: alter_type.length == 100 or alter_type())

    def book(self, seat_number, **headers):
        path = f"/api/shows/{self.show.id}/book/"
        return self.alice_client.post(path, {"seat_number": seat_number}, headers=headers)

    def prepared(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, statement FROM pg_prepared_statements")
            return dict(cursor.fetchall())

    def share_session(self):
        """As if the statements that exist were another process's."""
        connection.pipeline.names.clear()
        self.addCleanup(connection.close)

    def test_first_message_of_a_transaction_is_sent_again(self):
        shows_by_id(self.show.pk)
        for outdate in (forget_all, alter_type, alter_type):
            with self.subTest(outdate.__name__):
                outdate()
                self.assertEqual(shows_by_id(self.show.pk), [self.show])
                outdate()
                with transaction.atomic():
                    locked, [found] = fetch_all(
                        show_lock.bind(self.show.pk), shows_by_id.bind(self.show.pk)
                    )
                    Booking.objects.create(user=self.alice, show=found, seat_number=5)
                self.assertTrue(locked)
                Booking.objects.get().delete()

    def test_booking_after_a_migration_succeeds(self):
        seats = iter(range(1, 10))
        self.assertEqual(self.book(next(seats)).status_code, 201)
        for outdate in (forget_all, alter_type):
            for headers in ({}, {"Idempotency-Key": f"{outdate.__name__} k"}):
                with self.subTest(outdate.__name__, headers=headers):
                    outdate()
                    self.assertEqual(self.book(next(seats), **headers).status_code, 201)
                    self.assertEqual(self.alice_client.get("/api/my-bookings/").status_code, 200)

    def test_outdated_statement_after_others_is_an_error_that_a_retry_mends(self):
        connection.run_pipeline([SELECT_1])
        with self.assertRaises(ProgrammingError) as raised, transaction.atomic():
            connection.run_pipeline([SELECT_1])
            forget_all()
            connection.run_pipeline([SELECT_1])
        self.assertTrue(was_rolled_back(raised.exception))
        self.assertEqual(classify(raised.exception), BUSY)
        with transaction.atomic():
            self.assertEqual(connection.run_pipeline([SELECT_1]), [[(1,)]])

    def test_outdated_statements_are_deallocated(self):
        connection.run_pipeline([SELECT_1, ("SELECT 2", [])])
        shows_by_id(self.show.pk)
        alter_type()
        shows_by_id(self.show.pk)
        self.assertEqual(len(self.prepared()), 1)

    def test_outdated_statement_is_prepared_with_another_text(self):
        """A pooler shares the prepared statements of one text, and keeps them."""
        shows_by_id(self.show.pk)
        [before] = self.prepared().items()
        alter_type()
        shows_by_id(self.show.pk)
        [after] = self.prepared().items()
        for old, new in zip(before, after, strict=True):
            self.assertNotEqual(old, new)

    def test_statement_that_exists_already_ends_preparing(self):
        """A pooler has given the session to another process, and may do so again."""
        statements = [SELECT_1, ("SELECT 2", []), ("SELECT %s::int", [3])]
        for _ in range(2):
            self.assertEqual(connection.run_pipeline(statements), [[(1,)], [(2,)], [(3,)]])
            self.share_session()
        with transaction.atomic():
            self.assertEqual(connection.run_pipeline(statements[1:]), [[(2,)], [(3,)]])
            create_show()
        connection.run_pipeline([("SELECT 4", [])])
        self.assertEqual(len(self.prepared()), 3)

    def test_statement_that_exists_already_after_others_is_an_error_that_a_retry_mends(self):
        connection.run_pipeline([SELECT_1])
        with self.assertRaises(ProgrammingError) as raised, transaction.atomic():
            execute("SELECT 'the transaction has begun'")
            self.share_session()
            connection.run_pipeline([SELECT_1])
        self.assertTrue(was_rolled_back(raised.exception))
        self.assertEqual(classify(raised.exception), BUSY)
        with transaction.atomic():
            create_show()
            self.assertEqual(connection.run_pipeline([SELECT_1]), [[(1,)]])

    def test_booking_whose_statements_another_process_has_prepared_succeeds(self):
        """As behind a pooler in transaction mode that does not keep track of them."""
        for seat_number, headers in enumerate([{}, {"Idempotency-Key": "a key"}], 1):
            with self.subTest(headers=headers):
                self.assertEqual(self.book(seat_number).status_code, 201)
                self.share_session()
                self.assertEqual(self.book(seat_number + 2, **headers).status_code, 201)
                connection.close()

    def test_feature_that_is_not_supported_is_our_mistake(self):
        sql = "SELECT count(*) FROM booking_show FOR UPDATE"
        with self.assertRaises(DatabaseError) as raised:
            connection.run_pipeline([(sql, [])])
        self.assertFalse(was_rolled_back(raised.exception))
        self.assertIsNone(classify(raised.exception))
        self.assertEqual(connection.run_pipeline([SELECT_1]), [[(1,)]])
