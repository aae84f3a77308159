"""The checker's rules for sales at the counter."""

from datetime import UTC, datetime
from typing import ClassVar
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, VIOLATED, check
from booking.tests.torture.counter import as_api
from booking.tests.torture.histories import ALICE, BOB, RULES, ReconcileTestCase, operation, sold
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.model import ShowModel
from booking.tests.torture.reconcile import reconcile


class CounterTests(TestCase):
    """Stella sells seat 1 to Alice."""

    STELLA = 9
    BOOKING: ClassVar = ReconcileTestCase.BOOKING
    EVENT: ClassVar = {
        "booking": 1,
        "actor": STELLA,
        "kind": "booked",
        "moved_from": None,
        "seat": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "request_id": "torture-0",
    }
    AT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()

    def reconcile(self, status, body="{}", *, booking=None, event=None, done=True):
        attempt = Attempt(self.AT, self.AT + 1, status, body)
        arguments = {"seats": [1], "clerk": self.STELLA}
        sale = Request(0, ALICE, 1, "counter_sale", arguments, None, [attempt])
        tables = {
            "bookings": [self.BOOKING | (booking or {})] * done,
            "events": [self.EVENT | (event or {})] * done,
            "keys": [],
            "shows": [1],
            "inactive": [],
        }
        return reconcile([sale], tables, ended=self.AT + 100)

    def test_sale_at_the_counter_is_done_if_it_has_events(self):
        for status, returned in [(201, 1), (None, 100), (503, 100)]:
            with self.subTest(status=status):
                reconciled = self.reconcile(status)
                self.assertEqual((reconciled.violations, reconciled.faults), ([], []))
                sale, table = reconciled.operations[1]
                self.assertEqual((sale.user, sale.returned), (ALICE, self.AT + returned))
                self.assertEqual(check([sale, table], ShowModel(RULES)).verdict, LINEARIZABLE)
        self.assertEqual(self.reconcile(None, done=False).violations, [])

    def test_other_than_the_sale_that_the_clerk_wanted_is_a_violation(self):
        for problem, status, facts in [
            ("acknowledged and lost", 201, {"done": False}),
            ("refused and done", 400, {"body": '{"code":"sold_out"}'}),
            ("done by another user", 201, {"event": {"actor": ALICE}}),
            ("done to another user", 201, {"booking": {"user": BOB}}),
            ("another change than requested", 201, {"event": {"kind": "held"}}),
        ]:
            with self.subTest(problem):
                found = self.reconcile(status, **facts).violations
                self.assertIn(problem, [each.split(":")[0] for each in found])
        sale, table = self.reconcile(201, booking={"seat": 2}, event={"seat": 2}).operations[1]
        self.assertEqual(check([sale, table], ShowModel(RULES)).verdict, VIOLATED)

    def test_clerk_is_the_actor_of_no_other_change(self):
        booking = {"status": "held", "held_until": "2026-01-01T00:00:10Z"}
        held = self.reconcile(201, booking=booking, event={"kind": "held"})
        self.assertIn("the events of booking 1 do not explain it: held", held.violations)

    def test_counter_sells_beyond_the_limit_and_refuses_with_reason(self):
        def counter_sale(code=None, **body):
            arguments = {"seats": [3], "clerk": self.STELLA}
            return operation("counter_sale", arguments, 4, 5, code=code, **body)

        two = sold([1, 2], 0, 1, left=1)
        booking = {"id": 3, "seat_number": 3, "status": "booked"}
        done = counter_sale(read_at=4, reference="R3", bookings=[booking], expires_at=None)
        done.is_answered = False
        third = sold([3], 2, 3, left=0, user=BOB)
        alone = sold([3], 2, 3, left=2, user=BOB)
        for operations, verdict in [
            ([two, done], LINEARIZABLE),
            ([two, third, done], VIOLATED),
            ([two, third, counter_sale("sold_out")], LINEARIZABLE),
            ([two, counter_sale("sold_out")], VIOLATED),
            (
                [alone, counter_sale("seat_taken", seat_numbers=[3], alternatives=[1, 2])],
                LINEARIZABLE,
            ),
            ([two, counter_sale("seat_taken", seat_numbers=[3], alternatives=[])], VIOLATED),
            ([two, counter_sale("too_many_seats", limit=2, seats=2)], VIOLATED),
            ([two, counter_sale("unknown")], VIOLATED),
            ([alone, counter_sale("not_held", seat_numbers=[3], alternatives=[1, 2])], VIOLATED),
        ]:
            with self.subTest(operations[-1]):
                self.assertEqual(check(operations, ShowModel(RULES)).verdict, verdict)

    def test_page_is_read_as_a_response_of_the_api(self):
        taken = "<li>Taken meanwhile: A1, C4. Free nearby: B2.</li>"
        seats = {"code": "seat_taken", "seat_numbers": [1, 16], "alternatives": [8]}
        for status, page, answer in [
            (302, "", (201, {})),
            (503, "", (503, {})),
            (400, "", (400, {})),
            (403, "", (403, {})),
            (200, taken, (400, seats)),
            (200, "<li>Taken meanwhile: A1, C4.</li>", (400, seats | {"alternatives": []})),
            (200, "<li>This show is sold out.</li>", (400, {"code": "sold_out"})),
            (200, "<li>There is no customer “x”.", (400, {"code": "customer_not_found"})),
            (200, "<li>Choose one of the buttons.</li>", (400, {"code": "unknown"})),
        ]:
            with self.subTest(status=status, page=page):
                self.assertEqual(as_api(status, page), answer)
