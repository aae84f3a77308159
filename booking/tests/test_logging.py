"""Log lines: JSON, the access log, slow requests, Sentry."""

import io
import json
import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

import psycopg
from django.conf import settings
from django.db import OperationalError, connection
from django.test import SimpleTestCase, override_settings

from booking.logging import JsonFormatter, LineFormatter, access_log, valid_traceparent
from booking.tests.factories import ApiTestCase, api_client, create_user

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "do-not-log-me"


class LogTestCase(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.stream = io.StringIO()
        handler = logging.StreamHandler(self.stream)
        handler.setFormatter(JsonFormatter())
        root = logging.getLogger()
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)

    def lines(self, logger="booking.access"):
        found = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in found if line["logger"] == logger]


@override_settings(ACCESS_LOG=True)
class AccessLogTests(LogTestCase):
    def test_request_is_one_json_line_with_its_context(self):
        carol = create_user("carol", email=f"{SECRET}@example.com")
        client = api_client(carol)
        path = f"/api/my-bookings/?token={SECRET}"
        client.get(path, headers={"x-request-id": "r1", "traceparent": TRACEPARENT})
        [line] = self.lines()
        self.assertGreater(line.pop("milliseconds"), 0)
        self.assertIn("route=my_bookings status=400", line.pop("message"))
        self.assertRegex(line.pop("time"), r"^\d{4}-.+\+00:00$")
        self.assertEqual(
            line,
            {
                "level": "INFO",
                "logger": "booking.access",
                "request_id": "r1",
                "client_ip": "127.0.0.1",
                "traceparent": TRACEPARENT,
                "user": carol.pk,
                "method": "GET",
                "path": "/api/my-bookings/",
                "route": "my_bookings",
                "status": 400,  # of the unknown parameter
            },
        )
        self.assertNotIn(SECRET, self.stream.getvalue())
        self.assertNotIn("Bearer", self.stream.getvalue())

    def test_line_breaks_of_a_client_stay_in_one_line(self):
        path = "/nowhere\r\nforged \u2028 line"
        self.client.get(path, headers={"traceparent": f"{TRACEPARENT}\r\nx"})
        [line] = self.lines()
        self.assertNotIn("traceparent", line)
        self.assertEqual(len(self.stream.getvalue().splitlines()), 1)

    def test_page_is_logged_without_a_query_for_its_user(self):
        with self.assertNumQueries(0):
            self.client.get("/redoc/")
        self.assertEqual(self.lines()[0]["route"], "redoc")

    def test_probes_are_not_logged(self):
        self.client.get("/healthz")
        self.assertEqual(self.lines(), [])

    @override_settings(ACCESS_LOG=False)
    def test_access_log_is_off_without_the_setting(self):
        self.client.get("/api/")
        self.assertEqual(self.lines(), [])

    @override_settings(ACCESS_LOG=False, SLOW_REQUEST_MS=1)
    def test_slow_request_is_a_warning(self):
        with mock.patch("booking.middleware.perf_counter", side_effect=[0, 0.25]):
            self.client.get("/api/")
        [line] = self.lines()
        self.assertEqual((line["level"], line["milliseconds"]), ("WARNING", 250))
        with mock.patch("booking.middleware.perf_counter", side_effect=[0, 0.0005]):
            self.client.get("/api/")
        self.assertEqual(len(self.lines()), 1)

    def test_database_error_has_its_sqlstate(self):
        error = OperationalError("canceling statement due to lock timeout")
        error.__cause__ = psycopg.errors.LockNotAvailable()
        with connection.execute_wrapper(mock.Mock(side_effect=error)):
            response = self.client.get("/api/shows/")
        self.assertEqual(response.status_code, 503)
        [line] = self.lines("booking.api.errors")
        self.assertEqual((line["level"], line["sqlstate"]), ("WARNING", "55P03"))


class FormatterTests(SimpleTestCase):
    def test_plain_message_with_line_breaks_stays_one_line(self):
        record = access_log.makeRecord("x", 20, "", 0, "a\r\nb\u2028c", (), None)
        self.assertEqual(LineFormatter().format(record), "a  b c")

    def test_traceparent_is_checked(self):
        self.assertEqual(valid_traceparent(TRACEPARENT), TRACEPARENT)
        for bad in ("", "x", TRACEPARENT.upper(), "ff" + TRACEPARENT[2:], TRACEPARENT + "\n"):
            self.assertEqual(valid_traceparent(bad), "", bad)
        self.assertEqual(valid_traceparent(f"00-{'0' * 32}-b7ad6b7169203331-01"), "")


class StartTests(SimpleTestCase):
    def start(self, script="import django; django.setup()", **variables):
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=settings.BASE_DIR,
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
                **variables,
            },
            capture_output=True,
            text=True,
        )

    def test_log_format_json_writes_json(self):
        script = "import django, logging; django.setup(); logging.getLogger('x').error('é\\n%s', 1)"
        done = self.start(script, LOG_FORMAT="json")
        self.assertEqual(json.loads(done.stderr)["message"], "é\n1")
        self.assertIn("LOG_FORMAT is 'xml'", self.start(LOG_FORMAT="xml").stderr)

    def test_sentry_without_its_package_or_with_a_wrong_dsn_does_not_start(self):
        done = self.start(SENTRY_DSN=f"https://{SECRET}@/1")
        self.assertIn("SENTRY_DSN is not understood.", done.stderr)
        self.assertNotIn(SECRET, done.stderr)
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "sentry_sdk.py").write_text("raise ImportError")
            done = self.start(SENTRY_DSN=f"https://{SECRET}@sentry.example/1", PYTHONPATH=folder)
        self.assertIn("the package sentry-sdk must be installed", done.stderr)
        self.assertNotIn(SECRET, done.stderr)
