"""Tests of the torture test's checker, with made-up histories, right and wrong ones.

The runs themselves take minutes: `make torture`.
"""

from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from typing import ClassVar
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, UNDECIDED, VIOLATED, check
from booking.tests.torture.history import Attempt, History, Request, read
from booking.tests.torture.model import Operation, Rules, ShowModel
from booking.tests.torture.mutants import MUTANTS, TESTS
from booking.tests.torture.mutants.patching import INTERNALS
from booking.tests.torture.reconcile import _order_by_clock, reconcile
from booking.tests.torture.system import PROJECT
from booking.tests.torture.verdict import judge

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


class CheckerTests(TestCase):
    def verdict(self, *operations, **limits):
        return check(list(operations), ShowModel(RULES), **limits).verdict

    def assertLinearizable(self, *operations):
        self.assertEqual(self.verdict(*operations), LINEARIZABLE)

    def assertViolated(self, *operations):
        self.assertEqual(self.verdict(*operations), VIOLATED)

    def test_sequential_operations_are_linearizable(self):
        self.assertLinearizable(
            seat_map([], 0, 1),
            sold([1], 2, 3, left=2),
            taken(1, 4, 5, [2, 3]),
            seat_map([1], 6, 7),
            cancelled(1, 8, 9, left=3),
            seat_map([], 10, 11),
        )

    def test_concurrent_operations_are_linearizable_in_any_order(self):
        self.assertLinearizable(
            taken(1, 0, 10, [2, 3]), sold([1], 0, 10, left=2), seat_map([], 0, 10)
        )

    def test_seat_sold_twice_is_violated(self):
        self.assertViolated(sold([1], 0, 10, left=2), sold([1], 0, 10, ids=[9], left=2, user=BOB))

    def test_seat_sold_twice_and_cancelled_later_is_violated(self):
        """The final table alone would look right."""
        self.assertViolated(
            sold([1], 0, 1, left=2),
            sold([1], 2, 3, ids=[9], left=1, user=BOB),
            cancelled(1, 4, 5, left=2),
        )

    def test_seat_map_with_partial_reservation_is_violated(self):
        self.assertLinearizable(sold([1, 2], 0, 10, left=1), seat_map([1, 2], 0, 10))
        self.assertViolated(sold([1, 2], 0, 10, left=1), seat_map([1], 0, 10))

    def test_reservation_of_fewer_seats_than_requested_is_violated(self):
        arguments = {"seats": [1, 2], "hold": False}
        self.assertViolated(sold([1], 0, 1, left=2, arguments=arguments))

    def test_refusal_without_reason_is_violated(self):
        self.assertViolated(taken(1, 0, 1, [2, 3]))
        self.assertViolated(operation("reserve", {"seats": [1]}, 0, 1, code="sold_out"))
        self.assertViolated(operation("reserve", {"seats": [1]}, 0, 1, code="sales_closed"))
        too_many = {"code": "too_many_seats", "limit": 2, "seats": 2}
        self.assertViolated(operation("reserve", {"seats": [1]}, 0, 1, **too_many))

    def test_refusal_before_its_reason_is_violated(self):
        self.assertViolated(taken(1, 0, 1, [2, 3]), sold([1], 2, 3, left=2))

    def test_alternatives_taken_or_missing_are_violated(self):
        self.assertViolated(sold([1], 0, 1, left=2), taken(1, 2, 3, [1, 2]))
        self.assertViolated(sold([1], 0, 1, left=2), taken(1, 2, 3, []))

    def test_stale_seat_map_is_violated(self):
        self.assertViolated(sold([1], 0, 1, left=2), seat_map([], 2, 3))

    def test_wrong_count_is_violated(self):
        self.assertViolated(sold([1], 0, 1, left=1))

    def test_more_seats_than_limit_are_violated(self):
        self.assertLinearizable(sold([1, 2], 0, 1, left=1))
        self.assertViolated(sold([1, 2], 0, 1, left=1), sold([3], 2, 3, left=0))

    def test_hold_expires_at_its_end(self):
        held = sold([1], 0, 1, left=2, hold=True)
        self.assertLinearizable(held, seat_map([], 5, 6, held=[1]), seat_map([], 11, 12))
        self.assertViolated(held, seat_map([], 5, 6))
        self.assertViolated(held, seat_map([], 11, 12, held=[1]))
        self.assertLinearizable(held, seat_map([], 9, 11, held=[1]), seat_map([], 9, 11))
        self.assertLinearizable(held, sold([1], 11, 12, ids=[9], left=2, user=BOB))
        self.assertViolated(held, sold([1], 8, 9, ids=[9], left=2, user=BOB))

    def test_confirm_is_possible_only_before_expiry(self):
        held = sold([1], 0, 1, left=2, hold=True)
        self.assertLinearizable(held, confirmed(1, 5, 6, left=2), seat_map([1], 20, 21))
        self.assertLinearizable(held, confirmed(1, 9, 11, left=2))
        self.assertViolated(held, confirmed(1, 11, 12, left=2))
        expired = {"code": "hold_expired", "seat_numbers": [1], "still_free": [1]}
        arguments = {"reference": "R1"}
        self.assertLinearizable(held, operation("confirm", arguments, 11, 12, **expired))
        self.assertViolated(held, operation("confirm", arguments, 5, 6, **expired))

    def test_hold_without_end_is_violated(self):
        endless = sold([1], 0, 1, left=2, hold=True)
        endless.body["expires_at"] = None
        self.assertViolated(endless)

    def test_extend_sets_new_end_only_before_expiry(self):
        held = sold([1], 0, 1, left=2, hold=True)
        self.assertLinearizable(
            held, extended(1, 2, 4, until=13, left=2), seat_map([], 12, 12.5, [1])
        )
        self.assertLinearizable(held, extended(1, 9, 12, until=19.5, left=2))
        for until, left in ((None, 2), (20, 2), (13, 77)):
            self.assertViolated(held, extended(1, 2, 4, until=until, left=left))
        # Its end shows when the clock was read: after the hold had expired.
        self.assertViolated(held, extended(1, 9, 12, until=21, left=2))

    def test_holds_of_a_customer_stay_within_the_allowance(self):
        """30 s in each minute: two that expired, and one that was given back."""
        before = [
            sold([1], 0, 0.1, left=2, hold=True),
            sold([1], 12, 12.1, ids=[11], left=2, hold=True),
            sold([1], 24, 24.1, ids=[12], left=2, hold=True),
        ]
        before[2].body["bookings"][0]["id"] = 1012
        release = cancelled(1, 32, 32.1, left=3)
        release.arguments["booking"] = 1012
        short = sold([1], 40, 40.1, ids=[13], left=2, hold=True)
        self.assertViolated(*before, release, short)
        short.body["expires_at"] = 42
        self.assertLinearizable(*before, release, short)
        short.user = BOB
        self.assertViolated(*before, release, short)
        short.user, again = ALICE, sold([1], 43, 43.1, ids=[14], left=2, hold=True)
        self.assertViolated(*before, release, short, again)
        again.body["expires_at"] = 43
        self.assertViolated(*before, release, short, again)
        refused = too_soon([1], 43, 43.1, retry_after=27)
        self.assertLinearizable(*before, release, short, refused)
        self.assertViolated(*before, release, refused)
        refused.body["retry_after"] = 25
        self.assertViolated(*before, release, short, refused)

    def test_extension_stays_within_the_allowance(self):
        before = [
            sold([1], at, at + 0.1, ids=[pk], left=2, hold=True) for at, pk in ((0, 8), (11, 9))
        ]
        held = sold([1], 22, 22.1, ids=[1], left=2, hold=True)
        self.assertViolated(*before, held, extended(1, 30, 30.1, until=40, left=2))
        self.assertLinearizable(*before, held, extended(1, 30, 30.1, until=32, left=2))

    def test_extension_to_the_end_of_the_allowance_at_any_moment_of_the_request(self):
        """The allowance stays at 9.5 s: old holds leave the window as fast as a new one grows."""
        before = [
            sold([1], at, at + 0.1, ids=[pk], left=2, hold=True) for at, pk in ((0, 8), (11, 9))
        ]
        release = cancelled(1, 16.5, 16.6, left=3)
        release.arguments["booking"] = 9
        held = sold([1], 55, 55.1, ids=[1], left=2, hold=True)
        for until, assert_ in (
            (70.4, self.assertViolated),
            (70.5, self.assertLinearizable),
            (72.0, self.assertLinearizable),  # 10 s after a moment of the request, or 9.5 s
            (72.5, self.assertLinearizable),
            (72.6, self.assertViolated),
        ):
            with self.subTest(until=until):
                assert_(*before, release, held, extended(1, 61, 63, until=until, left=2))

    def test_hold_moved_keeps_its_end(self):
        held = sold([1], 0, 1, left=2, hold=True)
        self.assertLinearizable(held, moved(1, 3, 2, 3, left=2, until=10), seat_map([], 4, 5, [3]))
        self.assertViolated(held, moved(1, 3, 2, 3, left=2, until=13))
        self.assertViolated(held, moved(1, 3, 2, 3, left=2))

    def test_time_outside_request_is_violated(self):
        self.assertViolated(sold([1], 5, 6, left=2, at=3))

    def test_cancelled_seat_still_booked_is_violated(self):
        self.assertViolated(
            sold([1], 0, 1, left=2), cancelled(1, 2, 3, left=3), seat_map([1], 4, 5)
        )

    def test_move_to_own_seat_during_move_keeps_its_place_in_order(self):
        """A move to the booking's own seat changes nothing now, but may change something later."""
        table = {"bookings": {"1": ["R1", ALICE, 1, "booked", None]}}
        self.assertLinearizable(
            sold([1], 0, 1, left=2),
            moved(1, 1, 2, 5, left=2),
            moved(1, 2, 3, 5, left=2),
            operation("table", {}, 6, 6, **table),
        )

    def test_final_table_must_equal_state(self):
        row = ["R1", ALICE, 1, "booked", None]
        for rows, assert_ in (
            ({"1": row}, self.assertLinearizable),
            ({}, self.assertViolated),
            ({"1": row, "9": ["R9", BOB, 2, "booked", None]}, self.assertViolated),
            ({"1": ["R1", ALICE, 1, "expired", None]}, self.assertViolated),
        ):
            assert_(sold([1], 0, 1, left=2), operation("table", {}, 6, 6, bookings=rows))

    def test_operation_required_first_must_come_first(self):
        """A refusal before the success of the same request needs another reason."""
        done = sold([1], 0, 10, left=2)
        refused = taken(1, 0, 10, [2, 3], user=ALICE)
        self.assertLinearizable(done, refused)
        done.after = [refused]
        self.assertViolated(done, refused)

    def test_search_with_too_many_steps_is_undecided(self):
        self.assertEqual(self.verdict(seat_map([], 0, 1), max_steps=0), UNDECIDED)

    def test_finding_explains_where_search_failed(self):
        finding = check([sold([1], 0, 1, left=2), seat_map([], 2, 3)], ShowModel(RULES))
        self.assertIn("after 1 operations none of these can be next", finding.explanation)
        self.assertIn("but these are booked [1]", finding.explanation)


