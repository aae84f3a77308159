"""Fuzz tests: schemathesis sends valid and invalid requests to every operation of the schema.

No response is a 5xx, and each is documented. `make fuzz` sends more requests with a new seed; a
failure names the command that repeats it.
"""

import os
from datetime import UTC, datetime, timedelta
from unittest import SkipTest
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import TestCase, override_settings

from booking.models import Session
from booking.tests.factories import (
    api_client,
    create_booking,
    create_hold,
    create_movie,
    create_show,
    create_user,
)
from booking.tokens import open_session
from movie_booking.wsgi import application

try:
    import hypothesis
    import schemathesis
    from hypothesis import strategies as st
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.config import SchemathesisConfig
    from schemathesis.generation.feedback import NO_FEEDBACK
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )
except ImportError:
    raise SkipTest("schemathesis is missing: pip install -r requirements-dev.txt") from None

CASES = int(os.environ.get("FUZZ_CASES") or 2_000)
SEED = int(os.environ.get("FUZZ_SEED") or 1)
AGAIN = f"make fuzz CASES={CASES} SEED={SEED}"
PASSWORD = "paper-moon-1973"
FORM = "application/x-www-form-urlencoded"


def strict(schema):
    """The schema with unknown fields forbidden in responses."""
    read = {
        parameter["schema"]["$ref"].rpartition("/")[2]
        for path in schema["paths"].values()
        for operation in path.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "body"
    }
    for name, definition in schema["definitions"].items():
        if name not in read and "allOf" not in definition and name != "ApiError":  # part of errors
            definition.setdefault("additionalProperties", False)
    return schema


def headers_are_documented(context, response, case):
    """Every header for clients is documented. (X-Request-ID is in every response.)"""
    readable = {name.lower() for name in settings.CORS_EXPOSE_HEADERS} - {"x-request-id"}
    documented = case.operation.responses.find_by_status_code(response.status_code)
    if documented:
        names = {name.lower() for name, _ in documented.headers.items()}
        unknown = readable & set(response.headers) - names
        assert not unknown, f"These headers are not documented: {unknown}"  # noqa: S101


def content_type_is_documented(context, response, case):
    """Skips 204 and 304, whose missing content type Swagger 2.0 cannot express."""
    if response.content:
        content_type_conformance(context, response, case)


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_is_documented,
    response_schema_conformance,
    response_headers_conformance,
    headers_are_documented,
]


