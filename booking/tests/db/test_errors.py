"""Database errors: which are busy or unavailable, what is retried, what a violation means."""

from contextlib import suppress
from unittest import mock, skipUnless

from django.contrib.auth.models import User
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from django.db.models.signals import pre_delete
from django.test import Client, SimpleTestCase, TransactionTestCase
from psycopg import InternalError as PsycopgInternalError
from psycopg import OperationalError as PostgreSQLError
from psycopg import errors

from booking.admin.shows import ShowForm
from booking.box_office.locking import lock_show
from booking.db.errors import (
    BUSY,
    UNAVAILABLE,
    classify,
    violates_foreign_key,
    violates_unique,
)
from booking.models import Booking, IdempotencyKey, Show
from booking.tests.factories import api_client, create_booking, create_show, create_user

ON_POSTGRESQL = connection.vendor == "postgresql"


def caused_by(cause, kind=OperationalError):
    error = kind(str(cause))
    error.__cause__ = cause
    return error


def terminate_backend():
    """End the session of the connection, as an administrator or a crash does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])
        if cursor.fetchone() != (True,):
            raise RuntimeError(f"Process {pid} has not ended.")
    other.close()


class ClassifyTests(SimpleTestCase):
    def test_temporary_error_is_busy(self):
        for cause in (
            errors.LockNotAvailable,
            errors.QueryCanceled,
            errors.DeadlockDetected,
            errors.SerializationFailure,
        ):
            self.assertEqual(classify(caused_by(cause())), BUSY)
        idle = caused_by(errors.IdleInTransactionSessionTimeout(), InternalError)
        self.assertEqual(classify(idle), BUSY)
        self.assertEqual(classify(OperationalError("database is locked")), BUSY)

    def test_answer_that_psycopg_does_not_understand_is_unavailable(self):
        """A pooler that lost the server added an error of its own: the outcome is open."""
        cause = PsycopgInternalError("received 2 results from command 'COMMIT'")
        self.assertEqual(classify(caused_by(cause, InternalError)), UNAVAILABLE)
        self.assertIsNone(classify(InternalError("SQLite's own")))

    def test_server_that_is_down_or_read_only_is_unavailable(self):
        for cause in (errors.AdminShutdown, errors.CannotConnectNow, errors.TooManyConnections):
            self.assertEqual(classify(caused_by(cause())), UNAVAILABLE)
        read_only = caused_by(errors.ReadOnlySqlTransaction(), InternalError)
        for error in (
            OperationalError("connection refused"),
            OperationalError("attempt to write a readonly database"),
            InterfaceError("the connection is closed"),
            DatabaseError("database disk image is malformed"),
            read_only,
        ):
            self.assertEqual(classify(error), UNAVAILABLE)

    def test_trouble_of_a_postgresql_server_is_unavailable_whatever_its_words(self):
        words = "connection failed: FATAL: sorry, too many clients already"
        for cause in (
            PostgreSQLError(words),  # an error while connecting has no SQLSTATE
            PostgreSQLError("no such host"),
            errors.TooManyConnections("remaining connection slots are reserved"),
            errors.ProtocolViolation("no more connections allowed (max_client_conn)"),
            errors.DiskFull("could not extend file: No space left on device"),
            errors.OutOfMemory("out of memory"),
            errors.IoError("could not read block: too many"),
            errors.CrashShutdown("terminating connection because of crash"),
            PostgreSQLError("couldn't get a connection after 3.00 sec"),
        ):
            self.assertEqual(classify(caused_by(cause)), UNAVAILABLE)
        corrupted = caused_by(errors.DataCorrupted("invalid page"), InternalError)
        self.assertEqual(classify(corrupted), UNAVAILABLE)

    def test_mistake_of_ours_is_neither(self):
        for error in (
            caused_by(errors.StatementTooComplex("stack depth limit exceeded")),
            OperationalError("too many SQL variables"),
            OperationalError("no such table: booking_show"),
            OperationalError('near "x": syntax error'),
            caused_by(errors.UndefinedTable(), ProgrammingError),
            caused_by(errors.InFailedSqlTransaction(), InternalError),
            InterfaceError("bad parameter"),
            ValueError("database is locked"),
        ):
            self.assertIsNone(classify(error))


class ViolationTests(TransactionTestCase):
    def violation(self, function):
        with self.assertRaises(IntegrityError) as raised, transaction.atomic():
            function()
        return raised.exception

    def assertViolates(self, error, expected):
        unique = [
            (Booking, "one_active_booking_per_seat"),
            (IdempotencyKey, "one_answer_per_key"),
            (User, "one_account_per_name"),
            (User, "username"),
        ]
        found = [name for model, name in unique if violates_unique(error, model, name)]
        found += [each for each in ["user_id"] if violates_foreign_key(error, each)]
        self.assertEqual(found, [expected] if expected else [])

    def test_unique_violation_names_its_constraint(self):
        alice, tomorrow = create_user("alice"), create_show()
        create_booking(alice, tomorrow, 5)
        error = self.violation(lambda: create_booking(alice, tomorrow, 5))
        self.assertViolates(error, "one_active_booking_per_seat")
        key = {"user": alice, "key": "k", "fingerprint": "f"}
        IdempotencyKey.objects.create(**key)
        error = self.violation(lambda: IdempotencyKey.objects.create(**key))
        self.assertViolates(error, "one_answer_per_key")
        self.assertViolates(self.violation(lambda: create_user("ALICE")), "one_account_per_name")
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX one_account_per_name")
        self.addCleanup(self.create_index)
        self.assertViolates(self.violation(lambda: create_user("alice")), "username")

    def create_index(self):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE UNIQUE INDEX one_account_per_name ON auth_user (LOWER(username))"
            )

    def test_foreign_key_violation_names_its_column(self):
        gone = User(pk=10**9)
        error = self.violation(
            lambda: Booking.objects.create(user=gone, show=create_show(), seat_number=5)
        )
        self.assertViolates(error, "user_id")

    def test_other_violation_is_none_of_them(self):
        error = self.violation(lambda: create_booking(create_user("alice"), create_show(), 0))
        self.assertViolates(error, None)


class RetryTests(TransactionTestCase):
    def setUp(self):
        self.show = create_show()
        self.alice_client = api_client(create_user("alice"))

    def book(self):
        return self.alice_client.post(f"/api/shows/{self.show.id}/book/", {"seat_number": 5})

    def failing_lock(self, *failures):
        """The lock, after which one of these errors is raised each time."""
        failures = list(failures)

        def lock_and_fail(show_id, *queries):
            results = lock_show(show_id, *queries)
            if failures:
                raise failures.pop(0)
            return results

        return mock.patch("booking.box_office.selling.lock_show", lock_and_fail)

    def test_transaction_rolled_back_for_another_is_retried(self):
        deadlock = caused_by(errors.DeadlockDetected("deadlock detected"))
        serialization = caused_by(errors.SerializationFailure("could not serialize"))
        with self.failing_lock(deadlock, serialization, deadlock):
            self.assertEqual(self.book().status_code, 201)
        self.assertEqual(Booking.objects.count(), 1)

    def test_fourth_failure_is_busy(self):
        deadlock = caused_by(errors.DeadlockDetected("deadlock detected"))
        with self.failing_lock(*[deadlock] * 4), self.assertLogs("booking", "WARNING"):
            response = self.book()
        self.assertEqual((response.status_code, response.json()["code"]), (503, "busy"))
        self.assertFalse(Booking.objects.exists())

    def test_transaction_with_an_unknown_outcome_is_not_retried(self):
        for error in (
            caused_by(errors.AdminShutdown("terminating connection")),
            caused_by(errors.LockNotAvailable("lock timeout")),
        ):
            with self.failing_lock(error), self.assertLogs("booking", "WARNING"):
                self.assertEqual(self.book().status_code, 503)

    def test_admin_page_of_a_busy_database_is_503(self):
        boss = Client(raise_request_exception=False)
        boss.force_login(User.objects.create_superuser("boss"))
        trouble = OperationalError("database is locked")
        answer = "We are very busy right now. Please try again in a moment."
        for address in ("/admin/booking/booking/", "/admin/booking/show/"):
            with (
                mock.patch("django.contrib.admin.views.main.ChangeList.get_results") as broken,
                self.assertLogs("booking", "WARNING"),
                self.assertLogs("django.request", "ERROR"),
            ):
                broken.side_effect = trouble
                response = boss.get(address)
            self.assertEqual(
                (response.status_code, response.content.decode(), response["Retry-After"]),
                (503, answer, "1"),
            )

    def test_show_deleted_while_a_booking_commits_is_kept(self):
        """The admin answers 503, and then says why it cannot be deleted."""
        boss = Client(raise_request_exception=False)
        boss.force_login(User.objects.create_superuser("boss"))
        path = f"/admin/booking/show/{self.show.pk}/delete/"

        def book_meanwhile(sender, instance, **kwargs):
            create_booking(create_user("bob"), instance, 5)

        pre_delete.connect(book_meanwhile, sender=Show)
        with self.assertLogs("booking", "WARNING"), self.assertLogs("django.request", "ERROR"):
            response = boss.post(path, {"post": "yes"})
        pre_delete.disconnect(book_meanwhile, sender=Show)
        self.assertEqual((response.status_code, response["Retry-After"]), (503, "1"))
        self.assertTrue(Show.objects.filter(pk=self.show.pk).exists())
        create_booking(create_user("carol"), self.show, 6)
        again = boss.post(path, {"post": "yes"})
        self.assertContains(again, "Cannot delete show")

    def test_row_protected_meanwhile_is_busy(self):
        create_booking(create_user("bob"), self.show, 5)
        with self.assertRaises(IntegrityError) as raised:
            self.show.delete()
        self.assertEqual(classify(raised.exception), BUSY)

    @skipUnless(ON_POSTGRESQL, "SQLite has no server that could go away")
    def test_request_after_a_restart_of_the_server_succeeds(self):
        """The worker finds its connection closed, and opens another one."""
        self.assertEqual(self.book().status_code, 201)
        dead = connection.connection
        terminate_backend()
        connection.health_check_done = False  # as at the beginning of any request
        connection.health_check_enabled = True
        again = self.book()
        self.assertEqual((again.status_code, again.json()["code"]), (400, "seat_taken"))
        self.assertIsNot(connection.connection, dead)

    @skipUnless(ON_POSTGRESQL, "SQLite has no server that could go away")
    def test_connection_lost_while_a_form_is_validated_is_unavailable(self):
        post_clean = ShowForm._post_clean

        def post_clean_and_lose_connection(form):
            """Swallows the database's error, as Django does where it checks a constraint."""
            post_clean(form)
            with suppress(DatabaseError), transaction.atomic():
                terminate_backend()
                connection.cursor().execute("SELECT 1")

        boss = Client(raise_request_exception=False)
        boss.force_login(User.objects.create_superuser("boss"))
        form = {
            "movie": self.show.movie_id,
            "screen_name": "Screen 2",
            "date_time_0": "2082-12-24",
            "date_time_1": "20:00",
            "total_seats": 10,
            "seats_per_row": 10,
            "seen_version": 0,
        }
        with (
            mock.patch.object(ShowForm, "_post_clean", post_clean_and_lose_connection),
            self.assertLogs("booking", "ERROR"),
            self.assertLogs("django", "ERROR"),
        ):
            response = boss.post(f"/admin/booking/show/{self.show.pk}/change/", form)
        self.assertEqual((response.status_code, response["Retry-After"]), (503, "5"))

    @skipUnless(hasattr(connection, "has_pipeline"), "Django's own backend")
    def test_server_that_has_become_read_only_is_left_by_the_next_request(self):
        """As in a failover: the former primary is read-only, and the URL names the new one."""
        self.assertEqual(self.book().status_code, 201)
        former = connection.connection
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
        path = f"/api/shows/{self.show.id}/book/"
        with self.assertLogs("booking", "ERROR"):
            refused = self.alice_client.post(path, {"seat_number": 6})
        self.assertEqual((refused.status_code, refused.json()["code"]), (503, "unavailable"))
        self.assertEqual(refused["Retry-After"], "5")
        connection.close_if_unusable_or_obsolete()  # as at the end of any request
        self.assertTrue(former.closed)
        self.assertEqual(self.alice_client.post(path, {"seat_number": 6}).status_code, 201)
