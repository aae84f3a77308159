"""Tests of the torture test's checker, with made-up histories, right and wrong ones.

The runs themselves take minutes: `make torture`.
"""

import socket
from datetime import UTC, datetime
from pathlib import Path
from pkgutil import resolve_name
from tempfile import TemporaryDirectory
from typing import ClassVar
from unittest import TestCase
from urllib.parse import quote

from booking.tests.torture.checker import LINEARIZABLE, UNDECIDED, VIOLATED, check
from booking.tests.torture.counter import as_api
from booking.tests.torture.history import Attempt, History, Request, read
from booking.tests.torture.link import SOCKET, Link
from booking.tests.torture.model import ShowModel
from booking.tests.torture.mutants import MUTANTS, TESTS
from booking.tests.torture.mutants.patching import INTERNALS
from booking.tests.torture.operations import Operation, Rules
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
        table = {"bookings": {"1": ["R1", ALICE, 1, False, "booked", None]}}
        self.assertLinearizable(
            sold([1], 0, 1, left=2),
            moved(1, 1, 2, 5, left=2),
            moved(1, 2, 3, 5, left=2),
            operation("table", {}, 6, 6, **table),
        )

    def test_my_bookings_are_those_of_the_user(self):
        row = {"id": 1, "reference": "R1", "seat_number": 1, "status": "booked"}
        for user, rows, assert_ in [
            (ALICE, [row], self.assertLinearizable),
            (ALICE, [], self.assertViolated),
            (ALICE, [row | {"status": "held"}], self.assertViolated),
            (BOB, [], self.assertLinearizable),
            (BOB, [row], self.assertViolated),
        ]:
            with self.subTest(user=user, rows=rows):
                mine = operation("mine", {}, 4, 5, user=user, bookings=rows)
                assert_(sold([1], 2, 3, left=2), mine)

    def test_change_of_other_bookings_than_the_events_tell_is_violated(self):
        sale = sold([1, 2], 0, 1, left=1)
        for changed, assert_ in [
            ({1, 2}, self.assertLinearizable),
            ({1}, self.assertViolated),
            (set(), self.assertViolated),
            ({1, 2, 3}, self.assertViolated),
        ]:
            sale.changed = frozenset(changed)
            assert_(sale)

    def unanswered(self, kind, arguments, at, changed, **body):
        body = {"read_at": at, "expires_at": None} | body
        unanswered = operation(kind, arguments, 0, 100, **body)
        unanswered.is_answered, unanswered.changed = False, frozenset(changed)
        return unanswered

    def test_change_without_response_of_another_seat_is_violated(self):
        held = sold([1], 0, 1, left=2, hold=True)
        for kind, arguments in [("cancel", {"booking": 1}), ("move", {"booking": 1, "seat": 3})]:
            body = {"id": 1, "seat_number": 2}
            self.assertViolated(held, self.unanswered(kind, arguments, 5, {1}, **body))

    def test_hold_moved_without_end_is_violated(self):
        move = moved(1, 3, 2, 3, left=2, until=10)
        move.body["expires_at"] = None
        self.assertViolated(sold([1], 0, 1, left=2, hold=True), move)

    def test_hold_without_response_ends_as_the_rules_say(self):
        sale = {"reference": "R1", "bookings": [{"id": 1, "seat_number": 1, "status": "held"}]}
        held = self.unanswered("reserve", {"seats": [1], "hold": True}, 5, {1}, **sale)
        self.assertLinearizable(held, seat_map([], 14, 14.5, [1]), seat_map([], 16, 17))
        self.assertViolated(held, seat_map([], 16, 17, [1]))
        held.body["expires_at"] = 14
        self.assertViolated(held)

    def test_changes_without_response_are_checked_as_others(self):
        held = sold([1], 0, 1, left=2, hold=True)
        reference = {"reference": "R1"}
        for kind, arguments, body, later in [
            ("confirm", reference, {}, seat_map([1], 20, 21)),
            ("extend", reference, {}, seat_map([], 14, 15, [1])),
            ("cancel", {"booking": 1}, {"id": 1, "seat_number": 1}, seat_map([], 6, 7)),
            ("cancel_reservation", reference, {}, seat_map([], 6, 7)),
            (
                "move",
                {"booking": 1, "seat": 3},
                {"id": 1, "seat_number": 3},
                seat_map([], 6, 7, [3]),
            ),
        ]:
            with self.subTest(kind):
                self.assertLinearizable(
                    held, self.unanswered(kind, arguments, 5, {1}, **body), later
                )
                self.assertViolated(held, later)
                self.assertViolated(held, self.unanswered(kind, arguments, 11, {1}, **body))
                self.assertViolated(held, self.unanswered(kind, arguments, 5, {2}, **body))

    def test_final_table_must_equal_state(self):
        row = ["R1", ALICE, 1, False, "booked", None]
        for rows, assert_ in (
            ({"1": row}, self.assertLinearizable),
            ({}, self.assertViolated),
            ({"1": row, "9": ["R9", BOB, 2, False, "booked", None]}, self.assertViolated),
            ({"1": ["R1", ALICE, 1, False, "expired", None]}, self.assertViolated),
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
        "tables": {"keys": [], "bookings": [], "events": [], "shows": [], "inactive": []},
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

    def events_are_wrong(self, status, events):
        booking = self.BOOKING | {"status": status, "held_until": self.BOOKING["created_at"]}
        found = self.violations(kept=False, bookings=[booking], events=events)
        return "the events of booking 1 do not explain it" in found

    def test_confirmation_is_stored_if_and_only_if_it_changed_something(self):
        held, confirmed = self.events(self.BOOKING, "held", "confirmed")
        held["request_id"] = "torture-9"
        sale = Request(9, ALICE, 1, "reserve", {"hold": True, "seats": [1]}, None, [])
        for kept, changes, problem in [
            (True, [held, confirmed], []),
            (False, [held], []),  # the response of a repeated one is not stored
            (False, [held, confirmed], ["done without a stored response"]),
        ]:
            with self.subTest(kept=kept, events=len(changes)):
                body = self.BODY.replace("R7", "R1")
                attempt = Attempt(0, 1, 200, body)
                request = Request(0, ALICE, 1, "confirm", {"reference": "R1"}, "k", [attempt])
                row = {"user": ALICE, "key": "k", "status": 200, "body": body}
                status = "booked" if len(changes) == 2 else "held"
                booking = self.BOOKING | {"status": status, "held_until": "2026-01-01T00:00:10Z"}
                tables = {"keys": [row] * kept, "bookings": [booking], "events": changes}
                sale.attempts = [Attempt(0, 1)]
                found = reconcile(
                    [sale, request], tables | {"shows": [1], "inactive": []}, ended=100
                ).violations
                self.assertEqual([each.split(":")[0] for each in found], problem)

    def without_key(
        self, *attempts, events, kind="book", arguments=None, bookings=None, user=ALICE
    ):
        """A request without a key, and the events that have its ID."""
        arguments = {"seats": [1]} if arguments is None else arguments
        request = Request(0, user, 1, kind, arguments, None, list(attempts))
        bookings = [self.BOOKING] if bookings is None else bookings
        tables = {"keys": [], "bookings": bookings, "events": events, "shows": [1], "inactive": []}
        return reconcile([request], tables, ended=2_000_000_000)

    def test_request_without_key_is_done_if_it_has_events(self):
        events = self.events(self.BOOKING, "booked")
        for attempt in (self.lost(0), Attempt(0, 1, 503, "{}")):
            with self.subTest(status=attempt.status):
                reconciled = self.without_key(attempt, events=events)
                self.assertEqual((reconciled.violations, reconciled.faults), ([], []))
                done, table = reconciled.operations[1]
                self.assertEqual((done.kind, done.code, done.is_answered), ("reserve", None, False))
                self.assertEqual(done.changed, {1})
                began = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
                self.assertEqual((done.sent, done.returned), (began, 2_000_000_000))
                self.assertEqual(check([done, table], ShowModel(RULES)).verdict, LINEARIZABLE)
                self.assertEqual(check([table], ShowModel(RULES)).verdict, VIOLATED)
                reconciled = self.without_key(attempt, events=[], bookings=[])
                self.assertEqual((reconciled.violations, reconciled.faults), ([], []))
                self.assertEqual(self.operations(reconciled), [])

    def test_events_that_do_not_fit_the_request_without_key_are_violations(self):
        booked, cancelled = self.events(self.BOOKING, "booked", "cancelled")
        other = self.BOOKING | {"id": 2, "seat": 2, "reference": "R2"}
        elsewhere = self.BOOKING | {"show": 2}
        lost, answered = self.lost(0), Attempt(0, 1, 201, self.BODY)
        refused = Attempt(0, 1, 400, self.REFUSED)
        late = {"created_at": "2026-01-01T00:00:01Z", "booking": 2, "seat": 2}
        for problem, attempt, events, more in [
            ("acknowledged and lost", answered, [], {"bookings": []}),
            ("refused and done", refused, [booked], {}),
            ("status 409", Attempt(0, 1, 409, "{}"), [], {"bookings": []}),
            ("done twice", lost, [booked, booked], {}),
            (
                "done at several times",
                lost,
                [booked, booked | late],
                {"bookings": [self.BOOKING, other]},
            ),
            (
                "done to several reservations",
                lost,
                [booked, booked | {"booking": 2, "seat": 2}],
                {"bookings": [self.BOOKING, other]},
            ),
            ("done in another show", lost, [booked], {"bookings": [elsewhere]}),
            ("another change than requested", lost, [cancelled], {}),
            ("another change than requested", lost, [booked], {"kind": "map", "arguments": {}}),
            (
                "another change than requested",
                lost,
                [booked],
                {"kind": "reserve", "arguments": {"hold": True, "count": 1}},
            ),
            ("done by another user", lost, [booked], {"user": BOB}),
            ("a change without a request", lost, [booked | {"request_id": "-"}], {}),
        ]:
            with self.subTest(problem):
                found = self.without_key(attempt, events=events, **more).violations
                self.assertIn(problem, [each.split(":")[0] for each in found])

    def test_stored_response_without_a_change_is_a_violation(self):
        self.assertEqual(
            self.violations(self.booked(0, 1), bookings=[], events=[]),
            ["a stored response without a change"],
        )

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
        erasure = Request(1, ALICE, 0, "erase", {}, None, [Attempt(10, 12, erased, "")])
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
        for erased in (204, None, 503):
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


class CounterTests(TestCase):
    """Stella sells seat 1 to Alice."""

    STELLA = 9
    BOOKING: ClassVar = ReconcileTests.BOOKING
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


class LinkTests(TestCase):
    def test_link_passes_bytes_until_it_is_dropped(self):
        with TemporaryDirectory(dir="/tmp") as folder, socket.socket(socket.AF_UNIX) as database:
            database.bind(f"{folder}/{SOCKET}")
            database.listen()
            link = Link(f"postgres://postgres@{quote(folder, safe='')}/x", Path(folder), seed=1)
            with link, socket.socket(socket.AF_UNIX) as application:
                application.connect(f"{folder}/link/{SOCKET}")
                session, _ = database.accept()
                with session:
                    for end in (application, session):
                        end.settimeout(20)
                    application.sendall(b"COMMIT")
                    self.assertEqual(session.recv(100), b"COMMIT")
                    session.sendall(b"done")
                    self.assertEqual(application.recv(100), b"done")
                    self.assertEqual(link.drop(), 1)
                    self.assertEqual((application.recv(100), session.recv(100)), (b"", b""))
            self.assertFalse((Path(folder) / "link").exists())


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
