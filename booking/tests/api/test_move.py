from datetime import timedelta

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
        self.hall = create_show()
        self.mine = create_booking(self.alice, self.hall, 5)

    def move(self, seat_number=9, by=None, booking=None):
        address = f"/api/bookings/{(booking or self.mine).id}/move/"
        return (by or self.alice_client).post(address, {"seat_number": seat_number})

    def assertKept(self, answer, status, body):
        self.assertResponse(answer, status, body)
        self.mine.refresh_from_db()
        self.assertEqual(self.mine.seat_number, 5)

    def test_the_new_seat_is_taken_and_the_old_one_free(self):
        answer = self.move(9)
        self.mine.refresh_from_db()
        expected = booking_json(self.mine, available_seats=9, seat_number=9, seat_label="A9")
        self.assertResponse(answer, 200, expected)
        self.assertEqual(Booking.objects.active().get().seat_number, 9)
        free = self.bob_client.post(f"/api/shows/{self.hall.id}/book/", {"seat_number": 5})
        self.assertEqual(free.status_code, 201)

    def test_once_more_does_no_harm(self):
        self.assertEqual(self.move(9).json(), self.move(9).json())

    def test_a_seat_that_is_taken(self):
        create_booking(self.bob, self.hall, 9)
        taken = {
            "detail": "This seat has just been taken.",
            "code": "seat_taken",
            "seat_numbers": [9],
            "alternatives": [8, 10, 7, 6, 4],
        }
        self.assertKept(self.move(9), 400, taken)

    def test_a_seat_whose_hold_has_lapsed(self):
        lapsed = create_hold(self.bob, self.hall, 9, ends_in=-timedelta(seconds=1))
        self.assertEqual(self.move(9).status_code, 200)
        lapsed.refresh_from_db()
        self.assertEqual(lapsed.status, "expired")

    def test_the_limit_of_a_customer_does_not_matter(self):
        """Changing a seat takes none away from anybody."""
        with self.settings(MAX_SEATS_PER_CUSTOMER=1):
            self.assertEqual(self.move(9).status_code, 200)

    def test_seats_that_are_none(self):
        sentence = "There is no seat 11 in this show. Seats are numbered from 1 to 10."
        beyond = {"seat_number": [sentence]}
        self.assertKept(self.move(11), 400, beyond)
        self.assertKept(self.move(0), 400, {"seat_number": ["Seats are numbered from 1."]})
        self.assertKept(self.move("x"), 400, {"seat_number": ["Enter a whole number, such as 5."]})
        missing = self.alice_client.post(f"/api/bookings/{self.mine.id}/move/", {})
        self.assertKept(missing, 400, {"seat_number": ["This field is required."]})

    def test_a_hold_cannot_be_moved(self):
        held = create_hold(self.alice, self.hall, 6)
        not_booked = {
            "detail": "These seats are only held. Confirm them first.",
            "code": "not_booked",
        }
        self.assertKept(self.move(9, booking=held), 400, not_booked)

    def test_what_is_gone(self):
        lapsed = create_hold(self.alice, self.hall, 6, ends_in=-timedelta(seconds=1))
        expired = {
            "detail": "Your hold has expired.",
            "code": "hold_expired",
            "seat_numbers": [6],
            "still_free": [6],
        }
        self.assertResponse(self.move(9, booking=lapsed), 400, expired)
        now = timezone.now()
        gone = create_booking(self.alice, self.hall, 7, status="cancelled", cancelled_at=now)
        cancelled = {
            "detail": "This booking is already cancelled.",
            "code": "already_cancelled",
            "cancelled_at": iso(now),
        }
        self.assertResponse(self.move(9, booking=gone), 400, cancelled)

    def test_a_show_that_has_started(self):
        self.hall.date_time = timezone.now() - timedelta(seconds=1)
        self.hall.save()
        started = {
            "detail": "The show has started, so this booking can no longer be changed.",
            "code": "show_started",
            "cancel_until": iso(self.hall.date_time),
        }
        self.assertKept(self.move(9), 400, started)

    def test_a_cancelled_show(self):
        self.hall.cancelled_at = timezone.now()
        self.hall.save()
        cancelled = {
            "detail": "This show has been cancelled.",
            "code": "show_cancelled",
            "cancelled_at": iso(self.hall.cancelled_at),
        }
        self.assertKept(self.move(9), 400, cancelled)

    def test_who_may_not(self):
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertKept(self.move(9, by=self.bob_client), 403, not_yours)
        self.assertKept(self.move(9, by=self.client), 401, NO_TOKEN)
        unknown = self.alice_client.post("/api/bookings/999/move/", {"seat_number": 9})
        self.assertResponse(unknown, 404, none)
