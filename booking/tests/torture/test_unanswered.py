"""The checker's rules for lost responses, the final table and the search itself."""

from booking.tests.torture.checker import UNDECIDED, check
from booking.tests.torture.histories import (
    ALICE,
    BOB,
    RULES,
    CheckerTestCase,
    moved,
    operation,
    seat_map,
    sold,
    taken,
)
from booking.tests.torture.model import ShowModel


class UnansweredTests(CheckerTestCase):
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
