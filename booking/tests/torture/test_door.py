"""Tests of the checker's rules for tickets: scanned, undone, and of bookings that change."""

import json
from datetime import UTC, datetime
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, VIOLATED, check
from booking.tests.torture.histories import (
    ALICE,
    BOB,
    RULES,
    cancelled,
    moved,
    operation,
    sold,
)
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.model import ShowModel
from booking.tests.torture.reconcile import reconcile

STELLA = 9
SOLD = sold([1, 2], 0, 1, left=1)


def scanned(sent, *, pk=1, seat=1, code=None, kind="check_in", admitted=1, **facts):
    """A scan of the ticket of booking `pk`, of two, for a seat; `admitted` are in then."""
    if code is None:
        facts = {
            "seat_number": seat,
            "reservation": {"seats": 2, "admitted": admitted},
            **({"read_at": sent} if kind == "check_in" else {}),
        } | facts
    arguments = {"booking": pk, "seat": seat, "clerk": STELLA}
    return operation(kind, arguments, sent, sent + 1, code=code, **facts)


def undone(sent, **facts):
    return scanned(sent, kind="undo_check_in", **{"admitted": 0} | facts)


class DoorModelTests(TestCase):
    def assertVerdicts(self, *cases):
        for *operations, verdict in cases:
            with self.subTest([f"{each.kind} {each.code}" for each in operations]):
                found = check([SOLD, *operations], ShowModel(RULES)).verdict
                self.assertEqual(found, verdict)

    def test_ticket_admits_once_until_it_is_undone(self):
        again = scanned(4, code="already_admitted")
        self.assertVerdicts(
            (scanned(2), LINEARIZABLE),
            (scanned(2), again, LINEARIZABLE),
            (scanned(2), scanned(4), VIOLATED),
            (again, VIOLATED),
            (scanned(2), undone(4), scanned(6), LINEARIZABLE),
            (scanned(2), undone(4), undone(6), VIOLATED),
            (scanned(2), undone(4), undone(6, code="not_admitted"), LINEARIZABLE),
            (undone(4), VIOLATED),
            (scanned(2), undone(4, code="not_admitted"), VIOLATED),
            (scanned(2), undone(4), scanned(6, code="already_admitted"), VIOLATED),
        )

    def test_answer_has_seat_and_counts(self):
        self.assertVerdicts(
            (scanned(2), scanned(4, pk=2, seat=2, admitted=2), LINEARIZABLE),
            (scanned(2), scanned(4, pk=2, seat=2, admitted=1), VIOLATED),
            (scanned(2, seat_number=2), VIOLATED),
        )

    def test_seat_of_who_is_in_is_neither_cancelled_nor_moved(self):
        refused = {"code": "checked_in"}
        cancel = operation("cancel", {"booking": 1}, 4, 5, **refused)
        move = operation("move", {"booking": 1, "seat": 3}, 4, 5, **refused)
        whole = operation("cancel_reservation", {"reference": "R1"}, 4, 5, **refused)
        self.assertVerdicts(
            *((scanned(2), each, LINEARIZABLE) for each in (cancel, move, whole)),
            *((each, VIOLATED) for each in (cancel, move, whole)),
            (scanned(2), cancelled(1, 4, 5, left=2), VIOLATED),
            (scanned(2), moved(1, 3, 4, 5, left=1), VIOLATED),
            (scanned(2), undone(3), cancelled(1, 4, 5, left=2), LINEARIZABLE),
            (scanned(2), operation("erase", {}, 4, 5, read_at=4), LINEARIZABLE),
        )

    def test_ticket_that_is_not_as_the_booking_is_refused(self):
        gone = scanned(4, code="ticket_cancelled")
        other_seat = scanned(4, code="ticket_moved", seat_number=3)
        away, back = cancelled(1, 2, 3, left=2), moved(1, 3, 2, 3, left=1)
        self.assertVerdicts(
            (away, gone, LINEARIZABLE),
            (gone, VIOLATED),
            (away, scanned(4), VIOLATED),
            (back, other_seat, LINEARIZABLE),
            (back, scanned(4, code="ticket_moved", seat_number=2), VIOLATED),
            (other_seat, VIOLATED),
            (back, scanned(4), VIOLATED),
            (back, scanned(4, seat=3), LINEARIZABLE),
            (back, scanned(4, code="ticket_cancelled", seat_number=3), VIOLATED),
            (scanned(4, code="not_booked", status="held"), VIOLATED),
            (scanned(4, code="too_early"), VIOLATED),
            (scanned(4, pk=7, code="unknown_ticket"), VIOLATED),
        )

    def test_ticket_of_a_hold_admits_nobody(self):
        held = sold([1], 0, 1, left=2, hold=True)
        refused = scanned(2, code="not_booked", status="held")
        for scan, verdict in [(refused, LINEARIZABLE), (scanned(2), VIOLATED)]:
            with self.subTest(scan.code):
                self.assertEqual(check([held, scan], ShowModel(RULES)).verdict, verdict)

    def test_final_table_says_who_is_in(self):
        def table(is_in):
            rows = {"1": ["R1", ALICE, 1, is_in, "booked", None]}
            rows["2"] = ["R1", ALICE, 2, False, "booked", None]
            return operation("table", {}, 9, 9, bookings=rows)

        self.assertVerdicts(
            (scanned(2), table(True), LINEARIZABLE),
            (scanned(2), table(False), VIOLATED),
            (table(True), VIOLATED),
        )


