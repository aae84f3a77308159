"""What must hold behind each proxy of deploy/. Subclasses: nginx.py, haproxy.py, squid.py.

`make proxy-test` runs this folder; pytest does not, as no file here begins with `test_`.
"""

import gzip
import json
import ssl
import unittest
from contextlib import ExitStack, suppress
from http.client import HTTPResponse
from itertools import count

from .system import DEADLINE, HOST, PASSWORD, Client, find_program

TOO_LARGE = {"detail": "The body of this request is too large.", "code": "body_too_large"}
UNAVAILABLE = {
    "detail": "Booking is unavailable right now. Please try again later.",
    "code": "unavailable",
}
LISTS = ("/api/shows/", "/api/movies/", "/api/movies/1/shows/", "/api/shows/1/seats/")
DOCUMENTS = ("/swagger.json", "/static/booking/swagger.css")
ADDRESSES = (f"127.0.0.{number}" for number in count(10))  # one for each test that is throttled


class ProxyTestCase(unittest.TestCase):
    """Base class: the proxies of a class run while its tests do. Skipped if one is missing."""

    programs: tuple = ()

    @classmethod
    def setUpClass(cls):
        missing = [name for name in (*cls.programs, "openssl") if not find_program(name)]
        if missing:
            raise unittest.SkipTest(f"not installed: {', '.join(missing)}")
        with ExitStack() as stack:
            cls.proxy = cls.start(stack)
            cls.client = Client(cls.proxy)
            cls.addClassCleanup(stack.pop_all().close)

    @classmethod
    def start(cls, stack):
        """Start the application and the proxies; return the outermost proxy."""
        raise NotImplementedError

    def assertJSON(self, response, status, body):
        self.assertEqual((response.status, json.loads(response.content)), (status, body))

    def log_in(self, client=None, password=PASSWORD, headers=(), **more):
        body = {"username": "stella", "password": password}
        return (client or self.client).post("/api/login/", body, headers, **more)

    def connect(self, client=None):
        """A raw TLS connection to the proxy."""
        connection = (client or self.client).connect()
        connection.connect()
        self.addCleanup(connection.close)
        return connection.sock

    def read_response(self, sock):
        response = HTTPResponse(sock)
        response.begin()
        response.content = response.read()
        return response


