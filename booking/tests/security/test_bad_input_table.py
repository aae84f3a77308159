"""A table of bad requests to every endpoint, each with the status and the field or code expected.

No request changes the database, and every response is an error of the API in JSON."""

import json
import re
from typing import NamedTuple

from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from booking.middleware import VALID_REQUEST_ID
from booking.tests.factories import ApiTestCase, create_booking, create_hold, create_show
from booking.tests.security.test_access import whole_database

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
LONE = r'"\ud800"'
NUL = r'"a\u0000b"'
SQL = """'; DROP TABLE booking_booking; --"""
HTML = "<script>alert(1)</script>"


class Case(NamedTuple):
    method: str
    path: str
    status: int
    refused_by: str  # the field with an error, or the code
    body: str | bytes = ""
    content_type: str = JSON
    headers: dict = {}
    anonymous: bool = False

    def __str__(self):
        return f"{self.method} {self.path} {self.body[:60]!r} {self.content_type} {self.headers}"


def words(text):
    return text.split()


def bodies(*, field, values, of=None):
    """One body for each value (as JSON) of the field; `of` is the rest, which is valid."""
    for value in values:
        rest = "".join(f", {json.dumps(name)}: {json.dumps(v)}" for name, v in (of or {}).items())
        yield f'{{"{field}": {value}{rest}}}'


# --- Invalid values of each field, as JSON -------------------------------------------------------

INVALID_INTEGERS = [
    *words('null true false 1.5 5.0 5e0 1e2 1e400 [] [5] {} {"a":5} "" "5_0" "٥" "५" "５" "+5"'),
    *words('"-1" "0x5" "5.0" "1e2" "A1" "true" "None"'),
    *('" 5"', '"5 "', r'"5\n"', NUL, LONE, json.dumps(SQL), json.dumps(HTML)),
    '"' + "9" * 5_000 + '"',
    "[" * 100 + "]" * 100,
]
OUT_OF_BOUNDS = ["0", "-1", "-5", '"0"', str(2**31), str(2**63), str(10**30), "9" * 4_000]
INVALID_SEAT = [*INVALID_INTEGERS, *OUT_OF_BOUNDS, "11"]
INVALID_COUNT = [*INVALID_INTEGERS, *OUT_OF_BOUNDS, "11"]
INVALID_SEAT_NUMBERS = [
    *words('null true 5 1.5 "5" "5,6" "" {} {"0":5} [] [[5]] [{}] [null] [true] [5.0] [1e2]'),
    *words('["٥"] ["5_0"] [0] [-1] [11] [5,5] [5,"5"] [1,2,3,4,5,6,7,8,9,10,11] [2147483648]'),
    *(f"[{10**30}]", f"[{LONE}]", f"[{NUL}]", "[" + "1," * 5_000 + "1]"),
]
INVALID_BOOLEANS = ["null", "2", "-1", "1.5", '"maybe"', '"ja"', "[]", "{}", "[true]", LONE, NUL]

INVALID_TEXT = ["null", "true", "false", "[]", '["a"]', "{}", '{"a": "b"}', NUL, r'"\u0000"', LONE]
EMPTY = ['""']
INVALID_EMAIL = [
    *words('"x" "@" "a@" "@b.de" "a@b" "a@@b.de" "a@b..de" "a@.de" "a,b@c.de" "<a@b.de>" 5'),
    *('"a b@c.de"', json.dumps(HTML), json.dumps(SQL)),
]
INVALID_USERNAME = [
    "ａlice",
    "аlice",
    "al ice",
    "al\u200bice",
    "ﬁona",
    "名前",
    "a/b",
    "a;b",
    HTML,
    SQL,
]
WEAK = ["password", "12345678", "short", "1", "qwertyuiop", "  ", "letmein1"]


def long(length):
    return '"' + "x" * length + '"'


