"""Bad input is a clear 400 or 404 in JSON, and writes no row."""

import json
from io import BytesIO

from rest_framework.exceptions import ParseError

from booking.api.parsers import JSONParser
from booking.models import Booking
from booking.tests.factories import ApiTestCase, create_booking, create_show

INTEGER = ["Enter a whole number, such as 5."]
FROM_ONE = ["Seats are numbered from 1."]
TOO_MANY = ["No show has that many seats."]
REQUIRED = ["This field is required."]
NO_ENDPOINT = {"detail": "No such endpoint.", "code": "not_found"}


class SeatNumberTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.path = f"/api/shows/{create_show().id}/book/"

    def tearDown(self):
        self.assertFalse(Booking.objects.exists())

    def send(self, body, content_type="application/json"):
        return self.alice_client.post(self.path, body, content_type=content_type)

    def test_seat_number_invalid_in_json_returns_400(self):
        cases = [
            ("0", FROM_ONE),
            ("-1", FROM_ONE),
            ("11", ["There is no seat 11 in this show. Seats are numbered from 1 to 10."]),
            (str(2**31), TOO_MANY),
            (str(2**63), TOO_MANY),
            (str(10**400), TOO_MANY),
            ("1.5", INTEGER),
            ("5.0", INTEGER),
            ("1e2", INTEGER),
            ("1e400", INTEGER),
            ("NaN", None),
            ("Infinity", None),
            ("true", INTEGER),
            ("false", INTEGER),
            ("null", ["This field may not be null."]),
            ("[]", INTEGER),
            ("[5]", INTEGER),
            ("{}", INTEGER),
            ('""', INTEGER),
            ('" 5"', INTEGER),
            ('"5 "', INTEGER),
            ('"A1"', INTEGER),
            ('"٥"', INTEGER),
            ('"５"', INTEGER),
            ('"5_0"', INTEGER),
            ('"+5"', INTEGER),
            ('"-1"', INTEGER),
            ('"0x5"', INTEGER),
            ('"5.0"', INTEGER),
            ('"1e2"', INTEGER),
            ('"5\\n"', INTEGER),
            ('"5\\u0000"', INTEGER),
            ('"\\ud800"', INTEGER),
            ('"0"', FROM_ONE),
            ('"2147483648"', TOO_MANY),
            ('"' + "9" * 5000 + '"', INTEGER),
        ]
        for value, errors in cases:
            with self.subTest(value[:30]):
                response = self.send(f'{{"seat_number": {value}}}')
                if errors is None:
                    self.assertNotJson(response)
                else:
                    self.assertResponse(response, 400, {"seat_number": errors})

    def test_seat_number_invalid_in_form_returns_400(self):
        for value in ["", "0", "-1", "1.5", "true", "null", "A1", "٥", "5_0", "11"]:
            for format in ["multipart", None]:
                with self.subTest(value=value, format=format):
                    if format:
                        given = {"data": {"seat_number": value}, "format": format}
                    else:
                        form = "application/x-www-form-urlencoded"
                        given = {"data": f"seat_number={value}", "content_type": form}
                    response = self.alice_client.post(self.path, **given)
                    self.assertEqual(response.status_code, 400)
                    self.assertEqual(list(response.json()), ["seat_number", "codes"])

    def test_seat_number_missing_returns_400(self):
        for body in ["{}", '{"seat": 5}', '{"seatNumber": 5}', ""]:
            with self.subTest(body):
                self.assertResponse(self.send(body), 400, {"seat_number": REQUIRED})

    def test_body_not_an_object_returns_400(self):
        kinds = {"[]": "list", "[5]": "list", "5": "int", '"5"': "str", "true": "bool"}
        for body, kind in kinds.items():
            with self.subTest(body):
                errors = [f"Invalid data. Expected a dictionary, but got {kind}."]
                self.assertResponse(self.send(body), 400, {"non_field_errors": errors})
        self.assertResponse(self.send("null"), 400, {"non_field_errors": ["No data provided"]})

    def test_json_nested_deeply_is_a_parse_error(self):
        """Tests the parser, as such a body is too large for a request."""
        for body in (b"[" * 100_000, b'{"a":' * 100_000):
            with self.assertRaisesMessage(ParseError, "nested too deeply"):
                JSONParser().parse(BytesIO(body))
            self.assertEqual(self.send(body).status_code, 413)

    def test_json_ambiguous_is_a_parse_error(self):
        for body in (b'{"seat_number": 5, "seat_number": 6}', b'{"seat_number": NaN}'):
            self.assertNotJson(self.send(body))

    def assertNotJson(self, response):
        self.assertEqual(response.status_code, 400, response.content)
        self.assertEqual(response.json()["code"], "parse_error")
        self.assertTrue(response.json()["detail"].startswith("JSON parse error - "))

    def test_body_not_json_is_a_parse_error(self):
        deep = 30_000
        bodies = [
            b"{",
            b"seat_number=5",
            b"<seat/>",
            b"\xff\xfe",
            b'{"seat_number": "\xff"}',
            b'{"seat_number": ' + b"9" * 5000 + b"}",
            b"[" * deep,
            b'{"seat_number": ' + b"[" * deep + b"]" * deep + b"}",
        ]
        for body in bodies:
            with self.subTest(body[:30]):
                self.assertNotJson(self.send(body))

    def test_body_of_other_content_type_returns_415(self):
        for content_type in ["text/plain", "application/xml", "application/octet-stream", "x"]:
            with self.subTest(content_type):
                unsupported = {
                    "detail": f'Unsupported media type "{content_type}" in request.',
                    "code": "unsupported_media_type",
                }
                self.assertResponse(self.send("5", content_type), 415, unsupported)

    def test_form_unreadable_returns_400(self):
        multipart = self.send(b"5", "multipart/form-data; boundary=x")
        self.assertEqual(multipart.status_code, 400, multipart.content)
        no_boundary = self.send(b"5", "multipart/form-data")
        self.assertEqual(no_boundary.json()["code"], "parse_error")
        many = "&".join(f"f{number}=1" for number in range(2000))
        unreadable = {"detail": "This request cannot be read.", "code": "bad_request"}
        self.assertResponse(self.send(many, "application/x-www-form-urlencoded"), 400, unreadable)

    def test_body_too_large_returns_413(self):
        large = "5" * 10_000_000
        json_body = self.send(f'{{"seat_number": "{large}"}}')
        form = self.send(f"seat_number={large}", "application/x-www-form-urlencoded")
        multipart = self.alice_client.post(self.path, {"seat_number": large}, format="multipart")
        too_large = {"detail": "The body of this request is too large.", "code": "body_too_large"}
        for response in [json_body, form, multipart]:
            self.assertResponse(response, 413, too_large)

    def test_content_length_invalid_returns_400(self):
        unreadable = {"detail": "This request cannot be read.", "code": "bad_request"}
        for length in ("-1", "5.0", "²", "x"):
            response = self.alice_client.post(self.path, {"seat_number": 5}, CONTENT_LENGTH=length)
            self.assertResponse(response, 400, unreadable)


