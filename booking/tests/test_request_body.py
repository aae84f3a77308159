"""Bodies without a length are read, or refused; every body has a limit. Never an empty body."""

import json
from io import BytesIO, StringIO
from wsgiref.handlers import SimpleHandler

from asgiref.sync import async_to_sync
from django.conf import settings
from django.http import HttpResponse
from django.test import RequestFactory, TransactionTestCase, override_settings
from django.urls import reverse
from rest_framework_simplejwt.tokens import AccessToken

from booking.middleware import ResponseHeadersMiddleware
from booking.tests.applications import CHUNKED, HTTP2, Input, ask_asgi, ask_wsgi
from booking.tests.factories import (
    ApiTestCase,
    create_booking,
    create_movie,
    create_show,
    create_user,
)
from booking.tests.schema_conformance import allow_unknown_fields
from movie_booking import wsgi
from movie_booking.request_body import read_asgi_body

FORM = "application/x-www-form-urlencoded"
LIMIT = settings.MAX_BODY_BYTES
REQUIRED = {
    "username": ["This field is required."],
    "password": ["This field is required."],
    "codes": {"username": ["required"], "password": ["required"]},
}
TOO_LARGE = {"detail": "The body of this request is too large.", "code": "body_too_large"}
LENGTH_REQUIRED = {
    "detail": "Send the length of the body in the header Content-Length.",
    "code": "length_required",
}
UNREADABLE = {"detail": "This request cannot be read.", "code": "bad_request"}
ENCODED = {
    "detail": "Send the body uncompressed, without the header Content-Encoding.",
    "code": "unsupported_content_encoding",
}


class UnknownLengthTests(ApiTestCase):
    def assertReply(self, reply, status, body):
        self.assertEqual((reply.status, reply.json()), (status, body))

    def patch_me(self, body, **environ):
        token = f"Bearer {AccessToken.for_user(self.alice)}"
        return ask_wsgi("PATCH", "/api/me/", body, HTTP_AUTHORIZATION=token, **environ)

    def test_chunked_body_is_read(self):
        for number, environ in enumerate([CHUNKED, HTTP2, CHUNKED | {"CONTENT_LENGTH": ""}]):
            name = f"Ada {number}"
            reply = self.patch_me(json.dumps({"first_name": name}).encode(), **environ)
            self.assertEqual((reply.status, reply.json()["first_name"]), (200, name))
            self.alice.refresh_from_db()
            self.assertEqual(self.alice.first_name, name)

    def test_chunked_form_is_read(self):
        for kind, body in [
            (FORM, b"first_name=Ada"),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="first_name"\r\n\r\nAda\r\n--x--\r\n',
            ),
        ]:
            reply = self.patch_me(body, content_type=kind, **CHUNKED)
            self.assertEqual((reply.status, reply.json()["first_name"]), (200, "Ada"), kind)

    def test_body_of_unknown_length_may_be_empty(self):
        for environ in (CHUNKED, HTTP2):
            self.assertReply(ask_wsgi("POST", "/api/login/", **environ), 400, REQUIRED)
            self.assertReply(ask_wsgi("GET", "/api/movies/", **environ), 200, [])

    def test_chunked_body_up_to_the_limit_is_read(self):
        padding = LIMIT - len('{"first_name": "Ada", "x": ""}')
        body = json.dumps({"first_name": "Ada", "x": "x" * padding}).encode()
        self.assertEqual(len(body), LIMIT)
        self.assertEqual(self.patch_me(body, **CHUNKED).status, 200)
        self.assertReply(self.patch_me(body + b" ", **CHUNKED), 413, TOO_LARGE)

    def test_long_chunked_body_is_read_no_further_than_the_limit(self):
        for path in ("/api/login/", "/admin/login/", "/swagger/"):
            endless = Input(b"x" * 10 * LIMIT)
            self.assertEqual(ask_wsgi("POST", path, endless, **CHUNKED).status, 413)
            self.assertEqual(endless.count, LIMIT + 1)

    @override_settings(CORS_ALLOWED_ORIGINS=["https://cinema.example"])
    def test_body_that_the_server_does_not_decode_is_411(self):
        for environ in [
            {"HTTP_TRANSFER_ENCODING": "chunked"},  # Django's runserver
            CHUNKED | {"HTTP_TRANSFER_ENCODING": "gzip, chunked"},
            CHUNKED | {"HTTP_TRANSFER_ENCODING": "identity"},
            {"SERVER_PROTOCOL": "HTTP/2"},
        ]:
            with self.subTest(environ):
                body = Input(b'{"first_name": "Ada"}')
                origin = {"HTTP_ORIGIN": "https://cinema.example", "HTTP_X_REQUEST_ID": "phone"}
                reply = self.patch_me(body, **environ, **origin)
                self.assertReply(reply, 411, LENGTH_REQUIRED)
                self.assertEqual(reply.headers["x-request-id"], "phone")
                self.assertEqual(
                    reply.headers["access-control-allow-origin"], "https://cinema.example"
                )
                self.assertEqual(body.count, 0)
                page = ask_wsgi("POST", "/admin/login/", b"a=5", content_type=FORM, **environ)
                self.assertEqual(
                    (page.status, page.content.decode()), (411, LENGTH_REQUIRED["detail"])
                )

    def test_ambiguous_length_is_400(self):
        for environ in [
            CHUNKED | {"CONTENT_LENGTH": "2"},
            {"CONTENT_LENGTH": "+2"},
            {"CONTENT_LENGTH": "-2"},
            {"CONTENT_LENGTH": "2,2"},
            {"CONTENT_LENGTH": "2, 3"},
            {"CONTENT_LENGTH": "0x2"},
            {"CONTENT_LENGTH": "٢"},
        ]:
            with self.subTest(environ):
                self.assertReply(ask_wsgi("POST", "/api/login/", b"{}", **environ), 400, UNREADABLE)
                self.assertEqual(ask_wsgi("POST", "/admin/login/", b"{}", **environ).status, 400)


