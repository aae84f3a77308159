"""The judge of `make torture`: it must believe what is right, and nothing else.

The runs themselves take minutes (`make torture`); here histories are made up.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import TestCase

from booking.tests.torture.checker import LINEARIZABLE, UNDECIDED, VIOLATED, check
from booking.tests.torture.evidence import _in_order_of_their_times, gather
from booking.tests.torture.history import Attempt, History, Request, read
from booking.tests.torture.judge import judge
from booking.tests.torture.ledger import Ledger, Operation, Rules

ALICE, BOB = 1, 2
RULES = Rules(seats=3, limit=2, hold_for=10, hold_at_most=30)


def operation(kind, asked, sent, returned, *, user=ALICE, code=None, **body):
    return Operation(1, user, kind, asked, code, body, sent, returned)


def sold(seats, sent, returned, *, ids=None, left=0, user=ALICE, asked=None, at=None, hold=False):
    """A reservation of these seats; the ids of its bookings are the seats unless told."""
    status = "held" if hold else "booked"
    at = sent if at is None else at
    return operation(
        "reserve",
        {"seats": seats, "hold": hold} if asked is None else asked,
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


def moved(pk, seat, sent, returned, *, left):
    return operation(
        "move",
        {"booking": pk, "seat": seat},
        sent,
        returned,
        id=pk,
        reference=f"R{pk}",
        seat_number=seat,
        status="booked",
        show={"available_seats": left},
    )


class CheckerTests(TestCase):
    def verdict(self, *operations, **limits):
        return check(list(operations), Ledger(RULES), **limits).verdict

    def assertRight(self, *operations):
        self.assertEqual(self.verdict(*operations), LINEARIZABLE)

    def assertWrong(self, *operations):
        self.assertEqual(self.verdict(*operations), VIOLATED)

    def test_one_after_the_other(self):
        self.assertRight(
            seat_map([], 0, 1),
            sold([1], 2, 3, left=2),
            taken(1, 4, 5, [2, 3]),
            seat_map([1], 6, 7),
            cancelled(1, 8, 9, left=3),
            seat_map([], 10, 11),
        )

    def test_at_the_same_time_any_order_will_do(self):
        self.assertRight(taken(1, 0, 10, [2, 3]), sold([1], 0, 10, left=2), seat_map([], 0, 10))

    def test_a_seat_sold_twice(self):
        self.assertWrong(sold([1], 0, 10, left=2), sold([1], 0, 10, ids=[9], left=2, user=BOB))

    def test_a_seat_sold_twice_and_cancelled_later(self):
        """The table at the end would look all right."""
        self.assertWrong(
            sold([1], 0, 1, left=2),
            sold([1], 2, 3, ids=[9], left=1, user=BOB),
            cancelled(1, 4, 5, left=2),
        )

    def test_a_reservation_of_which_only_a_part_is_seen(self):
        self.assertRight(sold([1, 2], 0, 10, left=1), seat_map([1, 2], 0, 10))
        self.assertWrong(sold([1, 2], 0, 10, left=1), seat_map([1], 0, 10))

    def test_a_part_of_what_was_wanted(self):
        asked = {"seats": [1, 2], "hold": False}
        self.assertWrong(sold([1], 0, 1, left=2, asked=asked))

    def test_whoever_always_says_no(self):
        self.assertWrong(taken(1, 0, 1, [2, 3]))
        self.assertWrong(operation("reserve", {"seats": [1]}, 0, 1, code="sold_out"))
        self.assertWrong(operation("reserve", {"seats": [1]}, 0, 1, code="sales_closed"))
        too_many = {"code": "too_many_seats", "limit": 2, "seats": 2}
        self.assertWrong(operation("reserve", {"seats": [1]}, 0, 1, **too_many))

    def test_a_refusal_that_came_before_its_reason(self):
        self.assertWrong(taken(1, 0, 1, [2, 3]), sold([1], 2, 3, left=2))

    def test_alternatives_that_are_not_free(self):
        self.assertWrong(sold([1], 0, 1, left=2), taken(1, 2, 3, [1, 2]))
        self.assertWrong(sold([1], 0, 1, left=2), taken(1, 2, 3, []))

    def test_a_map_of_the_past(self):
        self.assertWrong(sold([1], 0, 1, left=2), seat_map([], 2, 3))

    def test_a_count_that_is_wrong(self):
        self.assertWrong(sold([1], 0, 1, left=1))

    def test_more_than_the_limit(self):
        self.assertRight(sold([1, 2], 0, 1, left=1))
        self.assertWrong(sold([1, 2], 0, 1, left=1), sold([3], 2, 3, left=0))

    def test_a_hold_lapses_at_its_end(self):
        held = sold([1], 0, 1, left=2, hold=True)
        self.assertRight(held, seat_map([], 5, 6, held=[1]), seat_map([], 11, 12))
        self.assertWrong(held, seat_map([], 5, 6))
        self.assertWrong(held, seat_map([], 11, 12, held=[1]))
        self.assertRight(held, seat_map([], 9, 11, held=[1]), seat_map([], 9, 11))
        self.assertRight(held, sold([1], 11, 12, ids=[9], left=2, user=BOB))
        self.assertWrong(held, sold([1], 8, 9, ids=[9], left=2, user=BOB))

    def test_a_hold_that_is_confirmed(self):
        held = sold([1], 0, 1, left=2, hold=True)
        self.assertRight(held, confirmed(1, 5, 6, left=2), seat_map([1], 20, 21))
        self.assertRight(held, confirmed(1, 9, 11, left=2))
        self.assertWrong(held, confirmed(1, 11, 12, left=2))
        lapsed = {"code": "hold_expired", "seat_numbers": [1], "still_free": [1]}
        asked = {"reference": "R1"}
        self.assertRight(held, operation("confirm", asked, 11, 12, **lapsed))
        self.assertWrong(held, operation("confirm", asked, 5, 6, **lapsed))

    def test_a_hold_without_an_end(self):
        endless = sold([1], 0, 1, left=2, hold=True)
        endless.body["expires_at"] = None
        self.assertWrong(endless)

    def test_a_hold_that_is_extended(self):
        held = sold([1], 0, 1, left=2, hold=True)
        self.assertRight(held, extended(1, 2, 4, until=13, left=2), seat_map([], 12, 12.5, [1]))
        self.assertRight(held, extended(1, 9, 12, until=19.5, left=2))
        for until, left in ((None, 2), (20, 2), (13, 77)):
            self.assertWrong(held, extended(1, 2, 4, until=until, left=left))
        # Its end tells when the clock was read: when it had lapsed.
        self.assertWrong(held, extended(1, 9, 12, until=21, left=2))

    def test_a_clock_that_is_wrong(self):
        self.assertWrong(sold([1], 5, 6, left=2, at=3))

    def test_cancelled_and_booked_again_by_nobody(self):
        self.assertWrong(sold([1], 0, 1, left=2), cancelled(1, 2, 3, left=3), seat_map([1], 4, 5))

    def test_two_moves_at_once_of_which_one_goes_nowhere(self):
        """To move to the seat that one has changes nothing now, and may change something later."""
        table = {"bookings": {"1": ["R1", ALICE, 1, "booked", None]}}
        self.assertRight(
            sold([1], 0, 1, left=2),
            moved(1, 1, 2, 5, left=2),
            moved(1, 2, 3, 5, left=2),
            operation("table", {}, 6, 6, **table),
        )

    def test_the_table_at_the_end(self):
        row = ["R1", ALICE, 1, "booked", None]
        for rows, assert_ in (
            ({"1": row}, self.assertRight),
            ({}, self.assertWrong),
            ({"1": row, "9": ["R9", BOB, 2, "booked", None]}, self.assertWrong),
            ({"1": ["R1", ALICE, 1, "expired", None]}, self.assertWrong),
        ):
            assert_(sold([1], 0, 1, left=2), operation("table", {}, 6, 6, bookings=rows))

    def test_what_must_come_before(self):
        """Who was refused first and had the seat after all: not by the same request."""
        done = sold([1], 0, 10, left=2)
        refused = taken(1, 0, 10, [2, 3], user=ALICE)
        self.assertRight(done, refused)
        done.after = [refused]
        self.assertWrong(done, refused)

    def test_a_search_that_takes_too_long_is_no_proof(self):
        self.assertEqual(self.verdict(seat_map([], 0, 1), most_steps=0), UNDECIDED)

    def test_it_says_where_it_got_stuck(self):
        finding = check([sold([1], 0, 1, left=2), seat_map([], 2, 3)], Ledger(RULES))
        self.assertIn("after 1 operations none of these can be next", finding.trouble)
        self.assertIn("but these are booked [1]", finding.trouble)


class HistoryTests(TestCase):
    def test_what_is_written_can_be_read(self):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "history.jsonl"
            history = History(path)
            first = history.intend(user=ALICE, show=1, kind="book", asked={"seats": [1]}, key="k")
            other = history.intend(user=BOB, show=1, kind="map", asked={}, key=None)
            lost, heard, open_ = Attempt(1.25), Attempt(2.5), Attempt(2.75)
            history.sent(first, lost)
            history.sent(other, open_)
            lost.returned = 1.5
            history.returned(first, lost)
            history.sent(first, heard)
            heard.returned, heard.status, heard.body, heard.replayed = 3.5, 201, "{}", True
            history.returned(first, heard)
            history.close()
            self.assertEqual(read(path), [first, other])
        self.assertEqual(first.attempts, [Attempt(1.25, 1.5), Attempt(2.5, 3.5, 201, "{}", True)])
        self.assertEqual(first.answer, heard)


class VerdictTests(TestCase):
    FACTS = {
        "vendor": "PostgreSQL",
        "exact": True,
        "ended": 100,
        "breakdowns": [],
        "counts": {},
        "tables": {"keys": [], "bookings": [], "shows": []},
    }

    def judge(self, *requests, **facts):
        return judge(requests, self.FACTS | {"expected": []} | facts)

    def test_nothing_at_all_proves_nothing(self):
        self.assertTrue(self.judge().passed)
        verdict = self.judge(expected=["workers killed", "book done"])
        self.assertFalse(verdict.passed or verdict.refused)
        self.assertEqual(
            verdict.breakdowns, ["there were no workers killed", "there were no book done"]
        )

    def test_a_server_that_is_always_busy(self):
        busy = Request(0, ALICE, 1, "book", {"seats": [1]}, "k", [Attempt(0, 1, 503, "{}")])
        verdict = self.judge(busy)
        self.assertFalse(verdict.passed or verdict.refused)

    def test_what_the_nemesis_saw(self):
        verdict = self.judge(breakdowns=["the first request was answered 503"])
        self.assertFalse(verdict.passed or verdict.refused)


class EvidenceTests(TestCase):
    """Of one request to book seat 1, under the key `k`."""

    BODY = (
        '{"id":7,"reference":"R7","seat_number":1,"status":"booked","expires_at":null,'
        '"created_at":"2026-01-01T00:00:00Z","show":{"available_seats":2}}'
    )
    REFUSED = '{"detail":"","code":"seat_taken","seat_numbers":[1],"alternatives":[2,3]}'

    def gather(self, *attempts, kept=True, bookings=(), key="k"):
        request = Request(0, ALICE, 1, "book", {"seats": [1]}, "k", list(attempts))
        row = {"user": ALICE, "key": key, "status": 201, "body": self.BODY}
        tables = {"keys": [row] * kept, "bookings": list(bookings), "shows": [1]}
        return gather([request], tables, ended=100)

    def booked(self, sent, returned, **more):
        return Attempt(sent, returned, 201, self.BODY, **more)

    def lost(self, sent):
        return Attempt(sent, sent + 1)

    def operations(self, evidence):
        """Without the table at the end."""
        return [(e.kind, e.code, e.sent, e.returned) for e in evidence.operations[1][:-1]]

    def test_an_answer_that_was_heard(self):
        evidence = self.gather(self.booked(0, 1))
        self.assertEqual(evidence.violations, [])
        self.assertEqual(self.operations(evidence), [("reserve", None, 0, 1)])

    def test_a_lost_answer_that_was_heard_the_second_time(self):
        evidence = self.gather(self.lost(0), self.booked(2, 3, replayed=True))
        self.assertEqual(evidence.violations, [])
        self.assertEqual(self.operations(evidence), [("reserve", None, 0, 3)])
        counts = evidence.counts
        self.assertEqual((counts["lost answers"], counts["… heard again"]), (1, 1))

    def test_a_lost_answer_that_nobody_heard(self):
        """The key tells that it was done, and that it may have been at any time."""
        self.assertEqual(self.operations(self.gather(self.lost(2))), [("reserve", None, 2, 100)])

    def test_a_lost_request(self):
        self.assertEqual(self.operations(self.gather(self.lost(0), kept=False)), [])

    def test_a_refusal_is_an_observation(self):
        refused = Attempt(2, 3, 400, self.REFUSED)
        evidence = self.gather(self.lost(0), refused, kept=False)
        self.assertEqual(self.operations(evidence), [("reserve", "seat_taken", 2, 3)])
        late = self.gather(self.lost(0), refused)  # the first request arrived after the second
        self.assertEqual(late.operations[1][1].after, [late.operations[1][0]])

    def violations(self, *attempts, **more):
        return [each.split(":")[0] for each in self.gather(*attempts, **more).violations]

    def test_acknowledged_and_lost(self):
        self.assertEqual(self.violations(self.booked(0, 1), kept=False), ["acknowledged, and lost"])

    def test_done_twice(self):
        self.assertEqual(self.violations(self.booked(0, 1), self.booked(2, 3)), ["done twice"])

    def test_two_answers(self):
        other = Attempt(2, 3, 201, self.BODY.replace("7", "8"), replayed=True)
        self.assertEqual(self.violations(self.booked(0, 1), other), ["answered in two ways"])

    def test_an_answer_that_should_not_be(self):
        not_found = Attempt(0, 1, 404, "{}")
        self.assertEqual(self.violations(not_found, kept=False), ["answer 404"])

    def test_a_defect_is_no_violation(self):
        """A mutant that does not work at all is not refused for it."""
        evidence = self.gather(Attempt(0, 1, 500, "{}"), kept=False)
        self.assertEqual(evidence.violations, [])
        self.assertEqual([each.split(":")[0] for each in evidence.breakdowns], ["a defect"])

    def test_whoever_never_answers(self):
        evidence = self.gather(self.lost(0), Attempt(2, 3, 503, "{}"), kept=False)
        self.assertEqual([each.split(":")[0] for each in evidence.breakdowns], ["never answered"])

    def test_times_that_were_read_under_the_lock_tell_the_order(self):
        first, second = (
            sold([1], 0, 10, left=2, at=9),
            sold([2], 0, 10, left=1, at=2, user=BOB),
        )
        _in_order_of_their_times([first, second])
        self.assertEqual((first.after, second.after), ([second], []))
        self.assertEqual(check([first, second], Ledger(RULES)).verdict, VIOLATED)

    def test_a_key_of_nobody(self):
        self.assertEqual(self.violations(self.lost(0), key="other"), ["a key of nobody's request"])

    def test_reservations_that_are_torn(self):
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
        self.assertEqual(
            self.violations(kept=False, bookings=[row, later, twice]),
            [
                "reservation R1 does not lapse as a whole",
                "seat 1 of show 1 was sold 2 times",
            ],
        )
