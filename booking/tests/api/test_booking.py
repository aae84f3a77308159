from booking.tests.factories import NO_TOKEN, ApiTestCase, booking_json, create_booking, create_show


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
        self.assertResponse(self.alice_client.get("/api/bookings/999/"), 404, none)

    def test_booking_without_token_returns_401(self):
        alices_booking = create_booking(self.alice, create_show())
        self.assertResponse(self.client.get(f"/api/bookings/{alices_booking.id}/"), 401, NO_TOKEN)