SIGN_UP = {"username": "carol", "password": "paper-moon-1973"}
TEXTS = [  # (method, path, field, the rest of the body, what else is refused)
    (
        "POST",
        "signup/",
        "username",
        SIGN_UP,
        [*EMPTY, long(151), *map(json.dumps, INVALID_USERNAME)],
    ),
    ("POST", "signup/", "password", SIGN_UP, [*EMPTY, long(129), *map(json.dumps, WEAK)]),
    ("POST", "signup/", "email", SIGN_UP, [*INVALID_EMAIL, f'"{"x" * 250}@b.de"']),
    ("POST", "login/", "username", SIGN_UP, EMPTY),
    ("POST", "login/", "password", SIGN_UP, EMPTY),
    ("POST", "token/refresh/", "refresh", {}, EMPTY),
    ("POST", "logout/", "refresh", {}, EMPTY),
    ("POST", "password-reset/", "email", {}, [*EMPTY, *INVALID_EMAIL]),
    (
        "POST",
        "password-reset/confirm/",
        "token",
        {"new_password": "silver-1927"},
        [*EMPTY, long(201)],
    ),
    ("POST", "password-reset/confirm/", "new_password", {"token": "x"}, [*EMPTY, long(129)]),
    ("POST", "verify-email/", "token", {}, [*EMPTY, long(201)]),
    ("PATCH", "me/", "first_name", {}, [long(151)]),
    ("PATCH", "me/", "last_name", {}, [long(151)]),
    ("PATCH", "me/", "email", {}, INVALID_EMAIL),
    ("PATCH", "me/", "password", {"email": "a@example.com"}, EMPTY),
    ("DELETE", "me/", "password", {}, EMPTY),
    ("POST", "me/password/", "old_password", {"new_password": "silver-1927"}, EMPTY),
    (
        "POST",
        "me/password/",
        "new_password",
        {"old_password": "x"},
        [*EMPTY, long(129), *map(json.dumps, WEAK)],
    ),
]
REQUIRED = {
    ("POST", "signup/"): ["username", "password"],
    ("POST", "login/"): ["username", "password"],
    ("POST", "token/refresh/"): ["refresh"],
    ("POST", "logout/"): ["refresh"],
    ("DELETE", "me/"): ["password"],
    ("POST", "password-reset/"): ["email"],
    ("POST", "password-reset/confirm/"): ["token", "new_password"],
    ("POST", "verify-email/"): ["token"],
    ("POST", "me/password/"): ["old_password", "new_password"],
    ("POST", "shows/{show}/book/"): ["seat_number"],
    ("POST", "bookings/{booking}/move/"): ["seat_number"],
    ("POST", "shows/{show}/reservations/"): ["non_field_errors"],
}


def fields():
    for path in ("shows/{show}/book/", "bookings/{booking}/move/"):
        for body in bodies(field="seat_number", values=INVALID_SEAT):
            yield Case("POST", path, 400, "seat_number", body)
    path = "shows/{show}/reservations/"
    for body in bodies(field="seat_numbers", values=INVALID_SEAT_NUMBERS):
        yield Case("POST", path, 400, "seat_numbers", body)
    for body in bodies(field="count", values=INVALID_COUNT):
        yield Case("POST", path, 400, "count", body)
    for body in bodies(field="hold", values=INVALID_BOOLEANS, of={"count": 1}):
        yield Case("POST", path, 400, "hold", body)
    both = '{"count": 1, "seat_numbers": [1]}'
    yield Case("POST", path, 400, "non_field_errors", both)
    for method, path, field, body, more in TEXTS:
        rest = {name: value for name, value in body.items() if name != field}
        for wrong in bodies(field=field, values=[*INVALID_TEXT, *more], of=rest):
            yield Case(method, path, 400, field, wrong)


def missing_fields():
    for (method, path), names in REQUIRED.items():
        for body in ["{}", "", '{"Username": "a", "seatNumber": 5}']:
            yield Case(method, path, 400, " ".join(names), body)
        yield Case(method, path, 400, " ".join(names), "a=5&b=6", FORM)


# --- Bodies as a whole ----------------------------------------------------------------------

WITH_BODY = [*REQUIRED, ("PATCH", "me/")]
INVALID_JSON = [
    b"{",
    b"[",
    b'"',
    b'{"a": 1,}',
    b"{'a': 1}",
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 1, "a": 2}',
    b'{"a": {"b": 1, "b": 2}}',
    b'{"a": 1} {}',
    b"a=5",
    b"<a/>",
    b"\x00",
    b"\xff\xfe",
    b'{"a": "\xff"}',
    b'{"a": "\xed\xa0\x80"}',
    b"[" * 30_000,
    b'{"a":' * 10_000,
    b'{"a": ' + b"9" * 5_000 + b"}",
]
NOT_OBJECTS = ["[]", "[{}]", "5", '"x"', "true", "null", "1e400"]
UNSUPPORTED_CONTENT_TYPES = [
    "text/plain",
    "text/html",
    "application/xml",
    "application/json5",
    "x",
    "/",
]


