from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from booking.models import Booking
from booking.tests.factories import ApiTestCase, create_booking, create_show


class HoldAllowanceTests(ApiTestCase):
    """In any hour a customer can hold seats of a show for half an hour in all."""

    def setUp(self):
        super().setUp()
        self.show = create_show(total_seats=40)
        self.path = f"/api/shows/{self.show.id}/reservations/"

    def hold(self, *seats, by=None, **body):
        body = body or {"seat_numbers": seats}
        return (by or self.alice_client).post(self.path, body | {"hold": True})

    def held(self, *seats, **body):
        response = self.hold(*seats, **body)
        self.assertEqual(response.status_code, 201, response.content)
        return response.json()

    def post(self, hold, verb):
        response = self.alice_client.post(f"/api/reservations/{hold['reference']}/{verb}/")
        self.assertEqual(response.status_code, 200, response.content)
        return response.json()

    def let_minutes_pass(self, minutes):
        for name in ["created_at", "held_until", "cancelled_at"]:
            earlier = F(name) - timedelta(minutes=minutes)
            Booking.objects.filter(user=self.alice).update(**{name: earlier})

    def hold_and_give_back(self, minutes, *seats):
        hold = self.held(*seats)
        self.let_minutes_pass(minutes)
        self.post(hold, "cancel")

    def hold_and_let_expire(self, *seats):
        self.held(*seats)
        self.let_minutes_pass(10)

    def assertHeldTooSoon(self, response, minutes, seats):
        seconds = response.json()["retry_after"]
        wait = f"{seconds} seconds" if seconds <= 90 else f"{minutes} minutes"
        self.assertResponse(
            response,
            400,
            {
                "detail": "You held seats for this show a moment ago and the time ran out. "
                f"You can hold again in {wait}, or book now.",
                "code": "held_too_soon",
                "seat_numbers": seats,
                "retry_after": seconds,
            },
        )
        self.assertIn(seconds, range(60 * minutes - 30, 60 * minutes + 1))

    def test_holds_given_back_in_a_loop_are_refused_after_half_an_hour(self):
        for _ in range(4):
            self.hold_and_give_back(7.4, 5, 6)
        # In 40 minutes the first 10 of the 30 are an hour ago.
        self.assertHeldTooSoon(self.hold(6, 5), 40, [5, 6])
        self.assertEqual(Booking.objects.active().count(), 0)

    def test_holds_that_expired_are_refused_after_half_an_hour(self):
        for _ in range(3):
            self.hold_and_let_expire(5)
        self.assertHeldTooSoon(self.hold(7), 40, [7])
        call_command("expire_holds", stdout=StringIO())
        self.assertHeldTooSoon(self.hold(7), 40, [7])

    def test_holds_in_turn_and_overlapping_count_once(self):
        self.held(5)
        self.let_minutes_pass(9)
        self.held(6, 7)  # the two overlap for a minute
        self.let_minutes_pass(9)
        self.held(5)
        self.let_minutes_pass(9)
        last = self.held(6)
        self.assertEqual(last["expires_in"], 179)
        self.let_minutes_pass(3)
        self.assertHeldTooSoon(self.hold(5), 40, [5])

    def test_hold_by_count_is_refused_with_the_seats_that_were_picked(self):
        for _ in range(3):
            self.hold_and_let_expire(5)
        response = self.hold(count=2)
        self.assertHeldTooSoon(response, 40, response.json()["seat_numbers"])
        self.assertEqual(len(response.json()["seat_numbers"]), 2)

    def test_wait_of_refusal_is_true(self):
        for minutes in (9.9, 3, 9, 8):
            self.hold_and_give_back(minutes, 5)
            self.let_minutes_pass(2)
        wait = self.hold(5).json()["retry_after"] / 60
        self.let_minutes_pass(wait - 0.5)
        self.assertLess(self.held(5)["expires_in"], 600)
        Booking.objects.active().delete()
        self.let_minutes_pass(0.5)
        self.assertEqual(self.held(5)["expires_in"], 600)

    def test_wait_of_refusal_counts_holds_that_still_run(self):
        self.hold_and_let_expire(5)
        self.hold_and_let_expire(5)
        self.held(5)
        self.let_minutes_pass(9.5)
        # All 30 minutes will have been used: then 40 more are to pass.
        self.assertHeldTooSoon(self.hold(6), 41, [6])

    def test_hold_with_little_time_left_is_shorter_and_with_less_than_a_minute_refused(self):
        for minutes in (9.5, 9.5, 9):
            self.hold_and_give_back(minutes, 5)
        short = self.held(5)
        self.assertIn(short["expires_in"], range(110, 120))
        self.let_minutes_pass(1.1)
        self.post(short, "cancel")
        self.assertEqual(self.hold(5).json()["code"], "held_too_soon")

    def test_seat_taken_is_refused_before_hold_too_soon(self):
        for _ in range(3):
            self.hold_and_let_expire(5)
        create_booking(self.bob, self.show, 7)
        self.assertEqual(self.hold(7).json()["code"], "seat_taken")

    def test_refused_hold_can_be_booked_and_held_by_others_or_in_another_show(self):
        for _ in range(3):
            self.hold_and_let_expire(5)
        self.assertEqual(self.hold(5).json()["code"], "held_too_soon")
        other = create_show(total_seats=40)
        elsewhere = {"seat_numbers": [5], "hold": True}
        path = f"/api/shows/{other.id}/reservations/"
        self.assertEqual(self.alice_client.post(path, elsewhere).status_code, 201)
        self.assertEqual(self.hold(6, by=self.bob_client).status_code, 201)
        booked = self.alice_client.post(f"/api/shows/{self.show.id}/book/", {"seat_number": 5})
        self.assertEqual(booked.status_code, 201)

    def test_confirmed_holds_do_not_count(self):
        for _ in range(4):
            hold = self.held(5)
            self.let_minutes_pass(9)
            self.post(hold, "confirm")
            self.post(hold, "cancel")
        self.assertEqual(self.held(5)["expires_in"], 600)

    def test_hold_an_hour_later_lasts_its_full_time(self):
        for _ in range(3):
            self.hold_and_let_expire(5)
        self.let_minutes_pass(60)
        self.assertEqual(self.held(5)["expires_in"], 600)

    def test_extensions_use_up_the_allowance(self):
        """Nothing more is left then: the hold ends when it would have."""
        hold = self.held(5)
        for minutes, seconds_left in [(8, 600), (8, 600), (8, 360), (3, 180)]:
            self.let_minutes_pass(minutes)
            left = self.post(hold, "extend")["expires_in"]
            self.assertIn(left, range(seconds_left - 30, seconds_left + 1))
        self.let_minutes_pass(2.9)
        end = Booking.objects.get().held_until
        self.post(hold, "extend")
        self.assertEqual(Booking.objects.get().held_until, end)
        self.let_minutes_pass(0.1)
        self.assertEqual(self.hold(6).json()["code"], "held_too_soon")

    def test_extension_counts_earlier_holds(self):
        self.hold_and_give_back(9, 5)
        self.hold_and_let_expire(5)
        hold = self.held(6)
        self.let_minutes_pass(6)
        self.assertIn(self.post(hold, "extend")["expires_in"], range(290, 301))

    def test_extension_never_shortens_a_hold(self):
        hold = self.held(5)
        with self.settings(HOLD_AT_MOST=timedelta(minutes=5), HOLD_FOR=timedelta(minutes=5)):
            self.let_minutes_pass(4)
            self.assertIn(self.post(hold, "extend")["expires_in"], range(350, 361))

    def test_move_inside_a_hold_changes_nothing_of_the_allowance(self):
        hold = self.held(5)
        for seat in (6, 7, 8):
            self.let_minutes_pass(3)
            path = f"/api/bookings/{hold['bookings'][0]['id']}/move/"
            self.assertEqual(self.alice_client.post(path, {"seat_number": seat}).status_code, 200)
        self.let_minutes_pass(1)
        self.hold_and_let_expire(5)
        self.hold_and_let_expire(5)
        self.assertEqual(self.hold(5).json()["code"], "held_too_soon")

    def test_hold_costs_one_query_however_many_holds_were_before(self):
        self.held(5)
        with CaptureQueriesContext(connection) as few:
            self.held(6)
        for _ in range(3):
            self.hold_and_give_back(1, 7, 8)
        with CaptureQueriesContext(connection) as many:
            self.held(9)
        self.assertEqual(len(many), len(few))
