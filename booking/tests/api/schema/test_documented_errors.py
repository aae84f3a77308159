"""Every documented error of every operation is produced, and its example is real.

Each operation has a request that succeeds; the method named for a code spoils it. Failures of the
server or the database are mocked here; they are real in test_errors.py, db/test_errors.py,
test_idempotency.py and torture/.
"""

import re
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from unittest import mock

from django.contrib.auth.models import Group, User
from django.db import OperationalError, transaction
from django.test import override_settings
from psycopg.errors import LockNotAvailable
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from booking import accounts
from booking.models import Booking, Profile, Show
from booking.roles import DOOR
from booking.tests.factories import (
    ApiTestCase,
    api_client,
    create_booking,
    create_hold,
    create_show,
    create_user,
    zone_where_it_is_noon,
)
from booking.tests.openapi_document import document, query_parameters
from booking.throttling import UserThrottle
from booking.tickets import Ticket, code_of
from booking.tokens import open_session

PASSWORD = "paper-moon-1973"
FIELD_ERRORS = "field_errors"  # instead of a code
THROTTLES = (
    "THROTTLE_LOGIN",
    "THROTTLE_SIGNUP",
    "THROTTLE_HOLD",
    "THROTTLE_CANCEL",
    "THROTTLE_PASSWORD_RESET",
    "THROTTLE_VERIFY_EMAIL",
    "THROTTLE_USER",
)

SENTENCES = {  # what customers read, by code; numbers may differ
    "no_active_account": ["Wrong username or password."],
    "throttled": [
        "Too many attempts. Please try again in 1 hour.",
        "Too many attempts. Please try again in 12 hours.",
        "Too many attempts. Please try again in 12 minutes.",
        "Too many attempts. Please try again in 1 second.",
        "Too many attempts. Please try again in 30 seconds.",
    ],
    "not_authenticated": ["Please log in."],
    "token_not_valid": ["Your session has ended. Please log in again."],
    "user_not_found": ["This account no longer exists."],
    "user_inactive": ["This account has been deactivated."],
    "password_changed": ["Your password has been changed. Please log in again."],
    "seat_taken": [
        "This seat has just been taken.",
        "Some of these seats have just been taken.",
    ],
    "not_for_sale": ["This seat is not sold online."],
    "sold_out": ["This show is sold out."],
    "not_enough_seats": ["Only 4 seats are left."],
    "too_many_seats": ["You can book at most 10 seats for a show, and you already have 8."],
    "held_too_soon": [
        "You held seats for this show a moment ago and the time ran out. "
        "You can hold again in 42 seconds, or book now."
    ],
    "sales_closed": ["Sales for this show have closed."],
    "show_cancelled": ["This show has been cancelled."],
    "hold_expired": ["Your hold has expired."],
    "already_cancelled": ["This booking is already cancelled."],
    "not_held": ["These seats are already booked, so there is nothing to extend."],
    "show_started": ["The show has started, so this booking can no longer be changed."],
    "checked_in": ["This ticket has been used, so the booking can no longer be changed."],
    "not_booked": ["These seats are only held. Confirm them first."],
    "bad_ticket": ["This is not a ticket of this cinema."],
    "unknown_ticket": ["There is no booking for this ticket."],
    "ticket_cancelled": ["This booking was cancelled."],
    "ticket_moved": ["This booking was moved to seat A9.", "This booking was moved to seat B5."],
    "other_show": [
        "This ticket is for another show: Metropolis, Thu 24 Dec 2026, 20:15, Screen 1."
    ],
    "other_day": ["This ticket is for another day: Metropolis, Thu 24 Dec 2026, 20:15, Screen 1."],
    "too_early": ["The doors open at 19:15."],
    "show_ended": ["This show ended at 22:48."],
    "already_admitted": [
        "This ticket was already used at 19:58 by gate1.",
        "This ticket was already used at 19:58 by stella.",
    ],
    "not_admitted": ["This ticket is not checked in."],
    "undo_too_late": ["A check-in can be undone for 5 minutes only."],
    "permission_denied": ["You do not have permission to perform this action."],
    "reset_token_not_valid": ["This link has expired or has been used. Ask for a new one."],
    "verification_token_not_valid": ["This link is no longer valid. Ask for a new one."],
    "already_verified": ["Your email address is already verified."],
    "no_email_address": ["Your account has no email address. Add one first."],
    "not_yours": ["You do not have access to this booking."],
    "not_found": [
        "Not found.",
        "There is no such show.",
        "There is no such reservation.",
        "There is no such session.",
    ],
    "https_required": [
        "Use HTTPS. If you sent a token over plain HTTP, log in again to replace it."
    ],
    "busy": ["We are very busy right now. Please try again in a moment."],
    "unavailable": ["Booking is unavailable right now. Please try again later."],
    "server_error": ["Something went wrong on our side."],
}
FOR_DEVELOPERS = {  # errors of a program, not of a customer
    *("bad_request", "parse_error", "unsupported_media_type", "not_acceptable", "body_too_large"),
    *("length_required", "unsupported_content_encoding"),
    *("bad_authorization_header", "bad_idempotency_key", "in_progress", "idempotency_mismatch"),
}