def whole_bodies():
    for method, path in WITH_BODY:
        for body in INVALID_JSON:
            yield Case(method, path, 400, "parse_error", body)
        for body in NOT_OBJECTS:
            yield Case(method, path, 400, "non_field_errors", body)
        for content_type in UNSUPPORTED_CONTENT_TYPES:
            code = "unsupported_media_type"
            yield Case(method, path, 415, code, "{}", content_type)
        yield Case(method, path, 400, "parse_error", "a", "multipart/form-data")
        many = "&".join(f"f{number}=1" for number in range(2_000))
        yield Case(method, path, 400, "bad_request", many, FORM)
        for content_type in (JSON, FORM, "multipart/form-data; boundary=x", "text/plain"):
            yield Case(method, path, 413, "body_too_large", "x" * 65_537, content_type)


# --- URLs ------------------------------------------------------------------------------

INVALID_IDS = ["0", "9" * 18, "9" * 19, "9" * 40, "-1", "+1", "1.5", "1e2", "x", "%D9%A5", "1%00"]
INVALID_IDS += [
    "%00",
    "None",
    "1%20OR%201=1",
    "%27;--",
    "%3Cb%3E",
    "..%2F1",
    "%ED%A0%80",
    "1,2",
    "x" * 3_000,
]
INVALID_REFERENCES = [
    "AAAAAAAA",
    "0",
    "A" * 3_000,
    "%00",
    "A%00",
    "A%20B",
    "%27;--",
    "%EF%BC%A1",
    "A-B",
]
OBJECTS = [
    ("GET", "movies/{}/"),
    ("GET", "movies/{}/shows/"),
    ("GET", "shows/{}/"),
    ("GET", "shows/{}/seats/"),
    ("GET", "shows/{}/layout/"),
    ("POST", "shows/{}/book/"),
    ("POST", "shows/{}/reservations/"),
    ("DELETE", "me/sessions/{}/"),
    ("GET", "bookings/{}/"),
    ("POST", "bookings/{}/cancel/"),
    ("POST", "bookings/{}/move/"),
    ("GET", "bookings/{}/ticket/"),
    ("GET", "bookings/{}/ticket.svg"),
    ("GET", "bookings/{}/ticket.png"),
    ("GET", "bookings/{}/ticket.pdf"),
    ("GET", "bookings/{}/calendar.ics"),
]
RESERVATIONS = [
    *[("GET", ""), ("POST", "confirm/"), ("POST", "extend/"), ("POST", "cancel/")],
    *[("GET", "ticket/"), ("GET", "ticket.pdf"), ("GET", "calendar.ics")],
]


def urls():
    body = '{"seat_number": 1, "count": 1}'
    for method, path in OBJECTS:
        for number in INVALID_IDS:
            yield Case(method, path.format(number), 404, "not_found", body)
    for method, rest in RESERVATIONS:
        for reference in INVALID_REFERENCES:
            yield Case(method, f"reservations/{reference}/{rest}", 404, "not_found")


ALLOWED_METHODS = {
    "": "GET",
    "signup/": "POST",
    "login/": "POST",
    "token/refresh/": "POST",
    "logout/": "POST",
    "password-reset/": "POST",
    "password-reset/confirm/": "POST",
    "verify-email/": "POST",
    "verify-email/resend/": "POST",
    "me/": "GET PATCH DELETE",
    "me/password/": "POST",
    "me/sessions/": "GET",
    "me/sessions/0/": "DELETE",
    "movies/": "GET",
    "shows/": "GET",
    "my-bookings/": "GET",
    "my-reservations/": "GET",
    "shows/{show}/": "GET",
    "shows/{show}/seats/": "GET",
    "shows/{show}/layout/": "GET",
    "shows/{show}/book/": "POST",
    "shows/{show}/reservations/": "POST",
    "bookings/{booking}/": "GET",
    "bookings/{booking}/move/": "POST",
    "bookings/{booking}/cancel/": "POST",
    "reservations/{reference}/": "GET",
    "reservations/{reference}/confirm/": "POST",
    "reservations/{reference}/extend/": "POST",
    "reservations/{reference}/cancel/": "POST",
    "bookings/{booking}/ticket/": "GET",
    "bookings/{booking}/ticket.svg": "GET",
    "bookings/{booking}/ticket.png": "GET",
    "bookings/{booking}/ticket.pdf": "GET",
    "bookings/{booking}/calendar.ics": "GET",
    "reservations/{reference}/ticket/": "GET",
    "reservations/{reference}/ticket.pdf": "GET",
    "reservations/{reference}/calendar.ics": "GET",
}


def methods():
    for path, allowed in ALLOWED_METHODS.items():
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
            if method not in allowed.split():
                yield Case(method, path, 405, "method_not_allowed", "{}")


# --- Query strings --------------------------------------------------------------------------

