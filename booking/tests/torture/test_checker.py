"""The checker accepts right histories and refuses wrong ones."""

from booking.tests.torture.histories import (
    ALICE,
    BOB,
    CheckerTestCase,
    cancelled,
    confirmed,
    extended,
    moved,
    operation,
    seat_map,
    sold,
    taken,
    too_soon,
)


class CheckerTests(CheckerTestCase):
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
