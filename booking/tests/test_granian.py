"""The production server (granian) in a process of its own: the wire, and threads."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from unittest import skipUnless

from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from rest_framework_simplejwt.tokens import AccessToken

from benchmarks.servers import free_port
from booking.models import Booking, Show
from booking.tests.factories import create_show, create_user
from booking.tokens import open_session


def database_url():
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"


class GranianTestCase(TransactionTestCase):
    """Starts granian for each test. `ask` sends it a request."""

    arguments = ()  # of granian
    database_options = ""  # added to DATABASE_URL
    environment = {}

    def setUp(self):
        self.port = free_port()
        self.server = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi"),
                *("--port", str(self.port), "--log-level", "critical", *self.arguments),
                "movie_booking.wsgi:application",
            ],
            cwd=settings.BASE_DIR,
            env=os.environ
            | {
                "DATABASE_URL": database_url() + self.database_options,
                "SECRET_KEY": settings.SECRET_KEY,
                "TICKET_KEYS": ",".join(settings.TICKET_KEYS),
            }
            | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.server.wait, 300)
        self.addCleanup(self.server.terminate)
        deadline = time.monotonic() + 300
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
            except OSError:
                if time.monotonic() > deadline or self.server.poll() is not None:
                    raise
                time.sleep(0.1)

    def ask(self, first_line, *headers, body=b""):
        """(status, headers in lower case, body) as they are on the wire."""
        lines = [f"{first_line} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
        with socket.create_connection(("127.0.0.1", self.port), timeout=300) as client:
            client.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            received = b"".join(iter(lambda: client.recv(65_536), b""))
        head, _, content = received.partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        return (
            int(lines[0].split()[1]),
            dict(re.split(": *", each, maxsplit=1) for each in lines[1:]),
            content,
        )


class WireTests(GranianTestCase):
    def test_responses_and_bodies_on_the_wire(self):
        alice = create_user("alice")
        show = create_show()
        for path in (
            f"/api/movies/{show.movie_id}/",
            "/api/shows/",
            f"/api/shows/{show.pk}/seats/",
            "/static/admin/css/base.css",
        ):
            with self.subTest(path):
                etag = self.ask(f"GET {path}")[1]["etag"]
                status, headers, content = self.ask(f"GET {path}", f"If-None-Match: {etag}")
                self.assertEqual((status, content), (304, b""))
                self.assertNotIn("content-length", headers)
                self.assertNotIn("transfer-encoding", headers)

        token = open_session(user=alice)
        chunked = ("Content-Type: application/json", "Transfer-Encoding: chunked")
        body = json.dumps({"refresh": str(token)}).encode()
        body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:]))
        status, headers, content = self.ask("POST /api/logout/", *chunked, body=body + b"0\r\n\r\n")
        self.assertEqual((status, content), (204, b""))
        self.assertNotIn("content-length", headers)

        large = b"10000\r\n" + b"x" * 2**16 + b"\r\n1\r\nx\r\n0\r\n\r\n"
        for path in ("/api/login/", "/admin/login/"):
            self.assertEqual(self.ask(f"POST {path}", *chunked, body=large)[0], 413)

        both = (*chunked, "Content-Length: 2")
        empty = b"2\r\n{}\r\n0\r\n\r\n"
        status, _, content = self.ask("POST /api/login/", *both, body=empty)
        self.assertEqual((status, json.loads(content)["codes"]["username"]), (400, ["required"]))
        two = ("Content-Length: 2", "Content-Length: 3")
        self.assertEqual(self.ask("POST /api/login/", *two, body=b"{}x")[0], 400)
        gzip = ("Transfer-Encoding: gzip, chunked", "Content-Type: application/json")
        status, _, content = self.ask("POST /api/login/", *gzip, body=empty)
        self.assertEqual(status, 411)
        self.assertIn(b'"code": "length_required"', content)


@skipUnless(connection.vendor == "postgresql", "SQLite locks the whole file")
class ThreadTests(GranianTestCase):
    """One worker, without time limits: who waits for a lock waits until the test releases it."""

    arguments = ("--workers", "1", "--blocking-threads", "4")
    database_options = "?options=-c%20lock_timeout%3D0%20-c%20statement_timeout%3D0"
    environment = {"DATABASE_DEADLINE_SECONDS": "0"}

    def book(self, show, seat_number):
        body = b'{"seat_number": %d}' % seat_number
        headers = ("Content-Type: application/json", f"Content-Length: {len(body)}")
        status, _, content = self.ask(
            f"POST /api/shows/{show.pk}/book/",
            f"Authorization: Bearer {self.token}",
            *headers,
            body=body,
        )
        return status, json.loads(content)["seat_number"]

    def wait_until_locks_are_awaited(self, number):
        deadline = time.monotonic() + 300
        with connection.cursor() as cursor:
            while True:
                cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
                if cursor.fetchone()[0] == number:
                    return
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)

    def test_book_while_three_threads_wait_for_one_show_sells_others(self):
        self.token = AccessToken.for_user(create_user("alice"))
        locked = create_show()
        others = [create_show(locked.movie) for _ in range(3)]
        with ThreadPoolExecutor(3) as customers:
            with transaction.atomic():
                Show.objects.select_for_update().get(pk=locked.pk)
                waiting = [customers.submit(self.book, locked, seat) for seat in (1, 2, 3)]
                self.wait_until_locks_are_awaited(3)
                for show in others:
                    self.assertEqual(self.book(show, 5), (201, 5))
                lists = self.ask("GET /api/shows/")
                self.assertEqual((lists[0], len(json.loads(lists[2]))), (200, 4))
                self.assertFalse(any(each.done() for each in waiting))
            self.assertEqual([each.result(300) for each in waiting], [(201, 1), (201, 2), (201, 3)])
        self.assertEqual(Booking.objects.filter(status="booked").count(), 6)
