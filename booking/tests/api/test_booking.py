from django.utils import timezone

from booking import box_office
from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    booking_json,
    create_booking,
    create_hold,
    create_show,
    create_user,
    iso,
    reservation_json,
)


class BookingDetailTests(ApiTestCase):
    def test_own_booking_is_returned(self):
        booking = create_booking(self.alice, create_show())
        response = self.alice_client.get(f"/api/bookings/{booking.id}/")
        self.assertResponse(response, 200, booking_json(booking, available_seats=9))

    def test_booking_of_another_user_returns_403(self):
        alices_booking = create_booking(self.alice, create_show())
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        self.assertResponse(
            self.bob_client.get(f"/api/bookings/{alices_booking.id}/"), 403, not_yours
        )

    def test_unknown_booking_returns_404(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.alice_client.get("/api/bookings/1000000/"), 404, none)

    def test_booking_without_token_returns_401(self):
        alices_booking = create_booking(self.alice, create_show())
        self.assertResponse(self.client.get(f"/api/bookings/{alices_booking.id}/"), 401, NO_TOKEN)


class CancelledByTests(ApiTestCase):
    """`cancelled_by`, as the customer sees it."""

    def test_booking_says_who_cancelled_it(self):
        show, stella = create_show(), create_user("stella", is_staff=True)
        for seat, by, expected in [(1, self.alice, "me"), (2, stella, "cinema")]:
            booking = create_booking(self.alice, show, seat)
            box_office.cancel(booking=booking, by=by)
            booking.refresh_from_db()
            self.assertResponse(
                self.alice_client.get(f"/api/bookings/{booking.id}/"),
                200,
                booking_json(
                    booking,
                    available_seats=10,
                    status="cancelled",
                    cancelled_at=iso(booking.cancelled_at),
                    can_cancel=False,
                    cancelled_by=expected,
                ),
            )
        listed = self.alice_client.get("/api/my-bookings/").json()
        self.assertEqual([each["cancelled_by"] for each in listed], ["cinema", "me"])

    def test_seats_of_a_reservation_say_who_cancelled_them(self):
        show, stella = create_show(), create_user("stella", is_staff=True)
        reservation = box_office.reserve(show_id=show.id, seat_numbers=[1, 2, 3], by=self.alice)
        first, second, _ = [each.booking for each in reservation.bookings]
        box_office.cancel(booking=first, by=self.alice)
        box_office.cancel(booking=second, by=stella)
        path = f"/api/reservations/{reservation.reference}/"
        seats = self.alice_client.get(path).json()["bookings"]
        self.assertEqual([each["cancelled_by"] for each in seats], ["me", "cinema", None])
        given_back = self.alice_client.post(f"{path}cancel/").json()["bookings"]
        self.assertEqual([each["cancelled_by"] for each in given_back], ["me", "cinema", "me"])

    def test_booking_of_staff_themselves_says_me(self):
        stella = create_user("stella", is_staff=True)
        sold = box_office.book(show_id=create_show().id, seat_number=1, by=stella)
        self.assertEqual(box_office.cancel(booking=sold.booking, by=stella).cancelled_by, "me")

    def test_expired_hold_and_old_cancellation_say_nothing(self):
        show = create_show()
        create_booking(self.alice, show, 1, status="cancelled", cancelled_at=timezone.now())
        create_booking(self.alice, show, 2, status="expired")
        listed = self.alice_client.get("/api/my-bookings/").json()
        self.assertEqual([each["cancelled_by"] for each in listed], [None, None])


class ShowCancelledTests(ApiTestCase):
    """Bookings of a show that the cinema has called off."""

    def setUp(self):
        super().setUp()
        self.show = create_show()
        self.booked = create_booking(self.alice, self.show, 5)
        self.held = create_hold(self.alice, self.show, 6)
        self.show.cancelled_at = timezone.now()
        self.show.save()

    def test_booking_says_that_its_show_is_cancelled(self):
        show = {"is_bookable": False, "cancelled_at": iso(self.show.cancelled_at)}
        expected = booking_json(self.booked, available_seats=8, show_cancelled=True)
        expected["show"] |= show
        path = f"/api/bookings/{self.booked.id}/"
        self.assertResponse(self.alice_client.get(path), 200, expected)
        path = f"/api/reservations/{self.booked.reference}/"
        expected = reservation_json([self.booked], available_seats=8, show_cancelled=True)
        expected["show"] |= show
        self.assertResponse(self.alice_client.get(path), 200, expected)

    def test_list_tells_cancelled_shows_from_others(self):
        create_booking(self.alice, create_show(self.show.movie))
        listed = self.alice_client.get("/api/my-bookings/").json()
        self.assertEqual([each["show_cancelled"] for each in listed], [False, True, True])

    def test_booking_can_be_cancelled_and_nothing_else(self):
        held = f"/api/reservations/{self.held.reference}"
        for path, body in [
            (f"/api/bookings/{self.booked.id}/move/", {"seat_number": 7}),
            (f"{held}/confirm/", {}),
            (f"{held}/extend/", {}),
        ]:
            refused = self.alice_client.post(path, body)
            self.assertEqual((refused.status_code, refused.json()["code"]), (400, "show_cancelled"))
        for path in (f"/api/bookings/{self.booked.id}/cancel/", f"{held}/cancel/"):
            done = self.alice_client.post(path)
            body = done.json()
            self.assertEqual(
                (done.status_code, body["status"], body["show_cancelled"], body["can_cancel"]),
                (200, "cancelled", True, False),
            )
        self.assertFalse(Booking.objects.active().exists())
