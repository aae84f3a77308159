"""History and final tables are combined into the operations that were done."""

from booking.tests.torture.checker import VIOLATED, check
from booking.tests.torture.histories import ALICE, BOB, RULES, ReconcileTestCase, sold
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.model import ShowModel
from booking.tests.torture.reconcile import _order_by_clock, reconcile


class ReconcileTests(ReconcileTestCase):
    def test_response_received_is_one_operation(self):
        reconciled = self.reconcile(self.booked(0, 1))
        self.assertEqual(reconciled.violations, [])
        self.assertEqual(self.operations(reconciled), [("reserve", None, 0, 1)])

    def test_response_lost_and_repeated_on_retry_is_one_operation(self):
        reconciled = self.reconcile(self.lost(0), self.booked(2, 3, replayed=True))
        self.assertEqual(reconciled.violations, [])
        self.assertEqual(self.operations(reconciled), [("reserve", None, 0, 3)])
        counts = reconciled.counts
        self.assertEqual((counts["lost responses"], counts["… repeated on retry"]), (1, 1))

    def test_response_lost_for_good_is_an_operation_until_the_end(self):
        """The stored key proves that it was done, at any time until the end."""
        self.assertEqual(self.operations(self.reconcile(self.lost(2))), [("reserve", None, 2, 100)])

    def test_request_lost_is_no_operation(self):
        self.assertEqual(self.operations(self.reconcile(self.lost(0), kept=False)), [])

    def test_refusal_is_an_operation(self):
        refused = Attempt(2, 3, 400, self.REFUSED)
        reconciled = self.reconcile(self.lost(0), refused, kept=False)
        self.assertEqual(self.operations(reconciled), [("reserve", "seat_taken", 2, 3)])
        late = self.reconcile(self.lost(0), refused)  # the first request arrived after the second
        self.assertEqual(late.operations[1][1].after, [late.operations[1][0]])

    def test_acknowledged_without_key_is_lost(self):
        self.assertEqual(self.violations(self.booked(0, 1), kept=False), ["acknowledged and lost"])

    def test_two_first_responses_are_done_twice(self):
        self.assertEqual(self.violations(self.booked(0, 1), self.booked(2, 3)), ["done twice"])

    def test_two_different_responses_are_a_violation(self):
        other = Attempt(2, 3, 201, self.BODY.replace("7", "8"), replayed=True)
        self.assertEqual(self.violations(self.booked(0, 1), other), ["two different responses"])

    def test_unexpected_status_is_a_violation(self):
        not_found = Attempt(0, 1, 404, "{}")
        self.assertEqual(self.violations(not_found, kept=False), ["status 404"])

    def test_server_error_is_a_fault_not_a_violation(self):
        """A mutant that does not work at all is not rejected for it."""
        reconciled = self.reconcile(Attempt(0, 1, 500, "{}"), kept=False)
        self.assertEqual(reconciled.violations, [])
        self.assertEqual([each.split(":")[0] for each in reconciled.faults], ["server error"])

    def test_request_without_definite_response_is_a_fault(self):
        reconciled = self.reconcile(self.lost(0), Attempt(2, 3, 503, "{}"), kept=False)
        self.assertEqual(
            [each.split(":")[0] for each in reconciled.faults], ["no definite response"]
        )

    def test_times_read_under_lock_give_the_order(self):
        first, second = (
            sold([1], 0, 10, left=2, at=9),
            sold([2], 0, 10, left=1, at=2, user=BOB),
        )
        _order_by_clock([first, second])
        self.assertEqual((first.after, second.after), ([second], []))
        self.assertEqual(check([first, second], ShowModel(RULES)).verdict, VIOLATED)

    def test_key_without_request_is_a_violation(self):
        self.assertEqual(
            self.violations(self.lost(0), key="other"),
            ["done without a stored response", "a key without a request"],
        )

    def test_inconsistent_rows_are_violations(self):
        row = {
            "id": 1,
            "reference": "R1",
            "user": ALICE,
            "show": 1,
            "seat": 1,
            "status": "held",
            "held_until": "2026-01-01T00:00:10Z",
            "created_at": "2026-01-01T00:00:00Z",
        }
        later = row | {"id": 2, "seat": 2, "held_until": "2026-01-01T00:00:11Z"}
        twice = row | {"id": 3, "reference": "R3"}
        rows = [row, later, twice]
        events = [event for each in rows for event in self.events(each, "held")]
        request = Request(0, ALICE, 1, "reserve", {"hold": True}, None, [self.lost(0)])
        tables = {"keys": [], "bookings": rows, "events": events, "shows": [1], "inactive": []}
        found = reconcile([request], tables, ended=100).violations
        self.assertEqual(
            [each for each in found if "done to several" not in each],
            [
                "reservation R1 does not expire as a whole",
                "seat 1 of show 1 was sold 2 times",
            ],
        )
