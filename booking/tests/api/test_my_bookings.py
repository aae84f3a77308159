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
    def test_my_bookings_newest_first_with_cancelled_ones(self):
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

    def test_can_cancel_started_or_expired_is_false(self):
        started = show(starts_in=-timedelta(seconds=1))
        over = booking(self.alices_user, started, 1)
        held = hold(self.alices_user, show(), 2)
        expired_hold = hold(self.alices_user, show(), 3, ends_in=-timedelta(seconds=1))
        answer = self.alice.get("/api/my-bookings/").json()
        self.assertEqual(
            [(each["id"], each["can_cancel"]) for each in answer],
            [(expired_hold.id, False), (held.id, True), (over.id, False)],
        )

    def test_status_of_an_expired_hold_is_expired(self):
        tomorrow = show()
        held = hold(self.alices_user, tomorrow, 1)
        expired_hold = hold(self.alices_user, tomorrow, 2, ends_in=-timedelta(seconds=1))
        marked_expired = booking(self.alices_user, tomorrow, 3, status="expired")
        answer = self.alice.get("/api/my-bookings/")
        seconds = answer.json()[2]["expires_in"]
        self.assertIn(seconds, range(590, 601))
        gone = {"available_seats": 9, "status": "expired", "can_cancel": False}
        expected = [
            booking_json(marked_expired, **gone),
            booking_json(expired_hold, **gone),
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

    def test_my_bookings_filtered_by_each_parameter(self):
        first, second = show(), show()
        booked = booking(self.alices_user, first, 1)
        held = hold(self.alices_user, first, 2)
        expired_hold = hold(self.alices_user, first, 3, ends_in=-timedelta(seconds=1))
        marked_expired = booking(self.alices_user, second, 4, status="expired")
        cancelled = booking(self.alices_user, second, 5, status="cancelled")
        booking(self.bobs_user, first, 6)
        cases = [
            ("status=booked", [booked]),
            ("status=held", [held]),
            ("status=expired", [marked_expired, expired_hold]),
            ("status=cancelled", [cancelled]),
            (f"show={first.id}", [expired_hold, held, booked]),
            (f"show={second.id}&status=expired", [marked_expired]),
            ("show=999999", []),
            ("status=&show=", [cancelled, marked_expired, expired_hold, held, booked]),
        ]
        for query, found in cases:
            with self.subTest(query):
                answer = self.alice.get(f"/api/my-bookings/?{query}")
                self.assertEqual([b["id"] for b in answer.json()], [each.id for each in found])

    def test_my_bookings_filter_wrong_is_400(self):
        wrong = {"status": ['"sold" is not a valid choice.']}
        self.assertAnswer(self.alice.get("/api/my-bookings/?status=sold"), 400, wrong)
        integer = {"show": ["Enter a whole number, such as 5."]}
        self.assertAnswer(self.alice.get("/api/my-bookings/?show=x"), 400, integer)

    def test_my_bookings_none_is_an_empty_list(self):
        booking(self.bobs_user, show(), 8)
        self.assertAnswer(self.alice.get("/api/my-bookings/"), 200, [])

    def test_my_bookings_without_token_is_401(self):
        self.assertAnswer(self.client.get("/api/my-bookings/"), 401, NO_TOKEN)

    def test_my_bookings_one_or_three_cost_two_queries(self):
        """The user, and the bookings with their shows."""
        booking(self.alices_user, show(), 5)
        with self.assertNumQueries(2):
            self.alice.get("/api/my-bookings/")
        booking(self.alices_user, show(movie("Alien")), 5)
        booking(self.alices_user, show(movie("Brazil")), 5)
        with self.assertNumQueries(2):
            self.alice.get("/api/my-bookings/")