class AsgiTests(TransactionTestCase):
    def ask(self, bodies, path="/api/login/", **headers):
        reply = ask_asgi("POST", path, bodies, **headers)
        return reply.status, reply.json()

    def test_body_without_length_is_read(self):
        invalid = {"username": ["This field is required."], "codes": {"username": ["required"]}}
        self.assertEqual(self.ask([b'{"pass', b'word"', b': "x"}']), (400, invalid))
        chunked = {"transfer_encoding": "chunked"}
        self.assertEqual(self.ask([b'{"password": "x"}'], **chunked), (400, invalid))
        self.assertEqual(self.ask([b""]), (400, REQUIRED))

    def test_body_over_the_limit_is_413(self):
        self.assertEqual(self.ask([b"x" * LIMIT, b"x", b"x" * LIMIT]), (413, TOO_LARGE))
        length = {"content_length": str(LIMIT + 1)}
        self.assertEqual(self.ask([b"x" * (LIMIT + 1)], **length), (413, TOO_LARGE))
        page = ask_asgi("POST", "/admin/login/", [b"x" * LIMIT, b"x"], content_type=FORM)
        self.assertEqual((page.status, page.content.decode()), (413, TOO_LARGE["detail"]))

    def test_endless_body_is_read_no_further_than_the_limit(self):
        sent = []

        async def receive():
            sent.append("part")
            self.assertLessEqual(len(sent), 2)
            return {"type": "http.request", "body": b"x" * LIMIT, "more_body": True}

        self.assertEqual(async_to_sync(read_asgi_body)(receive), b"x" * (LIMIT + 1))

    def test_body_of_a_client_that_has_gone_is_none(self):
        async def receive():
            return {"type": "http.disconnect"}

        self.assertIsNone(async_to_sync(read_asgi_body)(receive))

    def test_ambiguous_length_is_refused(self):
        both = {"transfer_encoding": "chunked", "content_length": "2"}
        self.assertEqual(self.ask([b"{}"], **both), (400, UNREADABLE))
        self.assertEqual(self.ask([b"{}"], content_length=["2", "3"]), (400, UNREADABLE))
        coded = {"transfer_encoding": "gzip, chunked"}
        self.assertEqual(self.ask([b"{}"], **coded), (411, LENGTH_REQUIRED))