class EveryProxyTests:
    """Mixin of tests, for a ProxyTestCase whose `granian` is the application."""

    always_304 = True  # if nothing has changed since the ETag of the request

    def test_customer_books_a_seat(self):
        account = {"username": "alice", "password": PASSWORD}
        self.assertEqual(self.client.post("/api/signup/", account).status, 201)
        tokens = json.loads(self.client.post("/api/login/", account).content)
        headers = {"Authorization": f"Bearer {tokens['access']}"}
        booked = self.client.post("/api/shows/1/book/", {"seat_number": 5}, headers)
        self.assertEqual(booked.status, 201)
        mine = json.loads(self.client.get("/api/my-bookings/", headers).content)
        self.assertEqual([each["seat_number"] for each in mine], [5])
        again = self.client.post("/api/shows/1/book/", {"seat_number": 5}, headers)
        self.assertEqual((again.status, json.loads(again.content)["code"]), (400, "seat_taken"))
        seats = self.client.get("/api/shows/1/seats/", headers)
        self.assertEqual(json.loads(seats.content)["mine"]["booked"], [5])
        headers["If-None-Match"] = seats.headers["ETag"]
        self.assertEqual(self.client.get("/api/shows/1/seats/", headers).status, 304)
        anonymous = json.loads(self.client.get("/api/shows/1/seats/").content)
        self.assertNotIn("mine", anonymous)

    def test_chunked_body_is_read(self):
        response = self.log_in(chunked=True)
        self.assertEqual((response.status, set(json.loads(response.content))), TOKENS)

    def test_response_is_complete_after_a_304(self):
        for path in LISTS + DOCUMENTS:
            with self.subTest(path):
                first = self.client.get(path)
                self.assertEqual(first.status, 200)
                self.assertGreater(len(first.content), 10)
                name = "If-None-Match" if "ETag" in first.headers else "If-Modified-Since"
                tag = {name: first.headers["ETag"] or first.headers["Last-Modified"]}
                for headers in (tag, {}, {"Cache-Control": "max-age=0"}, tag, {}):
                    response = self.client.get(path, headers)
                    if headers is tag and (self.always_304 or response.status != 200):
                        self.assertNotModified(response)
                    else:
                        self.assertEqual(response.status, 200)
                        self.assertEqual(response.content, first.content)

    def assertNotModified(self, response):
        self.assertEqual((response.status, response.content), (304, b""))
        self.assertNotEqual(response.headers["Content-Length"], "0")

    def test_compressed_response_is_complete_and_revalidated(self):
        plain = self.client.get("/swagger.json")
        packed = self.client.get("/swagger.json", {"Accept-Encoding": "gzip"})
        self.assertEqual(packed.headers["Content-Encoding"], "gzip")
        self.assertEqual(gzip.decompress(packed.content), plain.content)
        headers = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
        again = self.client.get("/swagger.json", headers)
        if self.always_304:
            self.assertNotModified(again)
        else:
            self.assertEqual(gzip.decompress(again.content), plain.content)

    def test_links_are_relative(self):
        links = json.loads(self.client.get("/api/").content)
        self.assertEqual(links["movies"], "/api/movies/")
        first = self.client.get("/api/shows/?page_size=1")
        link, _, relation = first.headers["Link"].partition(">; ")
        self.assertEqual((link[:21], relation), ("</api/shows/?cursor=W", 'rel="next"'))
        following = json.loads(self.client.get(link[1:]).content)
        self.assertEqual([each["id"] for each in following], [2])
        document = json.loads(self.client.get("/swagger.json").content)
        self.assertEqual((document["basePath"], document.get("host")), ("/", None))

    def test_redirects_are_relative(self):
        for path, status, target in (("/", 302, "/swagger/"), ("/redoc", 301, "/redoc/")):
            response = self.client.get(path)
            self.assertEqual((response.status, response.headers["Location"]), (status, target))

    def test_plain_http_is_refused_by_the_api_and_redirected_elsewhere(self):
        for headers in ({}, {"X-Forwarded-Proto": "https"}, {"X_Forwarded_Proto": "https"}):
            with self.subTest(headers):
                api = self.client.get("/api/my-bookings/", headers, tls=False)
                self.assertEqual(
                    (api.status, json.loads(api.content)["code"]), (403, "https_required")
                )
                page = self.client.get("/admin/login/", headers, tls=False)
                target = f"https://{HOST}/admin/login/"
                self.assertEqual((page.status, page.headers["Location"]), (301, target))
        for spoofed in ("X-Forwarded-Proto", "X_Forwarded_Proto", "X-Forwarded_Proto"):
            secure = self.client.get("/api/movies/", {spoofed: "http"})
            self.assertEqual(secure.status, 200)
            self.assertIn("max-age", secure.headers["Strict-Transport-Security"])

    def test_client_ip_cannot_be_spoofed(self):
        """Neither in the log nor in the throttle."""
        client, other = Client(self.proxy, next(ADDRESSES)), Client(self.proxy, next(ADDRESSES))
        names = ("X-Forwarded-For", "X_Forwarded_For", "X-Forwarded_For", "x_forwarded-for")
        spoofed = [{name: "203.0.113.9"} for name in names]
        spoofed += [
            {"X-Forwarded-For": "203.0.113.8, 203.0.113.9", "X_Forwarded_For": "203.0.113.9"},
            {"X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"},
            {"X-Forwarded-For": ""},
        ]
        for number, headers in enumerate(spoofed):
            request_id = f"{client.ip}-{number}"
            response = self.log_in(client, "wrong", headers | {"X-Request-ID": request_id})
            self.assertEqual(response.status, 401 if number < 3 else 429, headers)
            if response.status == 401:
                line = f"[{request_id} {client.ip}]: event=login_failed"
                self.assertIn(line, self.granian_log())
        self.assertNotIn("203.0.113.", self.granian_log())
        self.assertEqual(self.log_in(other, "wrong").status, 401)

    def granian_log(self):
        return self.granian.log.read_text(encoding="utf-8", errors="replace")

    def test_body_too_large_is_refused(self):
        body = json.dumps({"username": "x" * 70_000}).encode()
        headers = {"Content-Type": "application/json"}
        for path in ("/api/login/", "/api/shows/1/book/"):
            for chunked in (False, True):
                with self.subTest(path, chunked=chunked):
                    response = self.send_too_much(path, body, headers, chunked=chunked)
                    self.assertJSON(response, 413, TOO_LARGE)
        sock = self.connect()
        sock.sendall(head("POST", "/admin/login/", "Content-Length: 400000000") + b"x" * 1000)
        self.assertEqual(self.read_response(sock).status, 413)
        self.assertEqual(self.client.get("/api/movies/").status, 200)

    def send_too_much(self, path, body, headers, *, chunked):
        """The response can be lost if the connection is closed while the body is being sent."""
        for _ in range(20):
            with suppress(ConnectionError, ssl.SSLEOFError):
                return self.client.post(path, body, headers, chunked=chunked)
        self.fail("No response.")

    def test_body_at_the_limit_is_accepted(self):
        body = json.dumps({"username": "", "password": ""}).encode()
        body += b" " * (64 * 1024 - len(body))
        response = self.client.post("/api/login/", body, {"Content-Type": "application/json"})
        self.assertEqual(response.status, 400)
        self.assertEqual(set(json.loads(response.content)), {"username", "password", "codes"})

    def test_large_header_is_refused(self):
        for headers in ({"X-Large": "x" * 40_000}, {"Cookie": "a=" + "x" * 40_000}):
            response = self.client.get("/api/movies/", headers)
            self.assertIn(response.status, (400, 413, 431))
        self.assertEqual(self.client.get("/api/movies/").status, 200)

    def test_half_sent_bodies_do_not_keep_the_worker_waiting(self):
        """The application has one worker, which handles one request at a time."""
        waiting = []
        for size, sent, path in (
            *((100, 50, "/api/login/"), (60_000, 1, "/api/login/")),
            *((60_000, 40_000, "/api/login/"), (100, 0, "/admin/login/")),
        ):
            sock = self.connect()
            sock.sendall(head("POST", path, JSON, f"Content-Length: {size}") + b"x" * sent)
            waiting.append((sock, b"x" * (size - sent), path))
        sock = self.connect()
        sock.sendall(
            head("POST", "/api/login/", JSON, "Transfer-Encoding: chunked") + b"5\r\nxxxxx"
        )
        waiting.append((sock, b"\r\n0\r\n\r\n", "/api/login/"))
        for _ in range(3):
            self.assertEqual(self.client.get("/api/my-bookings/").status, 401)
        for sock, rest, path in waiting:
            sock.sendall(rest)
            expected = 400 if path.startswith("/api/") else 403  # without a CSRF token
            self.assertEqual(self.read_response(sock).status, expected)

    def test_slow_clients_are_disconnected(self):
        """After ten to thirty seconds: half a header, half a body, nothing at all."""
        parts = (head("GET", "/api/")[:-2], head("POST", "/api/login/", "Content-Length: 9") + b"x")
        sockets = []
        for part in (*parts, b""):
            sock = self.connect()
            sock.sendall(part)
            sockets.append(sock)
        for sock in sockets:
            sock.settimeout(DEADLINE)
            try:
                answer = sock.recv(1000)
            except (ConnectionResetError, ssl.SSLEOFError):
                continue
            self.assertIn(answer[9:12], (b"", b"408"))


JSON = "Content-Type: application/json"
TOKENS = (200, {"access", "refresh"})


def head(method, path, *headers):
    lines = (f"{method} {path} HTTP/1.1", f"Host: {HOST}", *headers)
    return "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n"
