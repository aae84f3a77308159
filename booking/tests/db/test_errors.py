"""What comes of a database that is busy, away or changed under one's feet."""

from unittest import mock, skipUnless

from django.contrib.auth.models import User
from django.db import (
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.test import Client, SimpleTestCase, TransactionTestCase
from psycopg import errors

from booking.box_office import turns
from booking.database import AWAY, BUSY, trouble
from booking.models import Booking
from booking.tests.factories import client_of, person, show

ON_POSTGRESQL = connection.vendor == "postgresql"


def caused_by(cause, kind=OperationalError):
    error = kind(str(cause))
    error.__cause__ = cause
    return error


class TroubleTests(SimpleTestCase):
    def test_what_passes_by_itself(self):
        for cause in (
            errors.LockNotAvailable,
            errors.QueryCanceled,
            errors.DeadlockDetected,
            errors.SerializationFailure,
        ):
            self.assertEqual(trouble(caused_by(cause())), BUSY)
        idle = caused_by(errors.IdleInTransactionSessionTimeout(), InternalError)
        self.assertEqual(trouble(idle), BUSY)
        self.assertEqual(trouble(OperationalError("database is locked")), BUSY)

    def test_what_takes_longer(self):
        for cause in (errors.AdminShutdown, errors.CannotConnectNow, errors.TooManyConnections):
            self.assertEqual(trouble(caused_by(cause())), AWAY)
        self.assertEqual(trouble(OperationalError("connection refused")), AWAY)
        self.assertEqual(trouble(OperationalError("attempt to write a readonly database")), AWAY)
        self.assertEqual(trouble(InterfaceError("the connection is closed")), AWAY)
        self.assertEqual(trouble(DatabaseError("database disk image is malformed")), AWAY)
        read_only = caused_by(errors.ReadOnlySqlTransaction(), InternalError)
        self.assertEqual(trouble(read_only), AWAY)

    def test_what_is_our_own_mistake(self):
        for error in (
            OperationalError("no such table: booking_show"),
            OperationalError('near "x": syntax error'),
            caused_by(errors.UndefinedTable(), ProgrammingError),
            caused_by(errors.InFailedSqlTransaction(), InternalError),
            InterfaceError("bad parameter"),
            ValueError("database is locked"),
        ):
            self.assertIsNone(trouble(error))


class RetryTests(TransactionTestCase):
    def setUp(self):
        self.tomorrow = show()
        self.alice = client_of(person("alice"))

    def book(self):
        return self.alice.post(f"/api/shows/{self.tomorrow.id}/book/", {"seat_number": 5})

    def break_(self, *troubles):
        """The lock fails with one of these each time, then works."""
        troubles = list(troubles)
        lock = turns.wait_for_turn

        def wait_for_turn(show_id, *then):
            answers = lock(show_id, *then)
            if troubles:
                raise troubles.pop(0)
            return answers

        return mock.patch("booking.box_office.selling.wait_for_turn", wait_for_turn)

    def test_what_was_rolled_back_for_another_is_tried_again(self):
        deadlock = caused_by(errors.DeadlockDetected("deadlock detected"))
        serialization = caused_by(errors.SerializationFailure("could not serialize"))
        with self.break_(deadlock, serialization, deadlock):
            self.assertEqual(self.book().status_code, 201)
        self.assertEqual(Booking.objects.count(), 1)

    def test_but_not_for_ever(self):
        deadlock = caused_by(errors.DeadlockDetected("deadlock detected"))
        with self.break_(*[deadlock] * 4), self.assertLogs("booking", "WARNING"):
            response = self.book()
        self.assertEqual((response.status_code, response.json()["code"]), (503, "busy"))
        self.assertFalse(Booking.objects.exists())

    def test_what_may_have_happened_is_not_tried_again(self):
        for error in (
            caused_by(errors.AdminShutdown("terminating connection")),
            caused_by(errors.LockNotAvailable("lock timeout")),
        ):
            with self.break_(error), self.assertLogs("booking", "WARNING"):
                self.assertEqual(self.book().status_code, 503)

    def test_the_staffs_pages_say_so_too(self):
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

    @skipUnless(ON_POSTGRESQL, "SQLite has no server that could go away")
    def test_the_request_after_a_restart_succeeds(self):
        """The worker's connection is dead, and nobody has told the worker."""
        self.assertEqual(self.book().status_code, 201)
        dead = connection.connection
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.close()
        connection.health_check_done = False  # as at the beginning of any request
        connection.health_check_enabled = True
        again = self.book()
        self.assertEqual((again.status_code, again.json()["code"]), (400, "seat_taken"))
        self.assertIsNot(connection.connection, dead)
