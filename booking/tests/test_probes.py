"""The probes `/healthz` and `/readyz`."""

import threading
from io import BytesIO
from unittest import mock

from django.db import DatabaseError, connection
from django.db.backends.signals import connection_created
from django.db.migrations.recorder import MigrationRecorder
from django.test import SimpleTestCase, TransactionTestCase, override_settings

from booking import probes
from booking.tests.environment import lift_time_limits
from movie_booking.wsgi import application

TOKEN = "probe-token-of-the-test"
ALL_OK = {"database": "ok", "migrations": "ok", "time_limits": "ok", "cache": "ok"}
AWAY = {"REMOTE_ADDR": "203.0.113.7"}


@override_settings(ALLOWED_HOSTS=["tickets.example"], HTTPS=True, SECURE_SSL_REDIRECT=True)
class HealthTests(SimpleTestCase):  # which forbids every query
    def test_healthz_answers_ok_for_any_host_over_plain_http(self):
        for host in ("tickets.example", "10.0.0.7:8000", "a b<>", ""):
            with self.subTest(host):
                response = self.client.get("/healthz", headers={"host": host})
                self.assertEqual((response.status_code, response.json()), (200, {"status": "ok"}))
                self.assertEqual(response["Cache-Control"], "no-store")

    def test_healthz_answers_http_1_0_without_host(self):
        started = []
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/healthz",
            "SERVER_NAME": "_",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.0",
            "wsgi.input": BytesIO(),
            "wsgi.url_scheme": "http",
        }
        body = application(environ, lambda status, headers: started.append(status))
        self.assertEqual((started, b"".join(body)), (["200 OK"], b'{"status": "ok"}'))

    def test_head_has_no_body(self):
        response = self.client.head("/healthz")
        self.assertEqual((response.status_code, response.content), (200, b""))
        self.assertEqual(response["Content-Length"], "16")

    def test_other_methods_are_refused(self):
        for path in ("/healthz", "/readyz"):
            for method in ("post", "put", "delete", "options", "patch"):
                with self.subTest(path=path, method=method):
                    response = getattr(self.client, method)(path)
                    self.assertEqual((response.status_code, response["Allow"]), (405, "GET, HEAD"))
                    self.assertEqual(response.json()["code"], "method_not_allowed")

    def test_healthz_is_not_logged(self):
        with self.assertNoLogs():
            self.client.get("/healthz")
            self.client.post("/healthz")

    def test_other_addresses_are_no_probes(self):
        for path in ("/healthz/", "/readyz/", "/Healthz"):
            response = self.client.get(path, headers={"host": "tickets.example"})
            self.assertNotEqual(response.status_code, 200)


class ReadinessTests(TransactionTestCase):
    def setUp(self):
        # The tests lift the time limits, and here they are looked for.
        connection_created.disconnect(dispatch_uid="tests")
        self.addCleanup(connection_created.connect, lift_time_limits, dispatch_uid="tests")

    def check(self, expected_status=200, **request):
        response = self.client.get("/readyz", **request)
        self.assertEqual(response.status_code, expected_status, response.content)
        return response.json()

    def check_failing(self, **expected):
        with self.assertLogs("booking.probes", "WARNING") as logged, self.assertNoLogs("django"):
            body = self.check(503)
            from_away = self.check(503, **AWAY)
        self.assertEqual(body, {"status": "unavailable", "checks": {**ALL_OK, **expected}})
        self.assertEqual(from_away, {"status": "unavailable"})
        self.assertEqual(len(logged.output), 2)

    def test_readyz_answers_ok(self):
        self.assertEqual(self.check(), {"status": "ok", "checks": ALL_OK})

    @override_settings(NUM_PROXIES=1, PROBE_TOKEN=TOKEN, CLIENT_IP_HEADER="CF-Connecting-IP")
    def test_checks_are_named_to_this_host_and_with_the_token_only(self):
        for knows, headers, address in (
            (True, {}, "127.0.0.1"),
            (True, {}, "::1"),
            (False, {}, "203.0.113.7"),
            (False, {}, ""),
            (False, {"x-forwarded-for": "127.0.0.1"}, "127.0.0.1"),  # through a proxy
            (False, {"cf-connecting-ip": "127.0.0.1"}, "127.0.0.1"),
            (False, {"forwarded": "for=127.0.0.1"}, "::1"),
            (True, {"authorization": f"Bearer {TOKEN}"}, "203.0.113.7"),
            (True, {"authorization": f"bearer {TOKEN}"}, "203.0.113.7"),
            (False, {"authorization": f"Bearer {TOKEN}x"}, "203.0.113.7"),
            (False, {"authorization": TOKEN}, "203.0.113.7"),
            (False, {"authorization": "Bearer é"}, "203.0.113.7"),
        ):
            with self.subTest(headers, address=address):
                body = self.check(headers=headers, REMOTE_ADDR=address)
                self.assertEqual("checks" in body, knows)

    @override_settings(PROBE_TOKEN="")
    def test_empty_token_is_nobodys(self):
        for value in ("Bearer ", "Bearer", ""):
            body = self.check(headers={"authorization": value}, **AWAY)
            self.assertEqual(body, {"status": "ok"})

    def test_missing_migration_is_named(self):
        name = "0023_mails_of_reservations"
        rows = MigrationRecorder(connection).migration_qs.filter(app="booking", name=name)
        [row] = rows
        rows.delete()
        self.addCleanup(row.save, force_insert=True)
        self.check_failing(migrations=f"not applied: booking.{name}")

    def test_migration_of_a_newer_version_is_no_fault(self):
        newer = MigrationRecorder(connection).migration_qs.create(app="booking", name="9999_newer")
        self.addCleanup(newer.delete)
        self.check()

    def test_database_that_cannot_be_reached_is_named(self):
        error = f"failed: {DatabaseError.__name__}"
        with mock.patch.dict(
            probes.CHECKS, database=mock.Mock(side_effect=DatabaseError("host=secret"))
        ):
            self.check_failing(database=error)

    def test_missing_time_limit_is_named(self):
        if connection.vendor != "postgresql":
            self.assertEqual(self.check()["checks"]["time_limits"], "ok")
            return
        connection_created.connect(lift_time_limits, dispatch_uid="tests")
        checks = "idle_in_transaction_session_timeout is not set."
        with self.assertLogs("booking.probes", "WARNING"):
            self.assertIn(checks, self.check(503)["checks"]["time_limits"])

    def test_cache_that_keeps_nothing_is_named(self):
        with mock.patch("booking.cache.DatabaseCounterCache.read_counters", return_value=[0]):
            self.check_failing(cache="not written")

    def test_check_that_hangs_is_given_up_and_shared(self):
        release, runs = threading.Event(), []

        def hang():
            runs.append(1)
            release.wait()
            return "ok"

        with (
            mock.patch.dict(probes.CHECKS, migrations=hang),
            mock.patch.object(probes, "DEADLINE", 0.2),
        ):
            try:
                later = dict.fromkeys(["migrations", "time_limits", "cache"], "timed out")
                self.check_failing(**({"database": mock.ANY} | later))
                self.assertEqual(len(runs), 1)  # of two probes
            finally:
                release.set()
                probes.CHECK_RUN.thread.join()
        self.check()