@st.composite
def requests_to(draw, operation, mode, known):
    """Requests of schemathesis, some of them with values that exist in the database."""
    case = draw(operation.as_strategy(generation_mode=mode, feedback=NO_FEEDBACK))
    parts = [case.path_parameters, case.query, case.headers]
    whole = known.get(operation.definition.raw["operationId"])
    if whole is not None and draw(st.booleans()):
        case.body = draw(whole)
    if isinstance(case.body, dict):
        parts.append(case.body)
        flat = all(isinstance(value, str | int) for value in case.body.values())
        if flat and draw(st.sampled_from([False, False, False, True])):
            case.media_type = FORM
    for part in parts:
        for name in sorted(part.keys() & known.keys()):
            if draw(st.sampled_from([True, True, True, False])):
                found = draw(known[name])
                part[name] = str(found) if part is case.headers else found
    return case


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class FuzzTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice, bob = create_user("alice"), create_user("bob", email="bob@example.com")
        for user in (cls.alice, bob):
            user.set_password(PASSWORD)
            user.save()
        metropolis = create_movie(
            release_date="1927-01-10", poster_url="https://example.com/metropolis.jpg"
        )
        show = create_show(metropolis)
        cls.shows = [
            show,
            create_show(metropolis, starts_in=timedelta(hours=-1)),
            create_show(metropolis, cancelled_at=datetime.now(UTC)),
            create_show(create_movie("M"), total_seats=1),
        ]
        cls.bookings = [
            create_booking(cls.alice, show, 1),
            create_hold(cls.alice, show, 2),
            create_hold(cls.alice, show, 3, ends_in=timedelta(minutes=-1)),
            create_booking(cls.alice, show, 4, status="cancelled"),
            create_booking(cls.alice, cls.shows[1], 1),
            create_booking(bob, show, 5),
            create_hold(bob, show, 6),
            create_booking(bob, cls.shows[3], 1),
        ]
        cls.bob = bob

    def setUp(self):
        link = self.client.get("/api/movies/?page_size=1")["Link"]
        self.cursor = parse_qs(urlsplit(link[1:].partition(">")[0]).query)["cursor"][0]
        sessions = [open_session(user=self.alice), open_session(user=self.bob)]
        self.refresh, self.access = list(map(str, sessions)), sessions[0].access_token
        path, key = f"/api/shows/{self.shows[0].pk}/book/", {"Idempotency-Key": "used"}
        api_client(self.alice).post(path, {"seat_number": 9}, headers=key)
        raw = strict(self.client.get("/swagger.json").json())
        self.schema = schemathesis.openapi.from_dict(raw, config=SchemathesisConfig())
        self.schema.app = application
        for signal in (request_started, request_finished):  # these would close the transaction
            signal.disconnect(close_old_connections)
            self.addCleanup(signal.connect, close_old_connections)

    def known(self, path):
        """Existing values by name of a parameter or field, and bodies by operation id."""
        of = {
            "movies": [each.movie_id for each in self.shows],
            "shows": [each.pk for each in self.shows],
            "bookings": [each.pk for each in self.bookings],
            "me": list(Session.objects.values_list("pk", flat=True)),
        }
        seats = st.sampled_from([7, 8, 10, 1, 5, 9, 11])
        known = {
            "id": of.get(path.split("/")[2]),
            "reference": [each.reference for each in self.bookings],
            "username": ["alice", "Bob", "carol"],
            "password": [PASSWORD, "silver-screen-1927"],
            "old_password": [PASSWORD],
            "new_password": ["silver-screen-1927"],
            "refresh": self.refresh,
            "email": ["", "alice@example.com"],
            "page_size": [1, 2],
            "cursor": [self.cursor],
            "movie": of["movies"],
            "show": of["shows"],
            "Idempotency-Key": ["new", '"other"', "used"],
            "If-None-Match": ["*"],
        }
        known = {name: st.sampled_from(values) for name, values in known.items() if values}
        some = st.lists(seats, min_size=1, max_size=4, unique=True)
        return known | {
            "seat_number": seats,
            "reserveSeats": st.one_of(
                st.fixed_dictionaries({"seat_numbers": some}, optional={"hold": st.booleans()}),
                st.fixed_dictionaries(
                    {"count": st.integers(1, 9)}, optional={"hold": st.booleans()}
                ),
            ),
        }

    def send(self, case, headers):
        """Sends the request and checks the response; changes are rolled back."""
        with transaction.atomic():
            case.call_and_validate(headers=headers, checks=CHECKS)
            transaction.set_rollback(True)
        self.requests += 1

    def fuzz(self, operation, mode, known):
        alices = {"Authorization": f"Bearer {self.access}"}

        @hypothesis.seed(SEED)
        @hypothesis.settings(
            max_examples=CASES // 45,
            phases=[hypothesis.Phase.generate],  # shrinking takes minutes
            database=None,
            deadline=None,
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(
            requests_to(operation, mode, known), st.sampled_from([alices, alices, alices, None])
        )
        def ask(case, headers):
            self.send(case, headers)

        ask()

    def test_every_operation_fuzzed_responds_as_documented(self):
        self.requests = 0
        for found in self.schema.get_all_operations():
            operation = found.ok()
            for mode in GenerationMode:
                if mode == GenerationMode.NEGATIVE and operation.path == "/api/":
                    continue  # it has no input
                with self.subTest(f"{mode.value} {operation.label}", again=AGAIN):
                    self.fuzz(operation, mode, self.known(operation.path))
        self.assertGreaterEqual(self.requests, CASES)
