from datetime import timedelta

from django.db import connection
from django.utils import timezone

from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    booking_json,
    create_booking,
    create_hold,
    create_movie,
    create_show,
    iso,
)


class MyBookingsTests(ApiTestCase):
    def test_my_bookings_newest_first_with_cancelled_ones(self):
        show = create_show()
        now = timezone.now()
        first = create_booking(self.alice, show, 5, created_at=now - timedelta(days=2))
        cancelled = create_booking(
            self.alice,
            show,
            6,
            created_at=now - timedelta(days=1),
            status="cancelled",
            cancelled_at=now,
        )
        newest = create_booking(self.alice, show, 7)
        create_booking(self.bob, show, 8)
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
        self.assertResponse(self.alice_client.get("/api/my-bookings/"), 200, expected)

    def test_can_cancel_started_or_expired_is_false(self):
        started = create_show(starts_in=-timedelta(seconds=1))
        over = create_booking(self.alice, started, 1)
        held = create_hold(self.alice, create_show(), 2)
        expired_hold = create_hold(self.alice, create_show(), 3, ends_in=-timedelta(seconds=1))
        body = self.alice_client.get("/api/my-bookings/").json()
        self.assertEqual(
            [(each["id"], each["can_cancel"]) for each in body],
            [(expired_hold.id, False), (held.id, True), (over.id, False)],
        )

    def test_status_of_an_expired_hold_is_expired(self):
        show = create_show()
        held = create_hold(self.alice, show, 1)
        expired_hold = create_hold(self.alice, show, 2, ends_in=-timedelta(seconds=1))
        marked_expired = create_booking(self.alice, show, 3, status="expired")
        response = self.alice_client.get("/api/my-bookings/")
        seconds = response.json()[2]["expires_in"]
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
        self.assertResponse(response, 200, expected)

    def test_my_bookings_filtered_by_each_parameter(self):
        first, second = create_show(), create_show()
        booked = create_booking(self.alice, first, 1)
        held = create_hold(self.alice, first, 2)
        expired_hold = create_hold(self.alice, first, 3, ends_in=-timedelta(seconds=1))
        marked_expired = create_booking(self.alice, second, 4, status="expired")
        cancelled = create_booking(self.alice, second, 5, status="cancelled")
        create_booking(self.bob, first, 6)
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
                response = self.alice_client.get(f"/api/my-bookings/?{query}")
                self.assertEqual([b["id"] for b in response.json()], [each.id for each in found])

    def test_my_bookings_by_status_are_read_by_an_index(self):
        """Not by reading all bookings of a user who has cancelled thousands."""
        for seat_number in range(1, 10):
            create_booking(self.alice, create_show(), seat_number, status="cancelled")
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":  # or it would read so small a table as a whole
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("SET LOCAL enable_bitmapscan = off")
        newest_first = Booking.objects.of_user(self.alice.pk).order_by("-created_at", "-id")
        for status in ("booked", "held", "cancelled"):
            with self.subTest(status):
                plan = newest_first.with_current_status(status).explain()
                self.assertIn("bookings_of_user_by_status", plan)

    def test_my_bookings_filter_wrong_is_400(self):
        wrong = {"status": ['"sold" is not a valid choice.']}
        self.assertResponse(self.alice_client.get("/api/my-bookings/?status=sold"), 400, wrong)
        integer = {"show": ["Enter a whole number, such as 5."]}
        self.assertResponse(self.alice_client.get("/api/my-bookings/?show=x"), 400, integer)

    def test_my_bookings_none_is_an_empty_list(self):
        create_booking(self.bob, create_show(), 8)
        self.assertResponse(self.alice_client.get("/api/my-bookings/"), 200, [])

    def test_my_bookings_without_token_is_401(self):
        self.assertResponse(self.client.get("/api/my-bookings/"), 401, NO_TOKEN)

    def test_my_bookings_one_or_three_cost_two_queries(self):
        """One query for the user, one for the bookings with their shows."""
        create_booking(self.alice, create_show(), 5)
        with self.assertNumQueries(2):
            self.alice_client.get("/api/my-bookings/")
        create_booking(self.alice, create_show(create_movie("Alien")), 5)
        create_booking(self.alice, create_show(create_movie("Brazil")), 5)
        with self.assertNumQueries(2):
            self.alice_client.get("/api/my-bookings/")