def documented_errors():
    """Tuples of operation, status, code and example."""
    for path, item in document().raw["paths"].items():
        for method, operation in item.items():
            operation = operation | {"method": method, "path": path}
            for status, response in operation["responses"].items():
                if status < "400":
                    continue
                response = document().resolve_response(response)
                example = response["examples"]["application/json"]
                schema = document().resolve_schema(response["schema"])
                error = schema.get("allOf", [schema])[-1]["properties"]
                for code in error["code"]["enum"]:
                    yield operation, int(status), code, example
                if "allOf" not in schema:
                    yield operation, int(status), FIELD_ERRORS, example


def without_numbers(sentence):
    days = re.sub(r"[A-Z][a-z]{2} \d+ [A-Z][a-z]{2} (?=\d{4})", "Thu 24 Dec ", sentence)
    return re.sub(r"\d+", "1", days)


def broken(error):
    return mock.patch("rest_framework.views.APIView.initial", side_effect=error)


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class DocumentedErrorTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.alice.set_password(PASSWORD)
        cls.alice.save()
        cls.show = create_show()
        cls.booked = create_booking(cls.alice, cls.show, 5)
        cls.held = create_hold(cls.alice, cls.show, 7)
        cls.stella = create_user("stella", is_staff=True)
        cls.stella.groups.add(Group.objects.get(name=DOOR))

    def test_every_documented_error_is_returned(self):
        answered = set()
        for operation, status, code, example in documented_errors():
            name = f"{operation['operationId']} {status} {code}"
            with self.subTest(name), transaction.atomic():
                response = self.spoiled(operation, code)
                body = response.json()
                self.assertEqual(
                    (response.status_code, body.get("code", FIELD_ERRORS)), (status, code)
                )
                if code == example["code"]:
                    self.assertEqual(example.keys(), body.keys())
                if code in SENTENCES:
                    sentences = map(without_numbers, SENTENCES[code])
                    self.assertIn(without_numbers(body["detail"]), sentences)
                answered.add(code)
                transaction.set_rollback(True)
        self.assertEqual(answered, {FIELD_ERRORS, *SENTENCES, *FOR_DEVELOPERS})

    def test_error_example_has_the_api_sentence(self):
        for operation, _, code, example in documented_errors():
            if code == example["code"] and code in SENTENCES:
                with self.subTest(operation["operationId"], code=code):
                    sentences = map(without_numbers, SENTENCES[code])
                    self.assertIn(without_numbers(example["detail"]), sentences)

    def spoiled(self, operation, code):
        self.operation, self.more = operation, {}
        self.client = api_client(self.alice) if self.is_personal() else APIClient()
        if self.is_tagged("Door"):
            self.client = api_client(self.stella)
            self.start_in(minutes=30)
        if self.is_about("undoCheckIn"):
            self.target().update(admitted_at=datetime.now(UTC))
        self.client.raise_request_exception = False
        self.path = operation["path"].format(**self.ids())
        self.body = dict(self.good_body())
        with ExitStack() as self.during:
            getattr(self, code)()
            return self.ask()

    def ask(self):
        method = getattr(self.client, self.operation["method"])
        given = {"data": self.body} if self.body and self.operation["method"] != "get" else {}
        return method(self.path, **given | self.more)

    def is_personal(self):
        return bool(self.operation["security"])

    def is_tagged(self, *tags):
        return self.operation["tags"][0] in tags

    def is_about(self, name):
        return self.operation["operationId"].endswith(name)

    # --- Valid requests ---

    def ids(self):
        kind = self.operation["path"].split("/")[2]
        target = self.mine()
        found = {"movies": self.show.movie_id, "shows": self.show.pk, "bookings": target.pk}
        if self.is_about("Session"):
            found["me"] = open_session(user=self.alice)["sid"]
        return {"id": found.get(kind), "reference": target.reference}

    def mine(self):
        is_booked = self.is_about("Booking") or self.is_tagged("Tickets", "Door")
        return self.booked if is_booked else self.held

    def good_body(self):
        refresh = {"refresh": str(open_session(user=self.alice))}
        return {
            "signUp": {"username": "carol", "password": PASSWORD},
            "logIn": {"username": "alice", "password": PASSWORD},
            "refreshToken": refresh,
            "logOut": refresh,
            "changeMe": {"first_name": "Ada"},
            "eraseMe": {"password": PASSWORD},
            "changePassword": {"old_password": PASSWORD, "new_password": "silver-screen-1927"},
            "requestPasswordReset": {"email": "alice@example.com"},
            "resetPassword": {
                "token": accounts.reset_token(self.alice),
                "new_password": "silver-screen-1927",
            },
            "verifyEmail": {"token": accounts.verification_token(self.alice)},
            "bookSeat": {"seat_number": 1},
            "moveBooking": {"seat_number": 1},
            "reserveSeats": {"seat_numbers": [1]},
            "checkIn": {"code": code_of(Ticket.of(self.booked))},
            "undoCheckIn": {"code": code_of(Ticket.of(self.booked))},
        }.get(self.operation["operationId"], {})

    def test_unspoiled_request_succeeds(self):
        operations = {each["operationId"]: each for each, *_ in documented_errors()}
        for name, operation in operations.items():
            with self.subTest(name), transaction.atomic():
                response = self.spoiled(operation, "not_spoiled")
                self.assertIn(response.status_code, (200, 201, 204))
                transaction.set_rollback(True)

    def not_spoiled(self):
        """Leave the request as it is."""

    # --- Errors of any request ---

    def field_errors(self):
        if query_parameters(self.operation):
            self.path += "?since=x" if self.is_tagged("Door") else "?page_size=0"
        elif self.operation["operationId"] == "changeMe":
            self.body = {"first_name": None}
        elif self.operation["operationId"] == "checkIn":
            self.body["show"] = "x"
        elif self.operation["operationId"] == "undoCheckIn":
            self.more = {"data": []}
        else:
            self.more = {"data": {}}

    def parse_error(self):
        self.send("nonsense", "application/json")

    def bad_request(self):
        self.more = {"HTTP_HOST": "other.example"}

    def https_required(self):
        self.during.enter_context(self.settings(HTTPS=True))

    def not_acceptable(self):
        self.more = {"HTTP_ACCEPT": "text/html"}

    def body_too_large(self):
        self.more = {"CONTENT_LENGTH": str(2**20)}

    def length_required(self):
        self.more = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}

    def unsupported_content_encoding(self):
        self.send("nonsense", "application/json")
        self.more["HTTP_CONTENT_ENCODING"] = "gzip"

    def unsupported_media_type(self):
        self.send("nonsense", "text/plain")

    def send(self, text, content_type):
        self.more = {"data": text, "content_type": content_type}
        if not self.body:  # without a key such a body is not read
            self.more["HTTP_IDEMPOTENCY_KEY"] = "key"

    def not_found(self):
        self.path = self.operation["path"].format(id=10**6, reference="AAAAAAAA")

    def permission_denied(self):
        self.client = self.bob_client

    def not_yours(self):
        self.client = self.bob_client

    def throttled(self):
        UserThrottle.window = None
        self.during.enter_context(self.settings(**dict.fromkeys(THROTTLES, "1/1d")))
        for name in ("password", "old_password"):
            if name in self.body and not self.is_about("signUp"):
                self.body[name] = "wrong"
        self.ask()

    def server_error(self):
        self.during.enter_context(broken(ZeroDivisionError()))
        self.during.enter_context(self.assertLogs("django.request", "ERROR"))

    def busy(self):
        self.during.enter_context(broken(OperationalError("database is locked")))
        self.during.enter_context(self.assertLogs("booking", "WARNING"))

    def unavailable(self):
        self.during.enter_context(broken(OperationalError("connection refused")))
        self.during.enter_context(self.assertLogs("booking", "ERROR"))

    # --- Tokens and passwords ---

    def not_authenticated(self):
        self.client = self.client.__class__()

    def token_not_valid(self):
        if self.is_personal():
            self.client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        else:
            self.body["refresh"] = "nonsense"

    def bad_authorization_header(self):
        self.client.credentials(HTTP_AUTHORIZATION="Bearer two words")

    def user_not_found(self):
        self.client = api_client(self.create_other_user())
        self.other_user.delete()

    def user_inactive(self):
        self.client = api_client(self.create_other_user(is_active=False))

    def password_changed(self):
        token = AccessToken.for_user(self.create_other_user())
        self.other_user.set_password(PASSWORD)
        self.other_user.save()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def create_other_user(self, **more):
        self.other_user = create_user("dave", **more)
        return self.other_user

    def no_active_account(self):
        self.body["password"] = "wrong"

    def reset_token_not_valid(self):
        self.body["token"] = "nonsense"

    def verification_token_not_valid(self):
        self.body["token"] = "nonsense"

    def already_verified(self):
        Profile.objects.create(user=self.alice, verified_email=self.alice.email)

    def no_email_address(self):
        User.objects.filter(pk=self.alice.pk).update(email="")

    # --- Idempotency keys ---

    def bad_idempotency_key(self):
        self.more = {"HTTP_IDEMPOTENCY_KEY": '"'}

    def idempotency_mismatch(self):
        self.more = {"HTTP_IDEMPOTENCY_KEY": "key"}
        seat = {"seat_number": 3}
        self.client.post(f"/api/shows/{self.show.pk}/book/", seat, HTTP_IDEMPOTENCY_KEY="key")

    def in_progress(self):
        """A lock timeout of PostgreSQL; a real one is in test_idempotency.py."""
        self.more = {"HTTP_IDEMPOTENCY_KEY": "key"}
        timed_out = OperationalError("canceling statement due to lock timeout")
        timed_out.__cause__ = LockNotAvailable()
        creating = mock.patch("booking.api.idempotency.insert_unless_exists", side_effect=timed_out)
        self.during.enter_context(creating)

    # --- Refusals of the box office ---

    def target(self):
        return Booking.objects.filter(pk=self.mine().pk)

    def show_cancelled(self):
        Show.objects.update(cancelled_at=datetime.now(UTC))

    def sales_closed(self):
        if self.operation["operationId"] == "moveBooking":  # of a hold
            soon = datetime.now(UTC) + timedelta(minutes=1)
            self.target().update(status="held", held_until=soon)
        self.close_sales()

    def close_sales(self):
        Show.objects.update(date_time=datetime.now(UTC) - timedelta(hours=1))

    def show_started(self):
        self.target().update(status="booked", held_until=None)
        self.close_sales()

    def not_for_sale(self):
        Show.objects.filter(pk=self.show.pk).update(layout="x" * self.show.total_seats)

    def sold_out(self):
        self.sell(1, 2, 3, 4, 6, 8, 9, 10)

    def seat_taken(self):
        self.sell(1)
        if "seat_numbers" in self.body:
            self.body["seat_numbers"] = [1, 2]

    def sell(self, *seats):
        for seat in seats:
            create_booking(self.bob, self.show, seat)

    def too_many_seats(self):
        self.during.enter_context(self.settings(MAX_SEATS_PER_CUSTOMER=2))

    def not_enough_seats(self):
        self.sell(1, 2, 3, 4, 6, 8)
        self.body = {"count": 3}

    def held_too_soon(self):
        Booking.objects.update(status="booked", held_until=None)
        minute, ended = timedelta(minutes=1), -timedelta(minutes=59, seconds=3)
        self.during.enter_context(self.settings(HOLD_FOR=minute, HOLD_AT_MOST=minute))
        hold = create_hold(self.alice, self.show, 1, ends_in=ended)
        Booking.objects.filter(pk=hold.pk).update(
            status="expired", created_at=datetime.now(UTC) - 60.5 * minute
        )
        self.body["hold"] = True

    def already_cancelled(self):
        now = datetime.now(UTC)
        self.target().update(status="cancelled", cancelled_at=now, held_until=None)

    def hold_expired(self):
        just_now = datetime.now(UTC) - timedelta(seconds=1)
        self.target().update(status="held", held_until=just_now)

    def not_held(self):
        self.target().update(status="booked", held_until=None)

    # --- Tickets and the door ---

    def start_in(self, minutes):
        starts = datetime.now(UTC) + timedelta(minutes=minutes)
        Show.objects.filter(pk=self.show.pk).update(date_time=starts)

    def admit(self, minutes_ago=0):
        admitted_at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        self.target().update(
            status="booked", held_until=None, admitted_at=admitted_at, admitted_by=self.stella
        )

    def checked_in(self):
        self.admit()

    def already_admitted(self):
        self.during.enter_context(self.settings(TIME_ZONE=zone_where_it_is_noon()))
        self.admit()

    def not_booked(self):
        soon = datetime.now(UTC) + timedelta(minutes=1)
        self.target().update(status="held", held_until=soon, admitted_at=None)

    def bad_ticket(self):
        self.body["code"] = "x"

    def unknown_ticket(self):
        self.body["code"] = code_of(Ticket(10**6, 5))

    def ticket_cancelled(self):
        self.target().update(status="cancelled", cancelled_at=datetime.now(UTC))

    def ticket_moved(self):
        self.target().update(seat_number=9)

    def other_show(self):
        self.body["show"] = create_show().pk

    def other_day(self):
        self.start_in(minutes=3 * 24 * 60)

    def too_early(self):
        self.during.enter_context(self.settings(TIME_ZONE=zone_where_it_is_noon()))
        self.start_in(minutes=120)

    def show_ended(self):
        self.during.enter_context(self.settings(TIME_ZONE=zone_where_it_is_noon()))
        self.start_in(minutes=-180)

    def not_admitted(self):
        self.target().update(admitted_at=None)

    def undo_too_late(self):
        self.admit(minutes_ago=6)
