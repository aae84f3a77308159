"""Made-up operations, and a test case, for the tests of the checker."""

from typing import ClassVar
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, VIOLATED, check
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.model import ShowModel
from booking.tests.torture.operations import Operation, Rules
from booking.tests.torture.reconcile import reconcile

ALICE, BOB = 1, 2
RULES = Rules(seats=3, limit=2, hold_for=10, hold_at_most=30, hold_window=60)


def operation(kind, arguments, sent, returned, *, user=ALICE, code=None, **body):
    return Operation(1, user, kind, arguments, code, body, sent, returned)


def sold(
    seats, sent, returned, *, ids=None, left=0, user=ALICE, arguments=None, at=None, hold=False
):
    """A reservation of these seats; the ids of its bookings are the seat numbers by default."""
    status = "held" if hold else "booked"
    at = sent if at is None else at
    return operation(
        "reserve",
        {"seats": seats, "hold": hold} if arguments is None else arguments,
        sent,
        returned,
        user=user,
        reference=f"R{(ids or seats)[0]}",
        bookings=[
            {"id": pk, "seat_number": seat, "status": status}
            for pk, seat in zip(ids or seats, seats, strict=True)
        ],
        show={"available_seats": left},
        read_at=at,
        expires_at=at + RULES.hold_for if hold else None,
    )


def taken(seat, sent, returned, alternatives, *, user=BOB):
    return operation(
        "reserve",
        {"seats": [seat]},
        sent,
        returned,
        user=user,
        code="seat_taken",
        seat_numbers=[seat],
        alternatives=alternatives,
    )


def seat_map(booked, sent, returned, held=()):
    left = RULES.seats - len(booked) - len(held)
    return operation(
        "map", {}, sent, returned, user=0, booked=booked, held=list(held), available_seats=left
    )


def confirmed(seat, sent, returned, *, left):
    bookings = [{"id": seat, "seat_number": seat, "status": "booked"}]
    return operation(
        "confirm",
        {"reference": f"R{seat}"},
        sent,
        returned,
        bookings=bookings,
        status="booked",
        expires_at=None,
        show={"available_seats": left},
    )


def extended(seat, sent, returned, *, until, left):
    bookings = [{"id": seat, "seat_number": seat, "status": "held"}]
    return operation(
        "extend",
        {"reference": f"R{seat}"},
        sent,
        returned,
        bookings=bookings,
        expires_at=until,
        show={"available_seats": left},
    )


def cancelled(seat, sent, returned, *, left):
    return operation(
        "cancel",
        {"booking": seat},
        sent,
        returned,
        seat_number=seat,
        status="cancelled",
        show={"available_seats": left},
        read_at=sent,
    )


def too_soon(seats, sent, returned, *, retry_after):
    return operation(
        "reserve",
        {"seats": seats, "hold": True},
        sent,
        returned,
        code="held_too_soon",
        seat_numbers=seats,
        retry_after=retry_after,
    )


def moved(pk, seat, sent, returned, *, left, until=None):
    return operation(
        "move",
        {"booking": pk, "seat": seat},
        sent,
        returned,
        id=pk,
        reference=f"R{pk}",
        seat_number=seat,
        status="held" if until else "booked",
        expires_at=until,
        show={"available_seats": left},
    )


class CheckerTestCase(TestCase):
    def verdict(self, *operations, **limits):
        return check(list(operations), ShowModel(RULES), **limits).verdict

    def assertLinearizable(self, *operations):
        self.assertEqual(self.verdict(*operations), LINEARIZABLE)

    def assertViolated(self, *operations):
        self.assertEqual(self.verdict(*operations), VIOLATED)


class ReconcileTestCase(TestCase):
    """One request to book seat 1 with the key `k`."""

    BODY = (
        '{"id":7,"reference":"R7","seat_number":1,"status":"booked","expires_at":null,'
        '"created_at":"2026-01-01T00:00:00Z","show":{"available_seats":2}}'
    )
    REFUSED = '{"detail":"","code":"seat_taken","seat_numbers":[1],"alternatives":[2,3]}'

    def reconcile(self, *attempts, kept=True, bookings=None, events=None, key="k"):
        request = Request(0, ALICE, 1, "book", {"seats": [1]}, "k", list(attempts))
        row = {"user": ALICE, "key": key, "status": 201, "body": self.BODY}
        booking = self.BOOKING | {"id": 7, "reference": "R7"}
        bookings = [booking] * kept if bookings is None else bookings
        events = self.events(booking, "booked") * kept if events is None else events
        tables = {
            "keys": [row] * kept,
            "bookings": bookings,
            "events": events,
            "shows": [1],
            "inactive": [],
        }
        return reconcile([request], tables, ended=100)

    def booked(self, sent, returned, **more):
        return Attempt(sent, returned, 201, self.BODY, **more)

    def lost(self, sent):
        return Attempt(sent, sent + 1)

    def operations(self, reconciled):
        """All operations but the final table."""
        return [(e.kind, e.code, e.sent, e.returned) for e in reconciled.operations[1][:-1]]

    def violations(self, *attempts, **more):
        return [each.split(":")[0] for each in self.reconcile(*attempts, **more).violations]

    BOOKING: ClassVar = {
        "id": 1,
        "reference": "R1",
        "user": ALICE,
        "show": 1,
        "seat": 1,
        "status": "booked",
        "held_until": None,
        "created_at": "2026-01-01T00:00:00Z",
    }

    def events(self, booking, *kinds):
        same = {"booking": booking["id"], "actor": booking["user"], "moved_from": None}
        same |= {"request_id": "torture-0"}
        same |= {"seat": booking["seat"], "created_at": booking["created_at"]}
        return [same | {"kind": kind} for kind in kinds]