class EncodingTests(ApiTestCase):
    def test_compressed_body_is_415(self):
        for encoding in ["gzip", "br", "GZIP", "identity, gzip", "x"]:
            with self.subTest(encoding):
                headers = {"Content-Encoding": encoding}
                response = self.client.post("/api/login/", {"a": 5}, headers=headers)
                self.assertResponse(response, 415, ENCODED)
                page = self.client.post("/admin/login/", "a=5", content_type=FORM, headers=headers)
                self.assertEqual(
                    (page.status_code, page.content.decode()), (415, ENCODED["detail"])
                )

    def test_uncompressed_or_empty_body_may_have_a_content_encoding(self):
        response = self.client.post("/api/login/", {}, headers={"Content-Encoding": "Identity"})
        self.assertResponse(response, 400, REQUIRED)
        empty = self.client.generic("POST", "/api/login/", headers={"Content-Encoding": "gzip"})
        self.assertResponse(empty, 400, REQUIRED)
        gotten = self.client.get("/api/movies/", headers={"Content-Encoding": "gzip"})
        self.assertResponse(gotten, 200, [])

    def test_json_with_byte_order_mark_gets_a_helpful_sentence(self):
        for encoding, sentence in [
            ("utf-8-sig", "the body begins with a byte order mark: send it without"),
            ("utf-16", "the body is UTF-16: send UTF-8"),
            ("utf-16-le", "the body is UTF-16: send UTF-8"),
            ("utf-16-be", "the body is UTF-16: send UTF-8"),
            ("utf-32", "the body is UTF-32: send UTF-8"),
        ]:
            with self.subTest(encoding):
                body = '{"username": "alice", "password": "x"}'.encode(encoding)
                response = self.client.generic("POST", "/api/login/", body, "application/json")
                detail = f"JSON parse error - {sentence}"
                self.assertResponse(response, 400, {"detail": detail, "code": "parse_error"})


