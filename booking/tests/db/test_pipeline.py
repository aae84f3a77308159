"""The pipeline backend: several statements in one message mean what they mean one by one."""

from asyncio import run as run_async
from contextlib import ExitStack, suppress
from threading import Thread
from unittest import mock, skipUnless

from django.contrib.auth.models import Group
from django.core.exceptions import SynchronousOnlyOperation
from django.db import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
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

from booking.box_office import reserve
from booking.box_office.locking import show_lock
from booking.box_office.queries import for_sale
from booking.db.compiled import fetch_all
from booking.db.writing import defer_insert, flush_deferred
from booking.models import Booking, BookingEvent
from booking.models.shows import shows_by_id
from booking.tests.concurrency.stopping import wait_events
from booking.tests.factories import create_booking, create_show, create_user

SELECT_1 = ("SELECT 1", [])


def run(*statements):
    return connection.run_pipeline(statements)


def in_another_connection(function):
    """What the function returns on a connection of its own."""
    results = []

    def target():
        try:
            results.append(function())
        finally:
            connections.close_all()

    thread = Thread(target=target)
    thread.start()
    thread.join()
    return results[0]


@skipUnless(hasattr(connection, "run_pipeline"), "the backend has no pipeline")
class PipelineTestCase(TransactionTestCase):
    def setUp(self):
        self.alice, self.show = create_user("alice"), create_show()

    def booking(self, seat_number, **values):
        return Booking(user=self.alice, show=self.show, seat_number=seat_number, **values)

    def assertBookings(self, count):
        self.assertEqual(in_another_connection(Booking.objects.count), count)


class RunTests(PipelineTestCase):
    def test_statements_return_their_rows(self):
        first, second = run(("SELECT %s::int, 'a%%'", [1]), ("SELECT generate_series(1, 2)", []))
        self.assertEqual((first, second), ([(1, "a%")], [(1,), (2,)]))

    def test_queries_return_their_rows_in_one_message(self):
        with mock.patch.object(connection.pipeline, "run", wraps=connection.pipeline.run) as sent:
            nothing, [found] = fetch_all(shows_by_id.bind(0), shows_by_id.bind(self.show.pk))
        self.assertEqual((nothing, found), ([], self.show))
        self.assertEqual(sent.call_count, 1)

    def test_statement_after_a_failure_is_skipped(self):
        create_booking(self.alice, self.show, 1)
        create_booking(self.alice, self.show, 2)
        same_seat = "UPDATE booking_booking SET seat_number = 1, status = 'booked' RETURNING id"
        insert = "INSERT INTO auth_group (name) VALUES ('new') RETURNING id"
        for _ in range(2):  # the second time, both statements are prepared
            with self.assertRaises(IntegrityError), transaction.atomic():
                run(SELECT_1, (same_seat, []), (insert, []))
            self.assertEqual(run(("SELECT count(*) FROM auth_group", [])), [[(0,)]])

    def test_parameter_that_cannot_be_converted_changes_nothing(self):
        run(SELECT_1)
        kept = connection.connection
        with self.assertRaises(DataError):
            run(SELECT_1, ("SELECT %s::text", ["\0"]))
        self.assertEqual(run(SELECT_1), [[(1,)]])
        self.assertIs(connection.connection, kept)

    def test_too_many_parameters_change_nothing(self):
        run(SELECT_1)
        kept = connection.connection
        with self.assertRaises(DataError):
            run((f"SELECT 1 WHERE 1 IN ({', '.join(['%s'] * 65_536)})", [1] * 65_536))
        self.assertEqual(run(SELECT_1), [[(1,)]])
        self.assertIs(connection.connection, kept)

    def test_connection_lost_in_between_is_closed(self):
        terminate = ("SELECT pg_terminate_backend(pg_backend_pid())", [])
        with self.assertRaises(OperationalError):
            run(SELECT_1, terminate, ("SELECT 2", []), ("SELECT 3", []))
        connection.close_if_unusable_or_obsolete()
        self.assertEqual(run(SELECT_1), [[(1,)]])

    def test_statement_that_could_not_be_prepared_is_prepared_later(self):
        count = ("SELECT count(*) FROM created_later", [])
        for _ in range(2):
            with self.assertRaises(ProgrammingError):
                run(count)
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE created_later ()")
        self.assertEqual(run(count), [[(0,)]])
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE created_later")

    def test_error_of_a_closing_server_is_raised(self):
        other = connection.copy()
        with self.assertRaises(OperationalError) as raised, transaction.atomic():
            [[(pid,)]] = run(("SELECT pg_backend_pid()", []))
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])
                self.assertEqual(cursor.fetchone(), (True,))
            other.close()
            run(SELECT_1)
        self.assertIsInstance(raised.exception.__cause__, AdminShutdown)

    def test_query_after_the_lock_reads_what_was_committed_during_the_wait(self):
        """In one message, and yet each statement has a snapshot of its own."""
        found = []

        def wait_for_lock():
            query = for_sale.bind(self.show.pk, [5], self.alice.pk, "A")
            with transaction.atomic():
                found.extend(fetch_all(show_lock.bind(self.show.pk), query))

        with transaction.atomic():
            show_lock(self.show.pk)
            self.booking(5).save()
            waiting = Thread(target=lambda: in_another_connection(wait_for_lock))
            waiting.start()
            while waiting.is_alive() and not in_another_connection(wait_events):
                pass
        waiting.join()
        [[sale]] = found[1:]
        self.assertTrue(sale.seats_are_taken)

    def test_query_in_an_event_loop_is_refused(self):
        async def view():
            return shows_by_id(self.show.pk)

        with self.assertRaises(SynchronousOnlyOperation):
            run_async(view())

    def test_connection_of_another_thread_is_refused(self):
        mine = connections["default"]

        def use_it():
            with suppress(DatabaseError):
                return mine.run_pipeline([SELECT_1])

        self.assertIsNone(in_another_connection(use_it))

    def test_name_of_a_prepared_statement_depends_on_its_sql(self):
        """A pooler may let one session use a statement that another one has prepared."""

        def names():
            found = run(("SELECT name, statement FROM pg_prepared_statements", []))
            return set(found[0])

        def names_of_another():
            run(("SELECT 'another'", []))
            return names()

        run(SELECT_1, ("SELECT 2", []))
        statements = dict(names())
        for name, statement in in_another_connection(names_of_another):
            self.assertEqual(statements.get(name, statement), statement)

    def test_statements_are_logged_one_by_one(self):
        with (
            CaptureQueriesContext(connection) as captured,
            self.assertLogs("django.db.backends", "DEBUG") as logged,
        ):
            run(SELECT_1, ("SELECT 2", []))
        self.assertEqual(len(logged.output), 2)
        self.assertEqual([each["sql"] for each in captured], ["SELECT 1", "SELECT 2"])

    def test_execute_wrapper_sees_each_statement(self):
        seen = []

        def watch(execute, sql, params, many, context):
            seen.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(watch), transaction.atomic():
            run(SELECT_1, ("SELECT 2", []))
            defer_insert([self.booking(1)])
        self.assertEqual(seen[:2], ["SELECT 1", "SELECT 2"])
        self.assertTrue(seen[2].startswith("INSERT"))
        self.assertBookings(1)

    def test_health_check_of_an_idle_connection_sends_nothing(self):
        """One whose server has gone fails it: test_errors.py."""
        connection.ensure_connection()
        connection.health_check_enabled, connection.health_check_done = True, False
        with mock.patch.object(DatabaseWrapper, "is_usable") as select:
            run(SELECT_1)
        select.assert_not_called()
        self.assertTrue(connection.health_check_done)


