"""Guards of PostgreSQL connections: deadlines, COMMIT warnings, durable commits, time limits."""

from contextlib import closing
from io import StringIO
from threading import Thread
from unittest import skipUnless

from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.signals import connection_created
from django.test import TransactionTestCase, override_settings

from booking.db.guards import DURABILITY, missing_guards
from booking.models import Booking, IdempotencyKey
from booking.tests.environment import lift_time_limits
from booking.tests.factories import api_client, create_show, create_user

ON_POSTGRESQL = connection.vendor == "postgresql"
NO_ANSWER = "SELECT pg_sleep(2.5)"


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else None


@skipUnless(hasattr(connection, "has_pipeline"), "Django's own backend")
class DeadlineTests(TransactionTestCase):
    @override_settings(DATABASE_DEADLINE=1.5)
    def test_server_that_does_not_answer_in_time_is_given_up(self):
        for ask in (
            lambda other: other.run_pipeline([(NO_ANSWER, [])]),
            lambda other: other.cursor().execute(NO_ANSWER),
        ):
            with closing(connection.copy()) as other:
                other.ensure_connection()
                lost = other.connection
                with self.assertRaises(OperationalError):
                    ask(other)
                other.close_if_unusable_or_obsolete()  # as at the end of a request
                self.assertTrue(lost.closed)

    @override_settings(DATABASE_DEADLINE=None)
    def test_without_a_deadline_every_answer_is_waited_for(self):
        with closing(connection.copy()) as other:
            self.assertEqual(other.run_pipeline([("SELECT 1 FROM pg_sleep(0.3)", [])]), [[(1,)]])


@skipUnless(hasattr(connection, "has_pipeline"), "Django's own backend")
class CommitWarningTests(TransactionTestCase):
    """PostgreSQL warns if an operator cancels the wait for a standby: the commit is local only."""

    def setUp(self):
        self.show = create_show()
        self.alice_client = api_client(create_user("alice"))
        execute(
            "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE WARNING 'canceling wait'; RETURN NULL; END $$"
        )
        self.addCleanup(execute, "DROP FUNCTION warn CASCADE")

    def warn(self, when):
        execute(
            f"CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON booking_booking "
            f"DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE FUNCTION warn()"
        )

    def book(self, seat_number=5, **headers):
        path = f"/api/shows/{self.show.id}/book/"
        return self.alice_client.post(path, {"seat_number": seat_number}, headers=headers)

    def test_commit_with_a_warning_is_503_and_its_outcome_is_told_by_the_key(self):
        self.warn("DEFERRED")
        with self.assertLogs("booking", "WARNING"):
            open_outcome = self.book(**{"Idempotency-Key": "k"})
        found = (open_outcome.status_code, open_outcome.json()["code"])
        self.assertEqual(found, (503, "unavailable"))
        again = self.book(**{"Idempotency-Key": "k"})
        self.assertEqual((again.status_code, again["Idempotency-Replayed"]), (201, "true"))
        self.assertEqual((Booking.objects.count(), IdempotencyKey.objects.count()), (1, 1))

    def test_plain_commit_with_a_warning_is_an_error(self):
        self.warn("DEFERRED")
        alice = self.alice_client.get("/api/me/").json()["id"]
        with self.assertRaises(OperationalError), transaction.atomic():
            Booking.objects.create(user_id=alice, show=self.show, seat_number=5)

    def test_warning_before_commit_is_none_of_its_own(self):
        self.warn("IMMEDIATE")
        self.assertEqual(self.book().status_code, 201)


@skipUnless(hasattr(connection, "has_pipeline"), "Django's own backend")
class SharedConnectionTests(TransactionTestCase):
    def test_thread_waits_until_another_one_has_its_rows(self):
        """From the conversion of its parameters on: both use the converter of the connection."""
        shared = connections["default"]  # `connection` is another one in each thread
        shared.ensure_connection()
        shared.inc_thread_sharing()
        self.addCleanup(shared.dec_thread_sharing)
        rows = []
        thread = Thread(target=lambda: rows.extend(shared.run_pipeline([("SELECT 2", [])])))
        with shared.pipeline.lock:
            thread.start()
            self.assertEqual(shared.run_pipeline([("SELECT 1", [])]), [[(1,)]])
            thread.join(0.2)
            self.assertEqual(rows, [])
        thread.join()
        self.assertEqual(rows, [[(2,)]])


@skipUnless(hasattr(connection, "has_pipeline"), "Django's own backend")
class PoolerTests(TransactionTestCase):
    """`DATABASE_POOLER=on`: nothing is prepared."""

    def setUp(self):
        connection.has_pipeline = False
        self.addCleanup(setattr, connection, "has_pipeline", True)

    def test_booking_prepares_no_statement(self):
        show, alice_client = create_show(), api_client(create_user("alice"))
        execute("DEALLOCATE ALL")
        for headers in ({}, {"Idempotency-Key": "k"}):
            seat = {"seat_number": 5 + len(headers)}
            booked = alice_client.post(f"/api/shows/{show.id}/book/", seat, headers=headers)
            self.assertEqual(booked.status_code, 201)
        self.assertEqual(execute("SELECT count(*) FROM pg_prepared_statements"), [(0,)])

    @override_settings(DATABASE_POOLER=True)
    def test_new_connection_has_no_pipeline(self):
        self.assertFalse(connection.copy().has_pipeline)


