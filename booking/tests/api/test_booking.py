from booking.tests.factories import NO_TOKEN, ApiTestCase, booking, booking_json, show


class BookingDetailTests(ApiTestCase):
    def test_my_booking(self):
        mine = booking(self.alices_user, show())
        answer = self.alice.get(f"/api/bookings/{mine.id}/")
        self.assertAnswer(answer, 200, booking_json(mine, available_seats=9))

    def test_somebody_elses(self):
        alices = booking(self.alices_user, show())
        not_yours = {"detail": "You do not have access to this booking.", "code": "not_yours"}
        self.assertAnswer(self.bob.get(f"/api/bookings/{alices.id}/"), 403, not_yours)

    def test_unknown(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertAnswer(self.alice.get("/api/bookings/999/"), 404, none)

    def test_without_a_token(self):
        alices = booking(self.alices_user, show())
        self.assertAnswer(self.client.get(f"/api/bookings/{alices.id}/"), 401, NO_TOKEN)
