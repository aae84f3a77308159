"""Why a proxy is needed: what granian alone does not do."""

import json
import socket

from .every_proxy import JSON, ProxyTestCase, head
from .system import DEADLINE, Client, Granian


class GranianTests(ProxyTestCase):
    @classmethod
    def start(cls, stack):
        return stack.enter_context(Granian())

    def connect(self):
        sock = socket.create_connection(("127.0.0.1", self.proxy.port), DEADLINE)
        self.addCleanup(sock.close)
        return sock

    def test_half_sent_body_keeps_the_worker_waiting(self):
        half = self.connect()
        half.sendall(head("POST", "/api/login/", HTTPS, JSON, "Content-Length: 2") + b"{")
        for _ in range(100):  # until the worker has begun with it
            other = self.connect()
            other.sendall(head("GET", "/api/movies/", HTTPS))
            other.settimeout(1)
            try:
                other.recv(1)
            except TimeoutError:
                break
        else:
            self.fail("The worker did not wait.")
        half.sendall(b"}")
        self.assertEqual(self.read_response(half).status, 400)
        other.settimeout(DEADLINE)
        self.assertEqual(other.recv(12), b"HTTP/1.1 200")

    def test_header_with_underscores_is_taken_for_the_real_one(self):
        sock = self.connect()
        body = json.dumps({"username": "stella", "password": "wrong"})
        spoofed, length = "X_Forwarded_For: 203.0.113.9", f"Content-Length: {len(body)}"
        sock.sendall(head("POST", "/api/login/", HTTPS, JSON, spoofed, length) + body.encode())
        self.assertEqual(self.read_response(sock).status, 401)
        self.assertIn(" 203.0.113.9]: event=login_failed", self.proxy.log.read_text())

    def test_http2_without_tls_is_switched_off(self):
        sock = self.connect()
        sock.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]))
        self.assertNotEqual(sock.recv(9)[3:4], b"\x04")  # a SETTINGS frame
        upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: ")
        sock = self.connect()
        sock.sendall(head("GET", "/api/movies/", HTTPS, *upgrade))
        self.assertEqual(sock.recv(12), b"HTTP/1.1 200")

    def test_large_header_is_refused(self):
        response = Client(self.proxy).get("/api/movies/", {"X-Large": "x" * 300_000}, tls=False)
        self.assertEqual(response.status, 431)


HTTPS = "X-Forwarded-Proto: https"
