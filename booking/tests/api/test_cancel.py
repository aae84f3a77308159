from datetime import timedelta

from django.utils import timezone

from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    booking,
    booking_json,
    client_of,
    hold,
    iso,
    person,
    show,
)


class CancelTests(ApiTestCase):
    def cancel(self, booking, by=None):
        return (by or self.alice).post(f"/api/bookings/{booking.id}/cancel/")

    def test_a_booking_is_cancelled_and_the_seat_is_free(self):
        a_day_ago = timezone.now() - timedelta(days=1)
        mine = booking(self.alices_user, show(), created_at=a_day_ago)
        booking(self.bobs_user, mine.show, 6)
        response = self.cancel(mine)
        mine.refresh_from_db()
        expected = booking_json(
            mine,
            available_seats=9,
            status="cancelled",
            cancelled_at=iso(mine.cancelled_at),
            can_cancel=False,
        )
        self.assertAnswer(response, 200, expected | {"detail": "Booking cancelled."})
        self.assertEqual(mine.status, "cancelled")
        self.assertLess(abs(mine.cancelled_at - timezone.now()), timedelta(seconds=5))
        again = self.bob.post(f"/api/shows/{mine.show_id}/book/", {"seat_number": 5})
        self.assertEqual(again.status_code, 201)

    def test_a_hold_is_released(self):
        held = hold(self.alices_user, show())
        response = self.cancel(held)
        self.assertEqual((response.status_code, response.json()["status"]), (200, "cancelled"))

    def test_twice(self):
        mine = booking(self.alices_user, show())
        self.cancel(mine)
        mine.refresh_from_db()
        already = {
            "detail": "This booking is already cancelled.",
            "code": "already_cancelled",
            "cancelled_at": iso(mine.cancelled_at),
        }
        self.assertAnswer(self.cancel(mine), 400, already)

    def test_after_the_show_has_started(self):
        started = show(starts_in=-timedelta(seconds=1))
        mine = booking(self.alices_user, started)
        too_late = {
            "detail": "The show has started, so this booking can no longer be changed.",
            "code": "show_started",
            "cancel_until": iso(started.date_time),
        }
        self.assertAnswer(self.cancel(mine), 400, too_late)
        mine.refresh_from_db()
        self.assertEqual((mine.status, mine.cancelled_at), ("booked", None))

    def test_a_hold_that_has_expired(self):
        over = {
            "detail": "Your hold has expired.",
            "code": "hold_expired",
            "seat_numbers": [5],
            "still_free": [5],
        }
        lapsed = hold(self.alices_user, show(), ends_in=-timedelta(seconds=1))
        self.assertAnswer(self.cancel(lapsed), 400, over)
        started = show(starts_in=-timedelta(minutes=1))
        self.assertAnswer(
            self.cancel(hold(self.alices_user, started, ends_in=-timedelta(seconds=1))), 400, over
        )
        noted = booking(self.alices_user, show(), status="expired")
        self.assertAnswer(self.cancel(noted), 400, over)

    def test_a_cancelled_show(self):
        mine = booking(self.alices_user, show(cancelled_at=timezone.now()))
        self.assertEqual(self.cancel(mine).status_code, 200)

    def test_somebody_elses(self):
        """Nobody cancels another's booking here; staff have the admin for it."""
        alices = booking(self.alices_user, show())
        booking(self.bobs_user, alices.show, 6)
        stella = client_of(person("stella", is_staff=True, is_superuser=True))
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        for other in [self.bob, stella]:
            self.assertAnswer(self.cancel(alices, by=other), 403, not_yours)
        self.assertEqual(Booking.objects.get(pk=alices.pk).status, "booked")

    def test_unknown(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertAnswer(self.alice.post("/api/bookings/999/cancel/"), 404, none)

    def test_without_a_token(self):
        alices = booking(self.alices_user, show())
        self.assertAnswer(self.cancel(alices, by=self.client), 401, NO_TOKEN)