class DoorEventTests(TestCase):
    """What the table of events says of a scan whose answer was lost."""

    AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    TIME = "2026-01-01T00:00:00Z"

    def reconcile(self, *kinds, status=None, body="{}", actor=STELLA, erased=False, **booking):
        attempts = [Attempt(self.AT, self.AT + 1, status, body)]
        arguments = {"booking": 1, "seat": 1, "clerk": STELLA}
        scan = Request(1, ALICE, 1, "check_in", arguments, None, attempts)
        sale = Request(0, ALICE, 1, "book", {"seats": [1]}, None, [Attempt(self.AT, None)])
        erasure = Request(2, ALICE, 0, "erase", {}, None, [Attempt(self.AT, self.AT + 1, 204, "")])
        events = [("booked", ALICE, 0), *((kind, actor, 1) for kind in kinds)]
        tables = {
            "bookings": [
                {
                    "id": 1,
                    "reference": "R1",
                    "user": ALICE,
                    "show": 1,
                    "seat": 1,
                    "status": "booked",
                    "held_until": None,
                    "created_at": self.TIME,
                    "cancelled_at": None,
                    "admitted_at": self.TIME if kinds else None,
                }
                | booking
            ],
            "events": [
                {
                    "booking": 1,
                    "actor": actor,
                    "kind": kind,
                    "moved_from": None,
                    "seat": 1,
                    "created_at": self.TIME,
                    "request_id": f"torture-{number}",
                }
                for kind, actor, number in events
            ],
            "keys": [],
            "shows": [1],
            "inactive": [ALICE] * erased,
        }
        return reconcile([sale, scan, *[erasure] * erased], tables, ended=self.AT + 100)

    def test_lost_scan_is_done_if_it_has_an_event(self):
        for kinds, count in [(["admitted"], 3), ([], 2)]:
            found = self.reconcile(*kinds)
            self.assertEqual((found.violations, found.faults), ([], []))
            self.assertEqual(len(found.operations[1]), count)  # sale, scan, table
            verdict = check(found.operations[1], ShowModel(RULES)).verdict
            self.assertEqual(verdict, LINEARIZABLE)

    def test_final_table_comes_after_a_scan_without_response(self):
        *operations, table = self.reconcile("admitted").operations[1]
        table.body["bookings"]["1"][3] = False  # as if nobody were in
        self.assertEqual(check([*operations, table], ShowModel(RULES)).verdict, VIOLATED)

    def test_scan_is_in_order_of_the_time_that_its_answer_has(self):
        body = {"seat_number": 1, "reservation": {"seats": 1, "admitted": 1}}
        body = json.dumps(body | {"admitted_at": self.TIME})
        found = self.reconcile("admitted", status=200, body=body)
        _, scan, _ = found.operations[1]
        self.assertEqual((found.violations, scan.body["read_at"]), ([], self.AT))

    def test_who_is_in_keeps_the_seat_when_the_account_is_erased(self):
        self.assertEqual(self.reconcile("admitted", erased=True).violations, [])
        found = self.reconcile(erased=True).violations
        self.assertEqual(found, ["erased user 1 has booking 1"])

    def test_wrong_scan_is_a_violation(self):
        unexplained = "the events of booking 1 do not explain it"
        for problem, kinds, facts in [
            ("acknowledged and lost", [], {"status": 200, "body": '{"admitted_at": null}'}),
            ("refused and done", ["admitted"], {"status": 400, "body": '{"code": "bad_ticket"}'}),
            ("done by another user", ["admitted"], {"actor": BOB}),
            ("another change than requested", ["undone"], {}),
            ("done twice", ["admitted", "admitted"], {}),
            (unexplained, ["admitted", "admitted"], {}),
            (unexplained, ["admitted", "moved"], {}),
            (unexplained, ["admitted"], {"admitted_at": None}),
            (unexplained, [], {"admitted_at": self.TIME}),
            (unexplained, ["admitted"], {"actor": ALICE}),
            (unexplained, ["admitted"], {"seat": 2}),
        ]:
            with self.subTest(problem, kinds=kinds, **facts):
                found = self.reconcile(*kinds, **facts).violations
                self.assertIn(problem, [each.split(":")[0] for each in found])
