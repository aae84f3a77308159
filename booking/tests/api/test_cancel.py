from datetime import timedelta

from django.utils import timezone

from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    api_client,
    booking_json,
    create_booking,
    create_hold,
    create_show,
    create_user,
    iso,
)


class CancelTests(ApiTestCase):
    def cancel(self, booking, by=None):
        return (by or self.alice_client).post(f"/api/bookings/{booking.id}/cancel/")

    def test_a_booking_is_cancelled_and_the_seat_is_free(self):
        a_day_ago = timezone.now() - timedelta(days=1)
        mine = create_booking(self.alice, create_show(), created_at=a_day_ago)
        create_booking(self.bob, mine.show, 6)
        response = self.cancel(mine)
        mine.refresh_from_db()
        expected = booking_json(
            mine,
            available_seats=9,
            status="cancelled",
            cancelled_at=iso(mine.cancelled_at),
            can_cancel=False,
        )
        self.assertResponse(response, 200, expected | {"detail": "Booking cancelled."})
        self.assertEqual(mine.status, "cancelled")
        self.assertLess(abs(mine.cancelled_at - timezone.now()), timedelta(seconds=5))
        again = self.bob_client.post(f"/api/shows/{mine.show_id}/book/", {"seat_number": 5})
        self.assertEqual(again.status_code, 201)

    def test_a_hold_is_released(self):
        held = create_hold(self.alice, create_show())
        response = self.cancel(held)
        self.assertEqual((response.status_code, response.json()["status"]), (200, "cancelled"))

    def test_twice(self):
        mine = create_booking(self.alice, create_show())
        self.cancel(mine)
        mine.refresh_from_db()
        already = {
            "detail": "This booking is already cancelled.",
            "code": "already_cancelled",
            "cancelled_at": iso(mine.cancelled_at),
        }
        self.assertResponse(self.cancel(mine), 400, already)

    def test_after_the_show_has_started(self):
        started = create_show(starts_in=-timedelta(seconds=1))
        mine = create_booking(self.alice, started)
        too_late = {
            "detail": "The show has started, so this booking can no longer be changed.",
            "code": "show_started",
            "cancel_until": iso(started.date_time),
        }
        self.assertResponse(self.cancel(mine), 400, too_late)
        mine.refresh_from_db()
        self.assertEqual((mine.status, mine.cancelled_at), ("booked", None))

    def test_a_hold_that_has_expired(self):
        over = {
            "detail": "Your hold has expired.",
            "code": "hold_expired",
            "seat_numbers": [5],
            "still_free": [5],
        }
        lapsed = create_hold(self.alice, create_show(), ends_in=-timedelta(seconds=1))
        self.assertResponse(self.cancel(lapsed), 400, over)
        started = create_show(starts_in=-timedelta(minutes=1))
        self.assertResponse(
            self.cancel(create_hold(self.alice, started, ends_in=-timedelta(seconds=1))), 400, over
        )
        noted = create_booking(self.alice, create_show(), status="expired")
        self.assertResponse(self.cancel(noted), 400, over)

    def test_a_cancelled_show(self):
        mine = create_booking(self.alice, create_show(cancelled_at=timezone.now()))
        self.assertEqual(self.cancel(mine).status_code, 200)

    def test_somebody_elses(self):
        """Nobody cancels another's booking here; staff have the admin for it."""
        alices = create_booking(self.alice, create_show())
        create_booking(self.bob, alices.show, 6)
        stella = api_client(create_user("stella", is_staff=True, is_superuser=True))
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        for other in [self.bob_client, stella]:
            self.assertResponse(self.cancel(alices, by=other), 403, not_yours)
        self.assertEqual(Booking.objects.get(pk=alices.pk).status, "booked")

    def test_unknown(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.alice_client.post("/api/bookings/999/cancel/"), 404, none)

    def test_without_a_token(self):
        alices = create_booking(self.alice, create_show())
        self.assertResponse(self.cancel(alices, by=self.client), 401, NO_TOKEN)
