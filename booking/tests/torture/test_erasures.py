"""The checker's rules for erased accounts."""

from typing import ClassVar
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, VIOLATED, check
from booking.tests.torture.histories import ALICE, BOB, RULES, sold
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.model import ShowModel
from booking.tests.torture.reconcile import reconcile


class ErasureTests(TestCase):
    """Alice erases her account from 10 to 12; she had seat 1."""

    BOOKING: ClassVar = {
        "id": 1,
        "reference": "R1",
        "user": ALICE,
        "show": 1,
        "seat": 1,
        "status": "cancelled",
        "held_until": None,
        "created_at": "1970-01-01T00:00:05Z",
    }
    REFUSED = '{"detail":"","code":"customer_not_found"}'

    def event(self, kind, **more):
        event = {"booking": 1, "actor": ALICE, "kind": kind, "moved_from": None, "seat": 1}
        return event | {"created_at": "1970-01-01T00:00:05Z", "request_id": "torture-0"} | more

    def reconcile(self, *attempts, erased=204, inactive=(ALICE,), user=ALICE, status="cancelled"):
        """With these attempts to read my-bookings."""
        sale = Request(0, ALICE, 1, "book", {"seats": [1]}, None, [Attempt(4, 6)])
        erasure = Request(1, ALICE, 0, "erase", {}, None, [Attempt(10, 12, erased, "{}")])
        read = Request(2, user, 1, "mine", {}, None, list(attempts))
        moment = {"created_at": "1970-01-01T00:00:11Z", "request_id": "torture-1"}
        events = [self.event("booked")]
        if status == "cancelled":
            events.append(self.event("cancelled", **moment))
        tables = {"keys": [], "bookings": [self.BOOKING | {"status": status}], "events": events}
        tables |= {"shows": [1], "inactive": [*inactive]}
        return reconcile([sale, erasure, read], tables, ended=100)

    def violations(self, *attempts, **more):
        return [each.split(":")[0] for each in self.reconcile(*attempts, **more).violations]

    def test_erasure_cancels_the_seats_at_one_moment(self):
        for erased in (204, None, 503, 401):  # 401: sent twice by a proxy
            with self.subTest(erased=erased):
                reconciled = self.reconcile(erased=erased)
                self.assertEqual((reconciled.violations, reconciled.faults), ([], []))
                operations = reconciled.operations[1]
                erasure = next(each for each in operations if each.kind == "erase")
                self.assertEqual((erasure.sent, erasure.changed), (11, {1}))
                self.assertEqual([each.kind for each in erasure.after], ["reserve"])
                self.assertEqual(erasure.returned, 12 if erased == 204 else 100)
                self.assertEqual(check(operations, ShowModel(RULES)).verdict, LINEARIZABLE)
                operations.remove(erasure)
                self.assertEqual(check(operations, ShowModel(RULES)).verdict, VIOLATED)

    def test_erasure_that_cancels_for_others_is_a_violation(self):
        self.BOOKING["user"] = BOB
        self.addCleanup(self.BOOKING.update, user=ALICE)
        found = self.reconcile().violations
        self.assertTrue([e for e in found if e.startswith("done to another user") and "erase" in e])

    def test_erasure_of_fewer_seats_than_the_user_has_is_violated(self):
        operations = self.reconcile().operations[1]
        sale = sold([2], 7, 8, left=1)
        self.assertEqual(check([*operations, sale], ShowModel(RULES)).verdict, VIOLATED)

    def test_responses_to_an_erased_account(self):
        refused, unauthorized = (400, self.REFUSED), (401, "{}")
        too_early = "refused as an erased account with status"
        for (status, body), sent, problems in [
            (unauthorized, 8, [f"{too_early} 401"]),
            (refused, 8, [f"{too_early} 400"]),
            (unauthorized, 9.5, []),
            (refused, 9.5, []),
            ((200, "[]"), 11.5, []),
            (unauthorized, 13, []),
            ((503, "{}"), 13, []),
            ((None, None), 13, []),
            ((200, "[]"), 13, ["served after the account was erased"]),
            (refused, 13, ["served after the account was erased"]),
        ]:
            with self.subTest(status=status, sent=sent):
                attempt = Attempt(sent, sent + 1, status, body)
                self.assertEqual(self.violations(attempt), problems)

    def test_refusal_of_another_account_as_erased_is_a_violation(self):
        attempt = Attempt(20, 21, 401, "{}")
        problem = "refused as an erased account with status 401"
        self.assertEqual(self.violations(attempt, user=BOB), [problem])
        self.assertIn(problem, self.violations(attempt, erased=503, inactive=()))

    def test_final_tables_must_show_the_erasure(self):
        for problem, facts in [
            ("user 2 was erased without a request", {"inactive": (ALICE, BOB)}),
            ("the erasure of user 1 was acknowledged and lost", {"inactive": ()}),
            ("erased user 1 has booking 1", {"status": "booked"}),
            ("erased user 1 has booking 1", {"status": "booked", "erased": None}),
        ]:
            with self.subTest(problem, **facts):
                self.assertEqual(self.violations(**facts), [problem])
        self.assertEqual(self.violations(erased=None, inactive=(), status="booked"), [])