LISTS = ["movies/", "shows/", "movies/{movie}/shows/", "my-bookings/", "my-reservations/"]
INVALID_NUMBERS = [
    "0",
    "-1",
    "x",
    "1.5",
    "1e2",
    "true",
    "null",
    "%D9%A5",
    "5_0",
    "%2B5",
    "5%205",
    "%00",
]
INVALID_NUMBERS += [str(2**31), str(2**63), str(10**30), "9" * 3_000, "[5]", "%27;--"]
INVALID_CURSORS = [
    "x",
    "a:b",
    "a:b:c",
    "%00",
    "WzFd:x:y",
    "%F0%9F%8E%AC",
    "x" * 3_000,
    ":",
    "%27;--",
]
INVALID_DATES = [
    "x",
    "2026-13-01",
    "2026-02-30",
    "1899-12-31",
    "3000-01-01",
    "2026-12-24T00:00:00Z",
]
OTHER_DIGITS = "%D9%A2026-12-24"  # the first digit is Arabic
INVALID_DATES += ["24.12.2026", OTHER_DIGITS, "%00", "0", "10000-01-01", "-1-01-01"]
INVALID_TIMES = [
    "x",
    "2026-13-01T00:00:00Z",
    "2026-12-24T25:00:00Z",
    "1899-12-31",
    "9999-12-31T23:59:59Z",
]
INVALID_TIMES += [
    OTHER_DIGITS,
    f"{OTHER_DIGITS}T18:00:00Z",
    "0001-01-01T00:00:00%2B14:00",
    "%00",
    "0",
    "now",
    "2026-12-24T18:00:00X",
]
INVALID_FLAGS = ["x", "1", "0", "True", "FALSE", "on", "yes", "null", "%00", "true,false", "[]"]
INVALID_STATUSES = ["x", "BOOKED", "booked,held", "1", "%00", "%27;--"]
FILTERS = [
    *((path, "page_size", INVALID_NUMBERS) for path in LISTS),
    *((path, "cursor", INVALID_CURSORS) for path in LISTS),
    ("movies/", "search", ["%00", "a%00", "x" * 201]),
    ("movies/", "genre", ["%00", "x" * 51]),
    ("movies/", "language", ["%00", "x" * 51]),
    ("shows/", "movie", INVALID_NUMBERS),
    ("shows/", "date", INVALID_DATES),
    ("shows/", "from", INVALID_TIMES),
    ("shows/", "to", INVALID_TIMES),
    ("movies/{movie}/shows/", "from", INVALID_TIMES),
    ("movies/{movie}/shows/", "to", INVALID_TIMES),
    ("my-bookings/", "show", INVALID_NUMBERS),
    ("my-bookings/", "status", INVALID_STATUSES),
    ("my-reservations/", "show", INVALID_NUMBERS),
    ("my-reservations/", "status", INVALID_STATUSES),
    ("movies/", "now_showing", INVALID_FLAGS),
    ("shows/", "bookable", INVALID_FLAGS),
    ("movies/{movie}/shows/", "bookable", INVALID_FLAGS),
    *((path, name, ["", "x"]) for path in LISTS for name in ("colour", "page", "Cursor")),
]


def queries():
    for path, name, values in FILTERS:
        for value in values:
            yield Case("GET", f"{path}?{name}={value}", 400, name)


# --- Headers --------------------------------------------------------------------------------

PERSONAL = [
    ("GET", "me/"),
    ("PATCH", "me/"),
    ("DELETE", "me/"),
    ("POST", "me/password/"),
    ("GET", "my-bookings/"),
    ("GET", "my-reservations/"),
    ("GET", "bookings/{booking}/"),
    ("GET", "reservations/{reference}/"),
]
CHANGING_SEATS = [
    ("POST", path)
    for path, allowed in ALLOWED_METHODS.items()
    if allowed == "POST" and path.startswith(("shows", "bookings", "reservations"))
]
INVALID_TOKENS = {
    "": "not_authenticated",
    "Bearer": "bad_authorization_header",
    "Bearer ": "bad_authorization_header",
    "Bearer a b": "bad_authorization_header",
    "Bearer x": "token_not_valid",
    "Bearer a.b.c": "token_not_valid",
    "Bearer eyJhbGciOiJub25lIn0.eyJ1c2VyX2lkIjoiMSJ9.": "token_not_valid",
    "Bearer \u00e9": "token_not_valid",
    "Basic YWxpY2U6eA==": "not_authenticated",
    "Token x": "not_authenticated",
}
INVALID_KEYS = [
    "",
    '""',
    '"',
    '"a',
    'a"b"c"'[1:],
    "x" * 256,
    '"' + "x" * 256 + '"',
    "\u00e9",
    "\x7f",
    "\t",
]


