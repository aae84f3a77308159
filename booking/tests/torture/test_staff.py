"""Tests of the checker's rules for what staff do: move, cancel, and call shows off."""

from datetime import UTC, datetime
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, VIOLATED, check
from booking.tests.torture.histories import ALICE, BOB, RULES, operation, sold
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.model import ShowModel
from booking.tests.torture.reconcile import reconcile
from booking.tests.torture.test_door import STELLA, scanned

SOLD = sold([1, 2], 0, 1, left=1)
CALLED_OFF = operation("call_off", {}, 4, 5, user=0, read_at=4)
REFUSED = operation("reserve", {"seats": [3]}, 6, 7, user=BOB, code="show_cancelled")


def by_staff(kind, sent=4, *, pk=1, seat=1, booking=1):
    arguments = {"clerk": STELLA, **({"booking": booking} if kind == "staff_cancel" else {})}
    body = {"id": pk, "seat_number": seat, "read_at": sent}
    return operation(kind, arguments, sent, sent + 1, user=0, **body)


class StaffModelTests(TestCase):
    def assertVerdicts(self, *cases):
        for *operations, verdict in cases:
            with self.subTest([f"{each.kind} {each.code}" for each in operations]):
                found = check([SOLD, *operations], ShowModel(RULES)).verdict
                self.assertEqual(found, verdict)

    def test_staff_move_and_cancel_active_bookings_of_who_is_not_in(self):
        cancel = by_staff("staff_cancel")
        self.assertVerdicts(
            (cancel, LINEARIZABLE),
            (cancel, by_staff("staff_cancel", 6), VIOLATED),
            (by_staff("staff_cancel", pk=2), VIOLATED),
            (scanned(2), cancel, VIOLATED),
            (by_staff("staff_move", seat=3), LINEARIZABLE),
            (by_staff("staff_move", seat=2), VIOLATED),
            (cancel, by_staff("staff_move", 6, seat=3), VIOLATED),
            (scanned(2), by_staff("staff_move", seat=3), VIOLATED),
            (cancel, sold([1], 6, 7, ids=[5], left=1, user=BOB), LINEARIZABLE),
        )

    def test_show_that_is_called_off_sells_nothing_more(self):
        sale = sold([3], 6, 7, left=0, user=BOB)
        counter_sale = operation(
            "counter_sale", {"seats": [3], "clerk": STELLA}, 6, 7, code="show_cancelled"
        )
        everything_free = operation("map", {}, 8, 9, user=0, booked=[], held=[], available_seats=3)
        self.assertVerdicts(
            (CALLED_OFF, REFUSED, everything_free, LINEARIZABLE),
            (CALLED_OFF, counter_sale, LINEARIZABLE),
            (REFUSED, VIOLATED),
            (counter_sale, VIOLATED),
            (sale, LINEARIZABLE),
            (CALLED_OFF, sale, VIOLATED),
            (CALLED_OFF, operation("call_off", {}, 6, 7, user=0, read_at=6), VIOLATED),
            (CALLED_OFF, by_staff("staff_move", 6, seat=3), VIOLATED),
            (scanned(2), CALLED_OFF, everything_free, LINEARIZABLE),
        )

    def test_calling_off_changes_all_active_bookings(self):
        for changed, verdict in [({1, 2}, LINEARIZABLE), ({1}, VIOLATED), (set(), VIOLATED)]:
            called_off = operation("call_off", {}, 4, 5, user=0, read_at=4)
            called_off.changed = frozenset(changed)
            self.assertVerdicts((called_off, verdict))


class CallOffTests(TestCase):
    """What the tables say of a show that was called off."""

    AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    TIME = "2026-01-01T00:00:00Z"

    def reconcile(
        self, *, requests=1, status=201, called_off=True, actor=STELLA, show=1, times=(TIME, TIME)
    ):
        """Alice has two seats; `times` has when the event of each was, None if it has none."""
        attempts = [Attempt(self.AT, self.AT + 1, status, "{}")]
        calls = [
            Request(number, 0, 1, "call_off", {"clerk": STELLA}, None, attempts)
            for number in range(1, requests + 1)
        ]
        seats = {"seats": [1, 2], "hold": False}
        sale = Request(0, ALICE, 1, "reserve", seats, None, [Attempt(self.AT, None)])
        events = [(pk, "booked", ALICE, self.TIME, 0) for pk in (1, 2)]
        if called_off:
            cancelled = [(pk, moment) for pk, moment in enumerate(times, 1) if moment]
            events += [(pk, "cancelled", actor, moment, 1) for pk, moment in cancelled]
        tables = {
            "bookings": [
                {
                    "id": pk,
                    "reference": "R1",
                    "user": ALICE,
                    "show": show,
                    "seat": pk,
                    "status": "cancelled" if called_off and times[pk - 1] else "booked",
                    "held_until": None,
                    "created_at": self.TIME,
                    "cancelled_at": times[pk - 1] if called_off else None,
                    "admitted_at": None,
                }
                for pk in (1, 2)
            ],
            "events": [
                {
                    "booking": pk,
                    "actor": actor,
                    "kind": kind,
                    "moved_from": None,
                    "seat": pk,
                    "created_at": moment,
                    "request_id": f"torture-{number}",
                }
                for pk, kind, actor, moment, number in events
            ],
            "keys": [],
            "shows": [1],
            "called_off": {"1": self.TIME} if called_off else {},
            "inactive": [],
        }
        return reconcile([sale, *calls], tables, ended=self.AT + 100)

    def violations(self, **facts):
        return [each.split(":")[0] for each in self.reconcile(**facts).violations]

    def test_show_is_called_off_by_one_of_the_requests(self):
        self.assertEqual(self.violations(), [])
        self.assertEqual(self.violations(requests=2), [])
        self.assertEqual(self.violations(status=None, called_off=False), [])

    def test_show_that_is_called_off_keeps_no_booking(self):
        for times, verdict in [
            ((self.TIME, self.TIME), LINEARIZABLE),
            ((self.TIME, None), VIOLATED),
            ((None, None), VIOLATED),
        ]:
            with self.subTest(times):
                found = self.reconcile(times=times)
                self.assertEqual(found.violations, [])
                called_off = next(e for e in found.operations[1] if e.kind == "call_off")
                cancelled = {pk for pk, moment in enumerate(times, 1) if moment}
                self.assertEqual(called_off.changed, cancelled)
                result = check(found.operations[1], ShowModel(RULES))
                self.assertEqual(result.verdict, verdict, result.explanation)

    def test_wrong_calling_off_is_a_violation(self):
        for problem, facts in [
            ("calling off show 1 was acknowledged and lost", {"called_off": False}),
            ("show 1 was called off without a request", {"requests": 0}),
            ("done by another user", {"actor": ALICE}),
            ("done to another show", {"show": 2}),
            ("done at several times", {"times": (self.TIME, "2026-01-01T00:00:01Z")}),
        ]:
            with self.subTest(problem):
                self.assertIn(problem, self.violations(**facts))
