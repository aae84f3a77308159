"""What arrives at Sentry from the production server, with the real sentry-sdk."""

import gzip
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from unittest import skipUnless

from django.db import connection, transaction
from rest_framework_simplejwt.tokens import AccessToken

from booking.tests.factories import create_booking, create_show, create_user
from booking.tests.test_granian import GranianTestCase

FORM = "Content-Type: application/x-www-form-urlencoded"
PRIVATE = {
    "email": "carol.email@example.com",
    "username": "carol-username",
    "password": "hunter2-password",
    "token": "token-of-the-query",
    "cookie": "value-of-the-cookie",
    "key": "idempotency-key-of-carol",
    "client IP": "203.0.113.77",
}


class SentryServer(ThreadingHTTPServer):
    """Accepts every envelope and puts its text into the queue `envelopes`."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), EnvelopeHandler)
        self.envelopes = Queue()
        self.dsn = f"http://public@127.0.0.1:{self.server_port}/1"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class EnvelopeHandler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        self.server.envelopes.put(body.decode())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def unknown_constraint():
    """A unique index of which the application knows nothing."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE UNIQUE INDEX made_by_hand ON auth_user (email)")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX made_by_hand")


class SentryTestCase(GranianTestCase):
    def setUp(self):
        self.sentry = SentryServer()
        self.addCleanup(self.sentry.server_close)
        self.addCleanup(self.sentry.shutdown)
        self.environment = {"SENTRY_DSN": self.sentry.dsn, "NUM_PROXIES": "1"}
        super().setUp()
        alice = create_user("alice", email=PRIVATE["email"])
        self.token = str(AccessToken.for_user(alice))
        self.headers = (
            f"Authorization: Bearer {self.token}",
            f"Cookie: sessionid={PRIVATE['cookie']}; csrftoken={PRIVATE['cookie']}",
            f"Idempotency-Key: {PRIVATE['key']}",
            f"X-Forwarded-For: {PRIVATE['client IP']}",
        )

    def status(self, first_line, *headers, body=""):
        content = body.encode()
        headers = (*self.headers, *headers, FORM, f"Content-Length: {len(content)}")
        return self.ask(first_line, *headers, body=content)[0]

    def cause_error(self, request_id):
        fields = {name: PRIVATE[name] for name in ("username", "password", "email")}
        body = "&".join(f"{name}={value}" for name, value in fields.items())
        path = f"/api/signup/?token={PRIVATE['token']}"
        with unknown_constraint():
            status = self.status(f"POST {path}", f"X-Request-ID: {request_id}", body=body)
        self.assertEqual(status, 500)

    def next_event(self):
        """(event, text of its envelope); fails if the next envelope is of another kind."""
        text = self.sentry.envelopes.get(timeout=300)
        _, item, event = map(json.loads, text.splitlines())
        self.assertEqual(item["type"], "event")
        return event, text


class SentryTests(SentryTestCase):
    def test_error_of_a_view_arrives_without_private_data(self):
        self.cause_error("request-of-carol")
        event, text = self.next_event()
        self.assertEqual(event["transaction"], "/api/signup/")
        self.assertEqual(event["request"], {"method": "POST"})
        self.assertEqual(event["tags"]["request_id"], "request-of-carol")
        if connection.vendor == "postgresql":
            self.assertEqual(event["tags"]["sqlstate"], "23505")
        error = event["exception"]["values"][-1]
        self.assertEqual(error["type"], "IntegrityError")
        frames = [frame["function"] for frame in error["stacktrace"]["frames"]]
        self.assertIn("sign_up", frames)
        for name, secret in (PRIVATE | {"access token": self.token}).items():
            self.assertFalse(secret in text, name)  # assertNotIn would print all of it
        for name in ("user", "extra", "logentry"):
            self.assertNotIn(name, event)
        self.assertNotIn('"vars"', text)

    def test_refusals_do_not_arrive(self):
        bob = create_user("bob")
        show = create_show()
        booking = create_booking(bob, show, 5)
        book = f"POST /api/shows/{show.pk}/book/"
        self.assertEqual(self.status(book, "Idempotency-Key: 1", body="seat_number=5"), 400)
        self.assertEqual(self.ask("GET /api/my-bookings/")[0], 401)
        self.assertEqual(self.status(f"POST /api/bookings/{booking.pk}/cancel/"), 403)
        self.assertEqual(self.status("GET /api/shows/999999/"), 404)
        self.assertEqual(self.status("GET /admin/nowhere/"), 302)
        self.assertEqual(self.ask("GET /", "X: y", "Host: other.example")[0], 400)
        self.cause_error("the-first-error")
        self.assertEqual(self.next_event()[0]["tags"]["request_id"], "the-first-error")


@skipUnless(connection.vendor == "postgresql", "readers never wait on SQLite")
class UnavailableTests(SentryTestCase):
    database_options = "?options=-c%20lock_timeout%3D200"  # milliseconds

    def test_503_of_a_page_or_of_the_api_does_not_arrive(self):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE django_session, booking_show IN ACCESS EXCLUSIVE MODE")
            self.assertEqual(self.status("GET /admin/"), 500)  # DEBUG is on; else 503
            self.assertEqual(self.status("GET /api/shows/"), 503)
        self.cause_error("the-first-error")
        self.assertEqual(self.next_event()[0]["tags"]["request_id"], "the-first-error")