def headers():
    for method, path in [*PERSONAL, *CHANGING_SEATS]:
        for value, code in INVALID_TOKENS.items():
            given = {"Authorization": value}
            yield Case(method, path, 401, code, "{}", headers=given, anonymous=True)
    for method, path in CHANGING_SEATS:
        for key in INVALID_KEYS:
            given = {"Idempotency-Key": key}
            yield Case(method, path, 400, "bad_idempotency_key", "{}", headers=given)
    for path, allowed in ALLOWED_METHODS.items():
        method = allowed.split()[0]
        is_ticket = "ticket" in path or path.endswith(".ics")  # files, whatever is accepted
        for kind in () if is_ticket else ("text/html", "application/xml", "image/png;q=0.5"):
            yield Case(method, path, 406, "not_acceptable", "{}", headers={"Accept": kind})
        for host in ("evil.example", "localhost:x", "a b", "[::"):
            yield Case(method, path, 400, "bad_request", "{}", headers={"Host": host})
        for length in ("x", "-1", "5.0"):
            given = {"Content-Length": length}
            yield Case(method, path, 400, "bad_request", headers=given)
        for length in ("65537", "9" * 400):
            given = {"Content-Length": length}
            yield Case(method, path, 413, "body_too_large", headers=given)


SUBJECTS = [fields, missing_fields, whole_bodies, urls, methods, queries, headers]


class BadInputTableTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        show = create_show()
        booking = create_booking(self.alice, show, 5)
        held = create_hold(self.alice, show, 6)
        self.names = {
            "movie": show.movie_id,
            "show": show.pk,
            "booking": booking.pk,
            "reference": held.reference,
        }
        self.before = whole_database()

    def ask(self, case):
        client = APIClient() if case.anonymous else self.alice_client
        client.raise_request_exception = False
        path = "/api/" + re.sub(r"{(\w+)}", lambda m: str(self.names[m[1]]), case.path)
        return client.generic(
            case.method,
            path,
            case.body,
            content_type=case.content_type,
            headers={"X-Request-ID": "not a request ID", **case.headers},
        )

    def assertRefused(self, case):
        with CaptureQueriesContext(connection) as queries:
            response = self.ask(case)
        self.assertEqual(response.status_code, case.status, response.content[:500])
        self.assertEqual(response["Content-Type"], "application/json")
        self.assertTrue(VALID_REQUEST_ID.fullmatch(response["X-Request-ID"]))
        body = response.json()
        if "detail" in body:
            self.assertEqual((body["code"], list(body)), (case.refused_by, ["detail", "code"]))
            sentences = [body["detail"]]
        else:
            self.assertEqual(list(body.pop("codes")), case.refused_by.split())
            self.assertEqual(list(body), case.refused_by.split())
            sentences = [each for of_field in body.values() for each in of_field]
        for sentence in sentences:
            self.assertRegex(sentence, r"^[^\n]{3,300}$")  # not a traceback
        changes = [q["sql"] for q in queries if q["sql"].startswith(("UPDATE", "DELETE"))]
        self.assertEqual(changes, [])

    def check(self, cases):
        for case in cases:
            with self.subTest(str(case)):
                self.assertRefused(case)
        self.assertEqual(whole_database(), self.before)

    def test_field_invalid_is_refused_and_changes_nothing(self):
        self.check(fields())

    def test_field_missing_is_refused_and_changes_nothing(self):
        self.check(missing_fields())

    def test_body_invalid_is_refused_and_changes_nothing(self):
        self.check(whole_bodies())

    def test_url_invalid_is_refused_and_changes_nothing(self):
        self.check(urls())

    def test_method_not_allowed_is_refused_and_changes_nothing(self):
        self.check(methods())

    def test_query_parameter_invalid_is_refused_and_changes_nothing(self):
        self.check(queries())

    def test_header_invalid_is_refused_and_changes_nothing(self):
        self.check(headers())

    def test_table_has_at_least_400_cases(self):
        cases = [str(case) for subject in SUBJECTS for case in subject()]
        self.assertGreaterEqual(len(set(cases)), 400)

    def test_table_has_every_operation(self):
        operations = {
            (case.method, re.sub(r"{\w+}", "{}", case.path.partition("?")[0]))
            for subject in SUBJECTS
            for case in subject()
        }
        for url, item in self.client.get("/swagger.json").json()["paths"].items():
            for method in item:
                path = re.sub(r"{\w+}", "{}", url.removeprefix("/api/"))
                self.assertIn((method.upper(), path), operations | set(OBJECTS))