@skipUnless(ON_POSTGRESQL, "SQLite has no server")
class RoleTests(TransactionTestCase):
    """What the server or the role has set, and `manage.py tune_database`."""

    def setUp(self):
        self.addCleanup(self.reset)
        connection_created.disconnect(lift_time_limits, dispatch_uid="tests")
        self.addCleanup(connection_created.connect, lift_time_limits, dispatch_uid="tests")

    def reset(self):
        execute(f"ALTER ROLE CURRENT_USER IN DATABASE {self.database} RESET ALL")
        DURABILITY.clear()

    @property
    def database(self):
        return connection.ops.quote_name(connection.settings_dict["NAME"])

    def set_for_role(self, name, value):
        execute(f"ALTER ROLE CURRENT_USER IN DATABASE {self.database} SET {name} = '{value}'")

    def show(self, name, *, pooler=False):
        """The value on a new connection."""
        DURABILITY.clear()
        options = connection.settings_dict["OPTIONS"] | ({"options": ""} if pooler else {})
        other = connection.copy()
        other.settings_dict = other.settings_dict | {"OPTIONS": options}
        with (
            override_settings(DATABASE_POOLER=pooler),
            closing(other),
            other.cursor() as cursor,
        ):
            cursor.execute(f"SHOW {name}")
            return cursor.fetchone()[0]

    def tune(self, *arguments):
        output = StringIO()
        connection.close()  # as in a new process
        call_command("tune_database", *arguments, stdout=output)
        return output.getvalue()

    def test_synchronous_commit_that_loses_commits_is_raised(self):
        for value, expected in [
            ("off", "on"),
            ("local", "on"),
            ("remote_apply", "remote_apply"),
            ("remote_write", "remote_write"),
        ]:
            with self.subTest(value):
                self.set_for_role("synchronous_commit", value)
                self.assertEqual(self.show("synchronous_commit"), expected)

    def test_synchronous_commit_that_loses_commits_is_refused_behind_a_pooler(self):
        self.set_for_role("synchronous_commit", "off")
        with self.assertRaisesMessage(ImproperlyConfigured, "synchronous_commit = off"):
            self.show("synchronous_commit", pooler=True)
        self.assertIn("SET synchronous_commit = 'on';", self.tune())
        self.assertEqual(self.show("synchronous_commit", pooler=True), "on")

    def test_server_without_fsync_is_refused_in_production(self):
        if execute("SHOW fsync") == [("on",)]:
            self.skipTest("the server of this run has fsync on")
        self.assertEqual(self.show("fsync"), "off")
        with (
            override_settings(REQUIRE_FSYNC=True),
            self.assertRaisesMessage(ImproperlyConfigured, "fsync = off"),
        ):
            self.show("fsync")

    def test_tune_database_sets_what_a_pooler_does_not_pass_on(self):
        self.assertEqual(self.show("lock_timeout", pooler=True), "0")
        self.assertIn("SET lock_timeout = '3s';", self.tune("--dry-run"))
        self.assertEqual(self.show("lock_timeout", pooler=True), "0")
        for _ in range(2):
            self.tune()
        self.assertEqual(self.show("lock_timeout", pooler=True), "3s")
        self.assertEqual(self.show("statement_timeout", pooler=True), "5s")

    def test_missing_time_limits_are_named(self):
        execute("SET lock_timeout = 0")
        self.addCleanup(execute, "SET lock_timeout = '3s'")
        sentence = "lock_timeout is not set. `manage.py tune_database` sets it for the role."
        self.assertIn(sentence, missing_guards(connection))
        found = [each.msg for each in run_checks(databases=["default"])]
        self.assertIn(sentence, found)

    def test_tune_database_that_fails_says_so_and_changes_nothing(self):
        self.set_for_role("default_transaction_read_only", "on")
        words = "Nothing was changed: cannot execute ALTER ROLE in a read-only transaction"
        with self.assertRaisesMessage(CommandError, words):
            self.tune()
        execute("SET default_transaction_read_only = off")
        self.assertEqual(self.show("lock_timeout", pooler=True), "0")


@skipUnless(not ON_POSTGRESQL, "PostgreSQL has roles")
class SqliteTests(TransactionTestCase):
    def test_tune_database_is_refused(self):
        with self.assertRaisesMessage(CommandError, "SQLite has no roles"):
            call_command("tune_database")
        self.assertEqual(missing_guards(connection), [])
