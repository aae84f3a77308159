from datetime import timedelta

from django.utils import timezone

from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    create_booking,
    create_hold,
    create_show,
    iso,
    reservation_json,
)


class MyReservationsTests(ApiTestCase):
    def reserve(self, show, seats, *, user=None, **more):
        """Bookings with one reference, as the box office makes them."""
        first = create_booking(user or self.alice, show, seats[0], **more)
        more |= {"reference": first.reference}
        return [first, *(create_booking(first.user, show, seat, **more) for seat in seats[1:])]

    def references(self, query=""):
        body = self.alice_client.get(f"/api/my-reservations/{query}").json()
        return [each["reference"] for each in body]

    def test_my_reservations_newest_first_with_their_bookings(self):
        show, other = create_show(), create_show()
        first = self.reserve(show, [7, 5, 6])
        create_booking(self.bob, show, 8)
        now = timezone.now()
        ended = {"status": "cancelled", "cancelled_at": now}
        cancelled = self.reserve(other, [1, 2], **ended)
        held = create_hold(self.alice, other, 3)
        response = self.alice_client.get("/api/my-reservations/")
        seconds = response.json()[0]["expires_in"]
        self.assertIn(seconds, range(1, 601))
        expected = [
            reservation_json(
                [held],
                available_seats=9,
                status="held",
                expires_at=iso(held.held_until),
                expires_in=seconds,
                cancel_until=iso(held.held_until),
            ),
            reservation_json(cancelled, available_seats=9, status="cancelled", can_cancel=False),
            reservation_json(
                [first[1], first[2], first[0]],
                available_seats=6,
            ),
        ]
        self.assertResponse(response, 200, expected)
        for each in expected:
            path = f"/api/reservations/{each['reference']}/"
            body = self.alice_client.get(path).json()
            self.assertEqual(body | {"expires_in": each["expires_in"]}, each)  # seconds later

    def test_my_reservations_by_status_and_show(self):
        show, other = create_show(), create_show()
        booked = self.reserve(show, [1, 2])
        Booking.objects.filter(pk=booked[0].pk).update(status="cancelled")
        held = create_hold(self.alice, show, 3)
        over = create_hold(self.alice, show, 4, ends_in=-timedelta(seconds=1))
        expired = self.reserve(other, [5, 6], status="expired")
        Booking.objects.filter(pk=expired[1].pk).update(status="cancelled")
        cancelled = self.reserve(other, [7, 8], status="cancelled")
        cases = {
            "": [cancelled[0], expired[0], over, held, booked[0]],
            "?status=booked": [booked[0]],
            "?status=held": [held],
            "?status=expired": [expired[0], over],
            "?status=cancelled": [cancelled[0]],
            f"?show={show.pk}": [over, held, booked[0]],
            f"?show={other.pk}&status=expired": [expired[0]],
            "?status=&show=": [cancelled[0], expired[0], over, held, booked[0]],
        }
        for query, found in cases.items():
            with self.subTest(query):
                self.assertEqual(self.references(query), [each.reference for each in found])
                body = self.alice_client.get(f"/api/my-reservations/{query}").json()
                wanted = query.rpartition("status=")[2]
                self.assertTrue(all(each["status"] == wanted for each in body if wanted.isalpha()))

    def test_my_reservations_page_is_not_cut_within_a_reservation(self):
        show = create_show()
        made = [self.reserve(show, seats) for seats in ([1, 2, 3], [4, 5], [6], [7, 8, 9])]
        newest_first = [each[0].reference for each in made[::-1]]
        response = self.alice_client.get("/api/my-reservations/?page_size=3")
        self.assertEqual([each["reference"] for each in response.json()], newest_first[:3])
        self.assertEqual([len(each["bookings"]) for each in response.json()], [3, 1, 2])
        following = response["Link"].partition(">")[0].removeprefix("<")
        rest = self.alice_client.get(following)
        self.assertEqual([each["reference"] for each in rest.json()], newest_first[3:])
        self.assertNotIn("Link", rest)

    def test_my_reservations_reference_used_twice_is_told_apart(self):
        """The box office uses no reference twice. If it ever did, nobody sees another's seats."""
        mine = self.reserve(create_show(), [1, 2])
        theirs = self.reserve(mine[0].show, [3], user=self.bob, reference=mine[0].reference)
        body = self.alice_client.get("/api/my-reservations/").json()
        self.assertEqual([each["seat_number"] for each in body[0]["bookings"]], [1, 2])
        body = self.bob_client.get("/api/my-reservations/").json()
        self.assertEqual([each["id"] for each in body[0]["bookings"]], [theirs[0].pk])

    def test_my_reservations_none_is_an_empty_list(self):
        create_booking(self.bob, create_show(), 8)
        self.assertResponse(self.alice_client.get("/api/my-reservations/"), 200, [])

    def test_my_reservations_without_token_is_401(self):
        self.assertResponse(self.client.get("/api/my-reservations/"), 401, NO_TOKEN)

    def test_my_reservations_one_or_three_cost_three_queries(self):
        """One for the user, one for the page, one for the bookings on it."""
        for number in (1, 2, 3):
            self.reserve(create_show(), [number, 9])
            with self.assertNumQueries(3):
                self.alice_client.get("/api/my-reservations/")