class DeferTests(PipelineTestCase):
    def test_deferred_insert_is_committed_by_atomic(self):
        with transaction.atomic():
            new = self.booking(1)
            defer_insert([new])
            self.assertIsNone(new.pk)
            self.assertBookings(0)
        self.assertEqual(Booking.objects.get(), new)

    def test_deferred_insert_goes_with_the_commit_in_one_message(self):
        pipeline = connection.pipeline
        with mock.patch.object(pipeline, "run", wraps=pipeline.run) as sent, transaction.atomic():
            run(SELECT_1)
            defer_insert([self.booking(1)])
        self.assertEqual(sent.call_count, 2)
        self.assertEqual(sent.call_args.kwargs, {"commit": True})

    def test_sale_of_any_size_is_two_messages(self):
        """BEGIN, the lock and what is read after it; the rows, their events and COMMIT."""
        pipeline = connection.pipeline
        for seats in ([1], [2, 3, 4]):
            with mock.patch.object(pipeline, "run", wraps=pipeline.run) as sent:
                reserve(show_id=self.show.pk, seat_numbers=seats, by=self.alice)
            self.assertEqual(sent.call_count, 2)
            words = [sql.split()[0] for sql, _ in sent.call_args.args[0]]
            self.assertEqual((words, sent.call_args.kwargs), (["INSERT"] * 2, {"commit": True}))
        self.assertEqual(BookingEvent.objects.count(), 4)

    def test_deferred_insert_is_rolled_back_by_atomic(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            defer_insert([self.booking(1)])
            raise ZeroDivisionError
        self.assertBookings(0)

    def test_deferred_insert_of_an_inner_block_is_rolled_back_by_the_outer_one(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            with transaction.atomic():
                defer_insert([self.booking(1)])
            raise ZeroDivisionError
        self.assertBookings(0)

    def test_deferred_insert_of_a_failed_inner_block_is_not_committed(self):
        with transaction.atomic():
            defer_insert([self.booking(1)])
            with suppress(ZeroDivisionError), transaction.atomic():
                defer_insert([self.booking(2)])
                raise ZeroDivisionError
            defer_insert([self.booking(3)])
        found = Booking.objects.order_by("seat_number").values_list("seat_number", flat=True)
        self.assertEqual(list(found), [1, 3])

    def test_deferred_insert_that_would_fail_is_discarded_by_the_rollback_of_its_block(self):
        """Sent before ROLLBACK TO SAVEPOINT, its violation would break the outer transaction."""
        create_booking(self.alice, self.show, 1)
        with transaction.atomic():
            with suppress(ZeroDivisionError), transaction.atomic():
                defer_insert([self.booking(1)])
                raise ZeroDivisionError
            self.assertFalse(transaction.get_rollback())
            defer_insert([self.booking(2)])
        self.assertBookings(2)

    def test_deferred_insert_of_an_outer_block_survives_the_rollback_of_an_inner_one(self):
        with transaction.atomic():
            defer_insert([self.booking(1)])
            with suppress(ZeroDivisionError), transaction.atomic():
                raise ZeroDivisionError
        self.assertBookings(1)

    def test_deferred_insert_is_seen_and_committed_under_a_later_execute_wrapper(self):
        def watch(execute, sql, params, many, context):
            return execute(sql, params, many, context)

        with transaction.atomic():
            defer_insert([self.booking(1)])
            with connection.execute_wrapper(watch):
                self.assertEqual(Booking.objects.count(), 1)
        with ExitStack() as wrapped, transaction.atomic():
            defer_insert([self.booking(2)])
            wrapped.enter_context(connection.execute_wrapper(watch))
        self.assertBookings(2)
        with transaction.atomic():
            defer_insert([self.booking(3)])
            with connection.execute_wrapper(watch):
                run(SELECT_1)
                flush_deferred()
        self.assertBookings(3)

    def test_connection_closed_in_a_block_discards_the_deferred_insert(self):
        with suppress(Error), transaction.atomic():
            defer_insert([self.booking(1)])
            connection.close()
        self.assertBookings(0)
        with transaction.atomic():
            defer_insert([self.booking(2)])
        self.assertBookings(1)

    def test_durable_block_commits_the_deferred_insert(self):
        with transaction.atomic(durable=True):
            defer_insert([self.booking(1)])
        self.assertBookings(1)

    def test_on_commit_runs_after_the_deferred_insert_is_committed(self):
        counts = []
        with transaction.atomic():
            transaction.on_commit(
                lambda: counts.append(in_another_connection(Booking.objects.count))
            )
            defer_insert([self.booking(1)])
            self.assertEqual(counts, [])
        self.assertEqual(counts, [1])

    def test_next_statement_sees_the_deferred_insert(self):
        with connection.cursor() as early, transaction.atomic():
            defer_insert([self.booking(1)])
            self.assertEqual(Booking.objects.count(), 1)
            defer_insert([self.booking(2)])
            early.execute("SELECT count(*) FROM booking_booking")
            self.assertEqual(early.fetchone(), (2,))
            defer_insert([self.booking(3)])
            self.assertEqual(run(("SELECT count(*) FROM booking_booking", [])), [[(3,)]])

    def test_statement_after_the_block_belongs_to_no_transaction(self):
        with transaction.atomic():
            defer_insert([self.booking(1)])
        Group.objects.create(name="after")
        self.assertEqual(in_another_connection(Group.objects.count), 1)

    def test_violation_by_a_deferred_insert_is_raised_by_atomic(self):
        create_booking(self.alice, self.show, 1)
        with self.assertRaises(IntegrityError), transaction.atomic():
            Group.objects.create(name="with it")
            defer_insert([self.booking(1)])
        self.assertEqual((Booking.objects.count(), Group.objects.count()), (1, 0))

    def test_violation_inside_a_savepoint_leaves_the_transaction_usable(self):
        create_booking(self.alice, self.show, 1)
        with transaction.atomic():
            with self.assertRaises(IntegrityError), transaction.atomic():
                defer_insert([self.booking(1)])
            defer_insert([self.booking(2)])
        self.assertBookings(2)

    def test_foreign_key_without_a_row_is_raised_by_atomic(self):
        new = self.booking(1)
        new.show_id = 10**9
        with self.assertRaises(IntegrityError), transaction.atomic():
            defer_insert([new])
        self.assertBookings(0)

    def test_parameter_that_cannot_be_converted_keeps_the_deferred_insert(self):
        with transaction.atomic():
            defer_insert([self.booking(1)])
            with self.assertRaises(DataError):
                run(("SELECT %s::text", ["\0"]))
        self.assertBookings(1)

    def test_insert_without_a_transaction_is_run_at_once(self):
        new = self.booking(1)
        defer_insert([new])
        self.assertEqual(Booking.objects.get(), new)
        foreign = self.booking(2)
        foreign.show_id = 10**9
        kept = connection.connection
        with self.assertRaises(IntegrityError):
            defer_insert([foreign])
        self.assertIs(connection.connection, kept)
        self.assertBookings(1)

    def test_flush_sets_primary_keys(self):
        with transaction.atomic():
            new = self.booking(1)
            defer_insert([new])
            flush_deferred()
            self.assertIsNotNone(new.pk)
            self.assertBookings(0)

    def test_statement_in_a_broken_transaction_is_refused(self):
        for attempt in (lambda: run(SELECT_1), lambda: defer_insert([self.booking(1)])):
            with self.assertRaises(TransactionManagementError), transaction.atomic():
                with suppress(ZeroDivisionError), transaction.atomic(savepoint=False):
                    raise ZeroDivisionError
                attempt()
        self.assertBookings(0)
