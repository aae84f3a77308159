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

    def test_cancel_booking_frees_its_seat(self):
        a_day_ago = timezone.now() - timedelta(days=1)
        booking = create_booking(self.alice, create_show(), created_at=a_day_ago)
        create_booking(self.bob, booking.show, 6)
        response = self.cancel(booking)
        booking.refresh_from_db()
        expected = booking_json(
            booking,
            available_seats=9,
            status="cancelled",
            cancelled_at=iso(booking.cancelled_at),
            can_cancel=False,
            cancelled_by="me",
        )
        self.assertResponse(response, 200, expected | {"detail": "Booking cancelled."})
        self.assertEqual(booking.status, "cancelled")
        self.assertLess(abs(booking.cancelled_at - timezone.now()), timedelta(seconds=5))
        again = self.bob_client.post(f"/api/shows/{booking.show_id}/book/", {"seat_number": 5})
        self.assertEqual(again.status_code, 201)

    def test_cancel_hold_releases_its_seat(self):
        held = create_hold(self.alice, create_show())
        response = self.cancel(held)
        self.assertEqual((response.status_code, response.json()["status"]), (200, "cancelled"))

    def test_cancel_twice_is_refused(self):
        booking = create_booking(self.alice, create_show())
        self.cancel(booking)
        booking.refresh_from_db()
        already = {
            "detail": "This booking is already cancelled.",
            "code": "already_cancelled",
            "cancelled_at": iso(booking.cancelled_at),
        }
        self.assertResponse(self.cancel(booking), 400, already)

    def test_cancel_twice_with_another_key_changes_nothing(self):
        booking = create_booking(self.alice, create_show())
        self.cancel(booking)
        before = Booking.objects.values().get()
        path = f"/api/bookings/{booking.id}/cancel/"
        for key in ("second", "third"):
            response = self.alice_client.post(path, headers={"Idempotency-Key": key})
            already = (400, "already_cancelled")
            self.assertEqual((response.status_code, response.json()["code"]), already)
            self.assertEqual(Booking.objects.values().get(), before)

    def test_cancel_after_show_started_is_refused(self):
        started = create_show(starts_in=-timedelta(seconds=1))
        booking = create_booking(self.alice, started)
        too_late = {
            "detail": "The show has started, so this booking can no longer be changed.",
            "code": "show_started",
            "cancel_until": iso(started.date_time),
        }
        self.assertResponse(self.cancel(booking), 400, too_late)
        booking.refresh_from_db()
        self.assertEqual((booking.status, booking.cancelled_at), ("booked", None))

    def test_cancel_expired_hold_is_refused(self):
        over = {
            "detail": "Your hold has expired.",
            "code": "hold_expired",
            "seat_numbers": [5],
            "still_free": [5],
        }
        expired = create_hold(self.alice, create_show(), ends_in=-timedelta(seconds=1))
        self.assertResponse(self.cancel(expired), 400, over)
        started = create_show(starts_in=-timedelta(minutes=1))
        self.assertResponse(
            self.cancel(create_hold(self.alice, started, ends_in=-timedelta(seconds=1))), 400, over
        )
        noted = create_booking(self.alice, create_show(), status="expired")
        self.assertResponse(self.cancel(noted), 400, over)

    def test_cancel_booking_of_cancelled_show_succeeds(self):
        booking = create_booking(self.alice, create_show(cancelled_at=timezone.now()))
        self.assertEqual(self.cancel(booking).status_code, 200)

    def test_cancel_booking_of_another_user_returns_403(self):
        """Staff too: they cancel bookings of customers in the admin."""
        alices_booking = create_booking(self.alice, create_show())
        create_booking(self.bob, alices_booking.show, 6)
        stella = api_client(create_user("stella", is_staff=True, is_superuser=True))
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        for other in [self.bob_client, stella]:
            self.assertResponse(self.cancel(alices_booking, by=other), 403, not_yours)
        self.assertEqual(Booking.objects.get(pk=alices_booking.pk).status, "booked")

    def test_cancel_unknown_booking_returns_404(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.alice_client.post("/api/bookings/1000000/cancel/"), 404, none)

    def test_cancel_without_token_returns_401(self):
        alices_booking = create_booking(self.alice, create_show())
        self.assertResponse(self.cancel(alices_booking, by=self.client), 401, NO_TOKEN)