class LimitTests(ApiTestCase):
    def test_body_of_a_page_over_the_limit_is_413(self):
        staff = create_user("stella", is_staff=True, is_superuser=True)
        self.client.force_login(staff)
        for path in ("/admin/login/", "/admin/booking/movie/add/", "/swagger/", "/nothing/", "/"):
            with self.subTest(path):
                page = self.client.post(path, "a=" + "x" * LIMIT, content_type=FORM)
                self.assertEqual(page.status_code, 413)
                self.assertEqual(page["Content-Type"], "text/plain")
                self.assertEqual(page.content.decode(), TOO_LARGE["detail"])
                self.assertIn("X-Request-ID", page)

    def test_admin_action_on_a_full_page_is_within_the_limit(self):
        staff = create_user("stella", is_staff=True, is_superuser=True)
        show = create_show(total_seats=100)
        rows = [create_booking(self.alice, show, number).pk for number in range(1, 101)]
        self.client.force_login(staff)
        path = reverse("admin:booking_booking_changelist")
        page = self.client.get(path)
        actions = [name for name, _ in page.context["action_form"].fields["action"].choices if name]
        form = {"action": actions[0], "_selected_action": rows, "index": 0}
        response = self.client.post(path, form)
        self.assertIn(response.status_code, (200, 302))
        self.assertLess(int(response.wsgi_request.META["CONTENT_LENGTH"]), LIMIT // 4)

    def test_admin_number_of_any_length_is_no_error(self):
        staff = create_user("stella", is_staff=True, is_superuser=True)
        self.client.force_login(staff)
        long = "9" * 5_000
        path = reverse("admin:booking_booking_changelist")
        for form in [
            {"action": "x", "_selected_action": long, "index": long},
            {"action": "delete_selected", "_selected_action": long, "index": 0},
            {"form-TOTAL_FORMS": long, "form-INITIAL_FORMS": long, "_save": "x"},
        ]:
            self.assertIn(self.client.post(path, form).status_code, (200, 302))
        self.assertIn(self.client.get(path, {"p": long}).status_code, (200, 302))
        self.assertEqual(self.client.get(f"/api/movies/{long}/").status_code, 404)


class FormTests(ApiTestCase):
    def send(self, form):
        path = f"/api/shows/{create_show().pk}/reservations/"
        return self.alice_client.post(path, form, content_type=FORM)

    def test_index_of_any_length_is_400(self):
        integer = {
            "seat_numbers": ["Enter a whole number, such as 5."],
            "codes": {"seat_numbers": ["invalid"]},
        }
        for name in [
            f"seat_numbers[{'9' * 4_301}]",
            f"seat_numbers[{'0' * 60_000}]",
            f"seat_numbers[{'9' * 4_301}]x",
            "seat_numbers[0]x",
        ]:
            with self.subTest(name[:30]):
                self.assertResponse(self.send(f"{name}=5"), 400, integer)

    def test_index_that_is_no_number_is_ignored(self):
        choose = {
            "non_field_errors": ["Send either seat_numbers or count."],
            "codes": {"non_field_errors": ["seat_numbers_or_count"]},
        }
        for name in ["seat_numbers[]", "seat_numbers[-1]", "seat_numbers[x]", "seat_numbers[٥]"]:
            with self.subTest(name):
                self.assertResponse(self.send(f"{name}=5"), 400, choose)

    def test_list_by_index_is_accepted(self):
        with allow_unknown_fields():
            response = self.send("seat_numbers[0]=5&seat_numbers[99999999999999999999]=6")
        self.assertEqual(response.status_code, 201)
        self.assertEqual([each["seat_number"] for each in response.json()["bookings"]], [5, 6])

    def test_part_header_with_extended_parameter_is_400(self):
        for header in [
            "form-data; name=a; name*=hex''aa",
            "form-data; name*=utf-8''a; name*0=b",  # a TypeError in Python's parser
            "form-data; name=a; filename*0*=b",
            "form-data;name*=a",
            "form-data; name=a\r\nContent-Type: text/plain; charset*=utf-8''x; charset*0=y",
        ]:
            with self.subTest(header):
                body = f"--x\r\nContent-Disposition: {header}\r\n\r\n1\r\n--x--\r\n"
                kind = "multipart/form-data; boundary=x"
                response = self.client.generic("POST", "/api/login/", body, kind)
                self.assertResponse(response, 400, UNREADABLE)
                page = self.client.generic("POST", "/admin/login/", body, kind)
                self.assertEqual(page.status_code, 400)

    def test_asterisks_in_values_are_accepted(self):
        body = (
            '--x\r\nContent-Disposition: form-data; name="refresh"\r\n\r\n'
            "a; b*=c; d*0=e\r\n\r\n; f*=g\r\n--x--\r\n"
        )
        kind = "multipart/form-data; boundary=x"
        response = self.client.generic("POST", "/api/logout/", body, kind)
        self.assertEqual((response.status_code, response.json()["code"]), (401, "token_not_valid"))


class EmptyResponseTests(TransactionTestCase):
    def test_content_length_of_response_without_body_is_removed(self):
        for status, has_length in [(204, 0), (304, 0), (411, 0), (200, 1), (404, 1)]:

            def respond(request, status=status):
                return HttpResponse(status=status, headers={"Content-Length": "0"})

            response = ResponseHeadersMiddleware(respond)(RequestFactory().get("/"))
            self.assertEqual("Content-Length" in response, bool(has_length), status)

    def test_runserver_adds_no_content_length_to_a_304(self):
        """wsgiref, which `runserver` uses, adds one to a response that it thinks is empty."""
        movie = create_movie()
        path = f"/api/movies/{movie.pk}/"
        etag = self.client.get(path)["ETag"]
        environ = RequestFactory().get(path, headers={"if-none-match": etag}).environ
        output = BytesIO()
        SimpleHandler(BytesIO(), output, StringIO(), environ).run(wsgi.application)
        self.assertIn(b"304 Not Modified", output.getvalue())
        self.assertNotIn(b"content-length", output.getvalue().lower())

    def test_every_address_is_covered(self):
        """Only middleware that sets no Content-Length is outside."""
        place = settings.MIDDLEWARE.index("booking.middleware.ResponseHeadersMiddleware")
        self.assertEqual(
            settings.MIDDLEWARE[:place],
            [
                "booking.middleware.RequestContextMiddleware",
                "django.middleware.security.SecurityMiddleware",
            ],
        )