class HistoryTests(TestCase):
    def test_history_written_can_be_read(self):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "history.jsonl"
            history = History(path)
            first = history.begin(
                user=ALICE, show=1, kind="book", arguments={"seats": [1]}, key="k"
            )
            other = history.begin(user=BOB, show=1, kind="map", arguments={}, key=None)
            lost, answered, unfinished = Attempt(1.25), Attempt(2.5), Attempt(2.75)
            history.sent(first, lost)
            history.sent(other, unfinished)
            lost.returned = 1.5
            history.returned(first, lost)
            history.sent(first, answered)
            answered.returned, answered.status, answered.body, answered.replayed = (
                3.5,
                201,
                "{}",
                True,
            )
            history.returned(first, answered)
            history.close()
            self.assertEqual(read(path), [first, other])
        self.assertEqual(first.attempts, [Attempt(1.25, 1.5), Attempt(2.5, 3.5, 201, "{}", True)])
        self.assertEqual(first.final_attempt, answered)


class VerdictTests(TestCase):
    FACTS = {
        "vendor": "PostgreSQL",
        "exact": True,
        "ended": 100,
        "faults": [],
        "counts": {},
        "tables": {"keys": [], "bookings": [], "events": [], "shows": []},
    }

    def judge(self, *requests, **facts):
        return judge(requests, self.FACTS | {"expected": []} | facts)

    def test_run_without_expected_events_proves_nothing(self):
        self.assertTrue(self.judge().passed)
        verdict = self.judge(expected=["workers killed", "book done"])
        self.assertFalse(verdict.passed or verdict.rejected)
        self.assertEqual(
            verdict.faults, ["there were no workers killed", "there were no book done"]
        )

    def test_server_always_busy_proves_nothing(self):
        busy = Request(0, ALICE, 1, "book", {"seats": [1]}, "k", [Attempt(0, 1, 503, "{}")])
        verdict = self.judge(busy)
        self.assertFalse(verdict.passed or verdict.rejected)

    def test_fault_seen_by_nemesis_fails_the_run(self):
        verdict = self.judge(faults=["the first request got status 503"])
        self.assertFalse(verdict.passed or verdict.rejected)


