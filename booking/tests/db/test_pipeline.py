"""Several statements in one message to PostgreSQL: what they mean is what they mean one by one."""

from contextlib import suppress
from threading import Thread
from unittest import mock, skipUnless

from django.db import (
    DataError,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    connection,
    connections,
    transaction,
)
from django.db.backends.postgresql.base import DatabaseWrapper
from django.db.transaction import TransactionManagementError
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from psycopg.errors import AdminShutdown

from booking.box_office.turns import lock
from booking.models import Booking
from booking.models.prepared import ask_together, insert, put
from booking.models.shows import for_sale, shows_of_id
from booking.tests.concurrency.interleaving import is_queueing
from booking.tests.factories import booking, person, show


@skipUnless(connection.vendor == "postgresql", "SQLite gets no messages")
class MessageTests(TransactionTestCase):
    def setUp(self):
        self.alice, self.hall = person("alice"), show()

    def new(self, seat_number, hall=None):
        return Booking(user=self.alice, show=hall or self.hall, seat_number=seat_number)

    def elsewhere(self, ask):
        """What it answers on a connection of its own."""
        found = []

        def run():
            try:
                found.append(ask())
            finally:
                connections.close_all()

        thread = Thread(target=run)
        thread.start()
        thread.join()
        return found[0]

    def test_the_rows_of_each(self):
        first, second = put([("SELECT %s::int, 'a%%'", [1]), ("SELECT generate_series(1, 2)", [])])
        self.assertEqual((first, second), ([(1, "a%")], [(1,), (2,)]))
        nothing, [hall] = ask_together(shows_of_id.about(2**70), shows_of_id.about(self.hall.pk))
        self.assertEqual((nothing, hall), ([], self.hall))

    def test_commit_goes_with_the_last_statement(self):
        with transaction.atomic():
            insert([self.new(1)])
            self.assertEqual(self.elsewhere(Booking.objects.count), 0)
            insert([self.new(2)], last=True)
            self.assertEqual(self.elsewhere(Booking.objects.count), 2)

    def test_but_not_of_a_part_of_a_transaction(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            with transaction.atomic():
                insert([self.new(1)], last=True)
            raise ZeroDivisionError
        self.assertEqual(Booking.objects.count(), 0)

    def test_what_is_to_be_done_after_the_commit_is_done(self):
        done = []
        with transaction.atomic():
            transaction.on_commit(lambda: done.append("done"))
            insert([self.new(1)], last=True)
            self.assertEqual(done, [])
        self.assertEqual(done, ["done"])

    def test_a_rollback_takes_all_back(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            insert([self.new(1)])
            raise ZeroDivisionError
        self.assertEqual(Booking.objects.count(), 0)

    def test_what_follows_a_failure_is_not_done(self):
        booking(self.alice, self.hall, 1)
        insertion = "INSERT INTO auth_group (name) VALUES ('new') RETURNING id"
        doubled = "UPDATE booking_booking SET seat_number = 1, status = 'booked' RETURNING id"
        booking(self.alice, self.hall, 2)
        for _ in range(2):  # by its name, too, once it is prepared
            with self.assertRaises(IntegrityError), transaction.atomic():
                put([("SELECT 1", []), (doubled, []), (insertion, [])], last=True)
            self.assertEqual(put([("SELECT count(*) FROM auth_group", [])]), [[(0,)]])

    def test_what_cannot_be_sent_spoils_nothing(self):
        put([("SELECT 1", [])])
        kept = connection.connection
        with self.assertRaises(DataError):
            put([("SELECT 1", []), ("SELECT %s::text", ["\0"])])
        self.assertEqual(put([("SELECT 1", [])]), [[(1,)]])
        self.assertIs(connection.connection, kept)

    def test_a_connection_that_breaks_in_between_is_given_up(self):
        with self.assertRaises(OperationalError):
            breaks = ("SELECT pg_terminate_backend(pg_backend_pid())", [])
            put([("SELECT 1", []), breaks, ("SELECT 2", []), ("SELECT 3", [])])
        connection.close_if_unusable_or_obsolete()
        self.assertEqual(put([("SELECT 1", [])]), [[(1,)]])

    def test_a_statement_that_could_not_be_prepared_can_be_later(self):
        ask = ("SELECT count(*) FROM built_later", [])
        for _ in range(2):
            with self.assertRaises(ProgrammingError):
                put([ask])
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE built_later ()")
        self.assertEqual(put([ask]), [[(0,)]])
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE built_later")

    def test_a_key_that_leads_nowhere_is_noticed_by_the_commit(self):
        gone = show()
        Booking.objects.all().delete()
        new = self.new(1, gone)
        gone.delete()
        new.show_id = 10**9
        with self.assertRaises(IntegrityError), transaction.atomic():
            insert([new], last=True)
        self.assertEqual(Booking.objects.count(), 0)

    def test_what_is_asked_after_the_lock_is_read_after_the_wait(self):
        """In one message, and yet each statement sees what was committed when its turn came."""
        answers = []

        def wait():
            try:
                with transaction.atomic():
                    asked = for_sale.about(self.hall.pk, [5], self.alice.pk, "A")
                    answers.extend(ask_together(lock.about(self.hall.pk), asked))
            finally:
                connections.close_all()

        with transaction.atomic():
            lock(self.hall.pk)
            insert([self.new(5)])
            waiting = Thread(target=wait)
            waiting.start()
            while waiting.is_alive() and not self.elsewhere(lambda: is_queueing(None)):
                pass
        waiting.join()
        [[row]] = answers[1:]
        self.assertTrue(row.seats_are_taken)

    def test_what_is_prepared_heals(self):
        """After a migration, or when somebody had all prepared statements forgotten."""
        [[before]] = ask_together(shows_of_id.about(self.hall.pk))
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        with self.assertRaises(ProgrammingError):
            shows_of_id(self.hall.pk)
        self.assertEqual(shows_of_id(self.hall.pk), [before])
        for length in (101, 100):
            with connection.cursor() as cursor:
                alter = "ALTER TABLE booking_show ALTER COLUMN screen_name TYPE varchar"
                cursor.execute(f"{alter}({length})")
            with self.assertRaises(NotSupportedError):
                shows_of_id(self.hall.pk)
            self.assertEqual(shows_of_id(self.hall.pk), [before])

    def test_the_servers_last_words_are_heard(self):
        other = connection.copy()
        with self.assertRaises(OperationalError) as said, transaction.atomic():
            [[(pid,)]] = put([("SELECT pg_backend_pid()", [])])
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            other.close()
            put([("SELECT 1", [])])
        self.assertIsInstance(said.exception.__cause__, AdminShutdown)

    def test_without_a_transaction_a_failure_is_told_as_well(self):
        new = self.new(1)
        new.show_id = 10**9
        put([("SELECT 1", [])])
        kept = connection.connection
        with self.assertRaises(IntegrityError):
            insert([new])
        self.assertIs(connection.connection, kept)
        self.assertEqual(put([("SELECT 1", [])]), [[(1,)]])

    def test_in_a_transaction_that_is_broken_nothing_is_asked(self):
        with self.assertRaises(TransactionManagementError), transaction.atomic():
            with suppress(ZeroDivisionError), transaction.atomic(savepoint=False):
                raise ZeroDivisionError
            insert([self.new(1)], last=True)

    def test_each_is_noted_for_whoever_wants_to_know(self):
        with (
            CaptureQueriesContext(connection) as asked,
            self.assertLogs("django.db.backends", "DEBUG") as logged,
        ):
            put([("SELECT 1", []), ("SELECT 2", [])])
        self.assertEqual(len(logged.output), 2)
        self.assertEqual([each["sql"] for each in asked], ["SELECT 1", "SELECT 2"])

    def test_a_quiet_server_is_not_asked_whether_it_is_there(self):
        """One that has gone away is: test_database.py."""
        connection.health_check_enabled, connection.health_check_done = True, False
        with mock.patch.object(DatabaseWrapper, "is_usable") as ask:
            put([("SELECT 1", [])])
        ask.assert_not_called()
        self.assertTrue(connection.health_check_done)