class UrlTests(ApiTestCase):
    def test_id_unknown_or_out_of_range_returns_404(self):
        for number in ["0", "9" * 18, "9" * 19, "9" * 40]:
            for method, path, detail in [
                ("get", "/api/movies/{}/", "Not found."),
                ("get", "/api/movies/{}/shows/", "Not found."),
                ("get", "/api/shows/{}/", "Not found."),
                ("get", "/api/bookings/{}/", "Not found."),
                ("post", "/api/bookings/{}/cancel/", "Not found."),
                ("post", "/api/shows/{}/book/", "There is no such show."),
            ]:
                with self.subTest(path.format(number)):
                    response = getattr(self.alice_client, method)(
                        path.format(number), {"seat_number": 5}
                    )
                    self.assertResponse(response, 404, {"detail": detail, "code": "not_found"})

    def test_id_not_a_number_returns_404(self):
        for word in ["x", "-1", "1.5", "٥", "9" * 5000, "1%00", "None"]:
            for path in [
                "/api/movies/{}/",
                "/api/movies/{}/shows/",
                "/api/shows/{}/",
                "/api/bookings/{}/",
            ]:
                with self.subTest(path.format(word[:10])):
                    self.assertResponse(self.alice_client.get(path.format(word)), 404, NO_ENDPOINT)

    def test_username_or_password_with_invalid_characters_returns_400(self):
        for text in ["\x00", "a\x00b", "\ud800"]:
            for path in ["/api/login/", "/api/signup/"]:
                for field in ["username", "password"]:
                    body = {"username": "carol", "password": "paper-moon-1973"} | {field: text}
                    with self.subTest(path=path, field=field, text=text):
                        response = self.client.post(
                            path, json.dumps(body), content_type="application/json"
                        )
                        self.assertEqual(
                            (response.status_code, list(response.json())), (400, [field, "codes"])
                        )


class MethodTests(ApiTestCase):
    def test_method_not_allowed_returns_405(self):
        show = create_show()
        sold = create_booking(self.alice, show)
        exist = {
            "/api/": ["get"],
            "/api/signup/": ["post"],
            "/api/login/": ["post"],
            "/api/token/refresh/": ["post"],
            "/api/movies/": ["get"],
            f"/api/movies/{show.movie_id}/": ["get"],
            f"/api/movies/{show.movie_id}/shows/": ["get"],
            "/api/shows/": ["get"],
            f"/api/shows/{show.id}/": ["get"],
            f"/api/shows/{show.id}/book/": ["post"],
            "/api/my-bookings/": ["get"],
            f"/api/bookings/{sold.id}/": ["get"],
            f"/api/bookings/{sold.id}/cancel/": ["post"],
        }
        for path, methods in exist.items():
            for method in {"get", "post", "put", "patch", "delete"} - set(methods):
                with self.subTest(f"{method} {path}"):
                    not_allowed = {
                        "detail": f'Method "{method.upper()}" not allowed.',
                        "code": "method_not_allowed",
                    }
                    self.assertResponse(getattr(self.alice_client, method)(path), 405, not_allowed)