class ReconcileTests(TestCase):
    """One request to book seat 1 with the key `k`."""

    BODY = (
        '{"id":7,"reference":"R7","seat_number":1,"status":"booked","expires_at":null,'
        '"created_at":"2026-01-01T00:00:00Z","show":{"available_seats":2}}'
    )
    REFUSED = '{"detail":"","code":"seat_taken","seat_numbers":[1],"alternatives":[2,3]}'

    def reconcile(self, *attempts, kept=True, bookings=(), events=(), key="k"):
        request = Request(0, ALICE, 1, "book", {"seats": [1]}, "k", list(attempts))
        row = {"user": ALICE, "key": key, "status": 201, "body": self.BODY}
        tables = {"keys": [row] * kept, "bookings": [*bookings], "events": [*events], "shows": [1]}
        return reconcile([request], tables, ended=100)

    def booked(self, sent, returned, **more):
        return Attempt(sent, returned, 201, self.BODY, **more)

    def lost(self, sent):
        return Attempt(sent, sent + 1)

    def operations(self, reconciled):
        """All operations but the final table."""
        return [(e.kind, e.code, e.sent, e.returned) for e in reconciled.operations[1][:-1]]

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

    def violations(self, *attempts, **more):
        return [each.split(":")[0] for each in self.reconcile(*attempts, **more).violations]

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
        self.assertEqual(self.violations(self.lost(0), key="other"), ["a key without a request"])

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
        self.assertEqual(
            self.violations(kept=False, bookings=rows, events=events),
            [
                "reservation R1 does not expire as a whole",
                "seat 1 of show 1 was sold 2 times",
            ],
        )

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
        same |= {"seat": booking["seat"], "created_at": booking["created_at"]}
        return [same | {"kind": kind} for kind in kinds]

    def events_are_wrong(self, status, events):
        booking = self.BOOKING | {"status": status, "held_until": self.BOOKING["created_at"]}
        found = self.violations(kept=False, bookings=[booking], events=events)
        found = [each for each in found if "stored responses" not in each]
        return found == ["the events of booking 1 do not explain it"]

    def test_changes_and_stored_responses_of_confirmations_are_as_many(self):
        events = self.events(self.BOOKING, "held", "confirmed")
        for kept, changes, problem in [
            (True, events, []),
            (False, events[:1], []),
            (False, events, ["confirm of R1 has 1 changes and 0 stored responses"]),
            (True, events[:1], ["confirm of R1 has 0 changes and 1 stored responses"]),
        ]:
            with self.subTest(kept=kept, events=len(changes)):
                body = self.BODY.replace("R7", "R1")
                attempt = Attempt(0, 1, 200, body)
                request = Request(0, ALICE, 1, "confirm", {"reference": "R1"}, "k", [attempt])
                row = {"user": ALICE, "key": "k", "status": 200, "body": body}
                status = "booked" if len(changes) == 2 else "held"
                booking = self.BOOKING | {"status": status, "held_until": "2026-01-01T00:00:10Z"}
                tables = {"keys": [row] * kept, "bookings": [booking], "events": changes}
                found = reconcile([request], tables | {"shows": [1]}, ended=100).violations
                self.assertEqual(found, problem)

    def test_events_that_lead_to_the_status_are_right(self):
        for status, kinds in [
            ("booked", ["booked"]),
            ("booked", ["held", "extended", "confirmed"]),
            ("held", ["held", "extended"]),
            ("expired", ["held"]),
            ("cancelled", ["held", "cancelled"]),
            ("cancelled", ["held", "confirmed", "cancelled"]),
        ]:
            with self.subTest(kinds):
                self.assertFalse(self.events_are_wrong(status, self.events(self.BOOKING, *kinds)))

    def test_events_that_lead_elsewhere_are_a_violation(self):
        for status, kinds in [
            ("booked", []),
            ("booked", ["held"]),
            ("booked", ["booked", "booked"]),
            ("booked", ["confirmed"]),
            ("booked", ["held", "cancelled", "confirmed"]),
            ("expired", ["booked"]),
            ("cancelled", ["booked"]),
            ("cancelled", ["booked", "cancelled", "cancelled"]),
        ]:
            with self.subTest(kinds):
                self.assertTrue(self.events_are_wrong(status, self.events(self.BOOKING, *kinds)))

    def test_events_of_another_seat_actor_or_time_are_a_violation(self):
        booked, moved = self.events(self.BOOKING, "booked", "moved")
        from_seat_2 = [booked | {"seat": 2}, moved | {"moved_from": 2}]
        self.assertFalse(self.events_are_wrong("booked", from_seat_2))
        for events in [
            [booked | {"seat": 2}],
            [booked | {"seat": 3}, moved | {"moved_from": 2}],
            [booked, moved | {"seat": 2, "moved_from": 1}],
            [booked | {"actor": BOB}],
            [booked | {"created_at": "2026-01-01T00:00:01Z"}],
        ]:
            with self.subTest(events):
                self.assertTrue(self.events_are_wrong("booked", events))


class MutantTests(TestCase):
    def test_internals_that_mutants_patch_exist(self):
        for name, places in INTERNALS.items():
            for place in places:
                with self.subTest(name):
                    self.assertTrue(callable(resolve_name(place)))

    def test_mutants_are_checked_by_tests_that_exist_and_by_two_of_them_without_torture(self):
        for name, mutant in MUTANTS.items():
            with self.subTest(name):
                for test in mutant.tests:
                    self.assertTrue((PROJECT / TESTS / test.partition("::")[0]).exists(), test)
                self.assertTrue(mutant.in_torture or len(mutant.tests) >= 2)
