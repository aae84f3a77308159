"""Bodies and headers on the wire: the production server (granian) in a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from benchmarks.servers import free_port
from booking.tests.factories import create_show, create_user
from booking.tokens import open_session


def database_url():
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return os.environ["DATABASE_URL"].rsplit("/", 1)[0] + f"/{name}"


class GranianTests(TransactionTestCase):
    def setUp(self):
        self.port = free_port()
        self.server = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi"),
                *("--port", str(self.port), "--log-level", "critical"),
                "movie_booking.wsgi:application",
            ],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": database_url(), "SECRET_KEY": settings.SECRET_KEY},
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
                if time.monotonic() > deadline:
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
