from booking.tests.factories import NO_TOKEN, ApiTestCase, booking_json, create_booking, create_show


class BookingDetailTests(ApiTestCase):
    def test_my_booking(self):
        mine = create_booking(self.alice, create_show())
        answer = self.alice_client.get(f"/api/bookings/{mine.id}/")
        self.assertResponse(answer, 200, booking_json(mine, available_seats=9))

    def test_somebody_elses(self):
        alices = create_booking(self.alice, create_show())
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        self.assertResponse(self.bob_client.get(f"/api/bookings/{alices.id}/"), 403, not_yours)

    def test_unknown(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.alice_client.get("/api/bookings/999/"), 404, none)

    def test_without_a_token(self):
        alices = create_booking(self.alice, create_show())
        self.assertResponse(self.client.get(f"/api/bookings/{alices.id}/"), 401, NO_TOKEN)
