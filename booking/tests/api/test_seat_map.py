from datetime import timedelta
from unittest import mock

from booking.box_office import schedule
from booking.db.compiled import fetch_all
from booking.models import seat_maps
from booking.tests.factories import ApiTestCase, create_booking, create_hold, create_show

NONE = {"detail": "Not found.", "code": "not_found"}


class SeatMapTests(ApiTestCase):
    def test_seat_map_lists_booked_and_held_seats(self):
        """Thirty seats in rows of ten. Expired holds and cancelled bookings are free."""
        show = create_show(total_seats=30)
        for seat in [14, 3]:
            create_booking(self.alice, show, seat)
        create_hold(self.bob, show, 27)
        create_hold(self.bob, show, 28, ends_in=-timedelta(seconds=1))
        create_booking(self.alice, show, 1, status="cancelled")
        create_booking(self.alice, show, 2, status="expired")
        create_booking(self.alice, create_show(), 5)
        response = self.client.get(f"/api/shows/{show.id}/seats/")
        body = {
            "total_seats": 30,
            "seats_per_row": 10,
            "available_seats": 27,
            "largest_block": 7,
            "booked": [3, 14],
            "held": [27],
        }
        self.assertResponse(response, 200, body)
        self.assertEqual(response["Cache-Control"], "public, max-age=2, stale-while-revalidate=2")
        self.assertEqual(response["Vary"], "Authorization, origin")

    def test_seat_map_with_token_lists_the_users_own_seats(self):
        show = create_show(total_seats=10)
        create_booking(self.alice, show, 3)
        create_hold(self.alice, show, 4)
        create_booking(self.bob, show, 8)
        body = {
            "total_seats": 10,
            "seats_per_row": 10,
            "available_seats": 7,
            "largest_block": 3,
            "booked": [3, 8],
            "held": [4],
        }
        alices = self.alice_client.get(f"/api/shows/{show.id}/seats/")
        bobs = self.bob_client.get(f"/api/shows/{show.id}/seats/")
        self.assertResponse(alices, 200, body | {"mine": {"booked": [3], "held": [4]}})
        self.assertResponse(bobs, 200, body | {"mine": {"booked": [8], "held": []}})
        self.assertEqual(bobs["Cache-Control"], "private, no-store")
        self.assertNotEqual(alices["ETag"], bobs["ETag"])

    def test_seat_map_is_of_one_moment_although_the_hall_is_changed_while_it_is_read(self):
        show = create_show(total_seats=10)
        calls = []

        def fetch_while_the_hall_is_changed(*queries):
            calls.append(queries)
            if len(calls) > 1:
                return fetch_all(*queries)
            before = fetch_all(queries[0])
            show.total_seats = 12
            schedule([show])
            create_booking(self.alice, show, 12)
            return before + fetch_all(*queries[1:])

        with mock.patch.object(seat_maps, "fetch_all", fetch_while_the_hall_is_changed):
            body = self.client.get(f"/api/shows/{show.id}/seats/").json()
        self.assertEqual((body["total_seats"], body["available_seats"]), (12, 11))
        self.assertEqual(body["booked"], [12])
        self.assertEqual(len(calls), 2)

    def test_seat_map_unchanged_is_304(self):
        show = create_show()
        path = f"/api/shows/{show.id}/seats/"
        first = self.client.get(path)
        self.assertRegex(first["ETag"], '^"[0-9a-f]{32}"$')  # strong
        for header in [f'"x", W/{first["ETag"]}', "*"]:
            self.assertEqual(
                self.client.get(path, headers={"if-none-match": header}).status_code, 304
            )
        other = {"if-match": '"x"', "if-unmodified-since": "Mon, 01 Jan 2001 00:00:00 GMT"}
        self.assertEqual(self.client.get(path, headers=other).status_code, 200)
        again = self.client.get(path, headers={"if-none-match": first["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))
        for header in ["ETag", "Cache-Control", "Vary"]:
            self.assertEqual(again[header], first[header])
        create_booking(self.alice, show, 3)
        changed = self.client.get(path, headers={"if-none-match": first["ETag"]})
        self.assertEqual((changed.status_code, changed.json()["booked"]), (200, [3]))
        self.assertNotEqual(changed["ETag"], first["ETag"])

    def test_seat_map_of_any_size_costs_three_queries(self):
        small, large = create_show(total_seats=10), create_show(total_seats=600)
        for seat in range(1, 10):
            create_booking(self.alice, small, seat)
        for seat in range(1, 300):
            create_booking(self.alice, large, seat)
        for show in [small, large]:
            with self.assertNumQueries(3):
                self.client.get(f"/api/shows/{show.id}/seats/")
            with self.assertNumQueries(4):  # the user
                self.alice_client.get(f"/api/shows/{show.id}/seats/")

    def test_seat_map_of_a_full_show_has_no_free_seat(self):
        full = create_show(total_seats=1)
        create_booking(self.alice, full, 1)
        body = {
            "total_seats": 1,
            "seats_per_row": 10,
            "available_seats": 0,
            "largest_block": 0,
            "booked": [1],
            "held": [],
        }
        self.assertResponse(self.client.get(f"/api/shows/{full.id}/seats/"), 200, body)

    def test_seat_map_of_an_unknown_show_is_404(self):
        self.assertResponse(self.client.get("/api/shows/1000000/seats/"), 404, NONE)

    def test_seat_map_with_bad_token_is_401(self):
        self.client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        not_valid = {
            "detail": "Your session has ended. Please log in again.",
            "code": "token_not_valid",
        }
        self.assertResponse(
            self.client.get(f"/api/shows/{create_show().id}/seats/"), 401, not_valid
        )
