from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    booking_json,
    create_booking,
    create_hold,
    create_show,
    iso,
)


class MoveTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.show = create_show()
        self.booking = create_booking(self.alice, self.show, 5)

    def move(self, seat_number=9, by=None, booking=None):
        path = f"/api/bookings/{(booking or self.booking).id}/move/"
        return (by or self.alice_client).post(path, {"seat_number": seat_number})

    def assertKept(self, response, status, body):
        self.assertResponse(response, status, body)
        self.booking.refresh_from_db()
        self.assertEqual(self.booking.seat_number, 5)

    def test_move_takes_new_seat_and_frees_old_one(self):
        response = self.move(9)
        self.booking.refresh_from_db()
        expected = booking_json(self.booking, available_seats=9, seat_number=9, seat_label="A9")
        self.assertResponse(response, 200, expected)
        self.assertEqual(Booking.objects.active().get().seat_number, 9)
        free = self.bob_client.post(f"/api/shows/{self.show.id}/book/", {"seat_number": 5})
        self.assertEqual(free.status_code, 201)

    def test_move_repeated_returns_the_same_response(self):
        self.assertEqual(self.move(9).json(), self.move(9).json())

    def test_move_to_booked_seat_is_refused_with_alternatives(self):
        create_booking(self.bob, self.show, 9)
        taken = {
            "detail": "This seat has just been taken.",
            "code": "seat_taken",
            "seat_numbers": [9],
            "alternatives": [8, 10, 7, 6, 4],
        }
        self.assertKept(self.move(9), 400, taken)

    def test_move_to_seat_of_expired_hold_succeeds(self):
        expired = create_hold(self.bob, self.show, 9, ends_in=-timedelta(seconds=1))
        self.assertEqual(self.move(9).status_code, 200)
        expired.refresh_from_db()
        self.assertEqual(expired.status, "expired")

    def test_move_at_seat_limit_succeeds(self):
        """A move does not change the number of seats a customer has."""
        with self.settings(MAX_SEATS_PER_CUSTOMER=1):
            self.assertEqual(self.move(9).status_code, 200)

    def test_move_to_invalid_seat_is_refused(self):
        sentence = "There is no seat 11 in this show. Seats are numbered from 1 to 10."
        beyond = {"seat_number": [sentence]}
        self.assertKept(self.move(11), 400, beyond)
        self.assertKept(self.move(0), 400, {"seat_number": ["Seats are numbered from 1."]})
        self.assertKept(self.move("x"), 400, {"seat_number": ["Enter a whole number, such as 5."]})
        missing = self.alice_client.post(f"/api/bookings/{self.booking.id}/move/", {})
        self.assertKept(missing, 400, {"seat_number": ["This field is required."]})

    def test_move_hold_changes_its_seat_and_nothing_else(self):
        other = create_hold(self.alice, self.show, 6)
        held = create_hold(self.alice, self.show, 7)
        Booking.objects.filter(pk=other.pk).update(reference=held.reference)
        response = self.move(9, booking=held)
        expected = booking_json(
            held,
            available_seats=7,
            seat_number=9,
            seat_label="A9",
            status="held",
            expires_at=iso(held.held_until),
            cancel_until=iso(held.held_until),
            expires_in=response.json()["expires_in"],
        )
        self.assertResponse(response, 200, expected)
        confirmed = self.alice_client.post(f"/api/reservations/{held.reference}/confirm/").json()
        seats = [(each["seat_number"], each["status"]) for each in confirmed["bookings"]]
        self.assertEqual(seats, [(6, "booked"), (9, "booked")])

    def test_move_hold_to_taken_seat_is_refused_with_alternatives(self):
        held = create_hold(self.alice, self.show, 6)
        taken = {
            "detail": "This seat has just been taken.",
            "code": "seat_taken",
            "seat_numbers": [5],
            "alternatives": [4, 3, 7, 2, 8],
        }
        self.assertResponse(self.move(5, booking=held), 400, taken)
        held.refresh_from_db()
        self.assertEqual((held.seat_number, held.status), (6, "held"))

    def test_move_hold_at_limits_succeeds(self):
        held = create_hold(self.alice, self.show, 6)
        limits = {"MAX_SEATS_PER_CUSTOMER": 1, "MAX_SEATS_PER_CUSTOMER_IN_ALL": 1}
        with self.settings(HOLD_AT_MOST=timedelta(0), **limits):
            self.assertEqual(self.move(9, booking=held).status_code, 200)

    def test_move_hold_is_possible_while_sales_are_open(self):
        held = create_hold(self.alice, self.show, 6)
        self.show.date_time = timezone.now() - timedelta(minutes=5)
        self.show.save()
        self.assertEqual(self.move(9, booking=held).status_code, 200)
        self.show.date_time = timezone.now() - timedelta(hours=1)
        self.show.save()
        closed = {
            "detail": "Sales for this show have closed.",
            "code": "sales_closed",
            "bookable_until": iso(self.show.date_time + settings.SALES_CLOSE_AFTER_START),
        }
        self.assertResponse(self.move(8, booking=held), 400, closed)

    def test_move_hold_in_cancelled_show_is_refused(self):
        held = create_hold(self.alice, self.show, 6)
        self.show.cancelled_at = timezone.now()
        self.show.save()
        self.assertEqual(self.move(9, booking=held).json()["code"], "show_cancelled")

    def test_move_expired_or_cancelled_booking_is_refused(self):
        expired = create_hold(self.alice, self.show, 6, ends_in=-timedelta(seconds=1))
        hold_expired = {
            "detail": "Your hold has expired.",
            "code": "hold_expired",
            "seat_numbers": [6],
            "still_free": [6],
        }
        self.assertResponse(self.move(9, booking=expired), 400, hold_expired)
        now = timezone.now()
        gone = create_booking(self.alice, self.show, 7, status="cancelled", cancelled_at=now)
        cancelled = {
            "detail": "This booking is already cancelled.",
            "code": "already_cancelled",
            "cancelled_at": iso(now),
        }
        self.assertResponse(self.move(9, booking=gone), 400, cancelled)

    def test_move_after_show_started_is_refused(self):
        self.show.date_time = timezone.now() - timedelta(seconds=1)
        self.show.save()
        started = {
            "detail": "The show has started, so this booking can no longer be changed.",
            "code": "show_started",
            "cancel_until": iso(self.show.date_time),
        }
        self.assertKept(self.move(9), 400, started)

    def test_move_in_cancelled_show_is_refused(self):
        self.show.cancelled_at = timezone.now()
        self.show.save()
        cancelled = {
            "detail": "This show has been cancelled.",
            "code": "show_cancelled",
            "cancelled_at": iso(self.show.cancelled_at),
        }
        self.assertKept(self.move(9), 400, cancelled)

    def test_move_without_access_is_refused(self):
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertKept(self.move(9, by=self.bob_client), 403, not_yours)
        self.assertKept(self.move(9, by=self.client), 401, NO_TOKEN)
        unknown = self.alice_client.post("/api/bookings/1000000/move/", {"seat_number": 9})
        self.assertResponse(unknown, 404, none)
