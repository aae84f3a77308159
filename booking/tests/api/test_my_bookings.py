from datetime import timedelta

from django.utils import timezone

from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    booking,
    booking_json,
    hold,
    iso,
    movie,
    show,
)


class MyBookingsTests(ApiTestCase):
    def test_newest_first_cancelled_ones_too(self):
        tomorrow = show()
        now = timezone.now()
        first = booking(self.alices_user, tomorrow, 5, created_at=now - timedelta(days=2))
        cancelled = booking(
            self.alices_user,
            tomorrow,
            6,
            created_at=now - timedelta(days=1),
            status="cancelled",
            cancelled_at=now,
        )
        newest = booking(self.alices_user, tomorrow, 7)
        booking(self.bobs_user, tomorrow, 8)
        expected = [
            booking_json(newest, available_seats=7),
            booking_json(
                cancelled,
                available_seats=7,
                status="cancelled",
                cancelled_at=iso(now),
                can_cancel=False,
            ),
            booking_json(first, available_seats=7),
        ]
        self.assertAnswer(self.alice.get("/api/my-bookings/"), 200, expected)

    def test_what_can_be_cancelled(self):
        started = show(starts_in=-timedelta(seconds=1))
        over = booking(self.alices_user, started, 1)
        held = hold(self.alices_user, show(), 2)
        lapsed = hold(self.alices_user, show(), 3, ends_in=-timedelta(seconds=1))
        answer = self.alice.get("/api/my-bookings/").json()
        self.assertEqual(
            [(each["id"], each["can_cancel"]) for each in answer],
            [(lapsed.id, False), (held.id, True), (over.id, False)],
        )

    def test_held_and_expired_ones_with_their_real_status(self):
        tomorrow = show()
        held = hold(self.alices_user, tomorrow, 1)
        lapsed = hold(self.alices_user, tomorrow, 2, ends_in=-timedelta(seconds=1))
        noted = booking(self.alices_user, tomorrow, 3, status="expired")
        answer = self.alice.get("/api/my-bookings/")
        seconds = answer.json()[2]["expires_in"]
        self.assertIn(seconds, range(590, 601))
        gone = {"available_seats": 9, "status": "expired", "can_cancel": False}
        expected = [
            booking_json(noted, **gone),
            booking_json(lapsed, **gone),
            booking_json(
                held,
                available_seats=9,
                status="held",
                expires_at=iso(held.held_until),
                expires_in=seconds,
                cancel_until=iso(held.held_until),
            ),
        ]
        self.assertAnswer(answer, 200, expected)

    def test_filters(self):
        first, second = show(), show()
        booked = booking(self.alices_user, first, 1)
        held = hold(self.alices_user, first, 2)
        lapsed = hold(self.alices_user, first, 3, ends_in=-timedelta(seconds=1))
        noted = booking(self.alices_user, second, 4, status="expired")
        cancelled = booking(self.alices_user, second, 5, status="cancelled")
        booking(self.bobs_user, first, 6)
        cases = [
            ("status=booked", [booked]),
            ("status=held", [held]),
            ("status=expired", [noted, lapsed]),
            ("status=cancelled", [cancelled]),
            (f"show={first.id}", [lapsed, held, booked]),
            (f"show={second.id}&status=expired", [noted]),
            ("show=999999", []),
            ("status=&show=", [cancelled, noted, lapsed, held, booked]),
        ]
        for query, found in cases:
            with self.subTest(query):
                answer = self.alice.get(f"/api/my-bookings/?{query}")
                self.assertEqual([b["id"] for b in answer.json()], [each.id for each in found])

    def test_wrong_filters(self):
        wrong = {"status": ['"sold" is not a valid choice.']}
        self.assertAnswer(self.alice.get("/api/my-bookings/?status=sold"), 400, wrong)
        integer = {"show": ["Enter a whole number, such as 5."]}
        self.assertAnswer(self.alice.get("/api/my-bookings/?show=x"), 400, integer)

    def test_none(self):
        booking(self.bobs_user, show(), 8)
        self.assertAnswer(self.alice.get("/api/my-bookings/"), 200, [])

    def test_without_a_token(self):
        self.assertAnswer(self.client.get("/api/my-bookings/"), 401, NO_TOKEN)

    def test_two_queries_for_any_number(self):
        """The user, the bookings, their shows."""
        booking(self.alices_user, show(), 5)
        with self.assertNumQueries(2):
            self.alice.get("/api/my-bookings/")
        booking(self.alices_user, show(movie("Alien")), 5)
        booking(self.alices_user, show(movie("Brazil")), 5)
        with self.assertNumQueries(2):
            self.alice.get("/api/my-bookings/")
