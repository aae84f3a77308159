from booking.models import Show
from booking.tests.factories import ApiTestCase, create_booking, create_screen, create_show

HALL = """\
 ss.ss

xssswc
"""


def seat(number, label, x, y, kind="seat"):
    return {"number": number, "label": label, "row": label[0], "x": x, "y": y, "kind": kind}


class LayoutTests(ApiTestCase):
    def test_layout_lists_rows_and_seats(self):
        show = create_show(screen=create_screen(layout=HALL))
        response = self.client.get(f"/api/shows/{show.pk}/layout/")
        body = {
            "width": 6,
            "depth": 3,
            "rows": [{"label": "A", "y": 0}, {"label": "B", "y": 2}],
            "seats": [
                seat(1, "A1", 1, 0),
                seat(2, "A2", 2, 0),
                seat(3, "A3", 4, 0),
                seat(4, "A4", 5, 0),
                seat(5, "B1", 0, 2, "house"),
                seat(6, "B2", 1, 2),
                seat(7, "B3", 2, 2),
                seat(8, "B4", 3, 2),
                seat(9, "B5", 4, 2, "wheelchair"),
                seat(10, "B6", 5, 2, "companion"),
            ],
        }
        self.assertResponse(response, 200, body)
        self.assertEqual(
            response["Cache-Control"], "public, max-age=3600, stale-while-revalidate=2"
        )

    def test_layout_unchanged_is_304(self):
        path = f"/api/shows/{create_show().pk}/layout/"
        etag = self.client.get(path)["ETag"]
        response = self.client.get(path, headers={"if-none-match": etag})
        self.assertEqual(response.status_code, 304)

    def test_layout_of_show_without_screen_is_rows_of_seats(self):
        show = create_show(total_seats=3, seats_per_row=2)
        body = {
            "width": 2,
            "depth": 2,
            "rows": [{"label": "A", "y": 0}, {"label": "B", "y": 1}],
            "seats": [seat(1, "A1", 0, 0), seat(2, "A2", 1, 0), seat(3, "B1", 0, 1)],
        }
        self.assertResponse(self.client.get(f"/api/shows/{show.pk}/layout/"), 200, body)

    def test_layout_of_unknown_show_is_404(self):
        body = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.client.get("/api/shows/1000000/layout/"), 404, body)

    def test_layout_costs_one_query(self):
        path = f"/api/shows/{create_show(screen=create_screen(layout=HALL)).pk}/layout/"
        with self.assertNumQueries(1):
            self.client.get(path)

    def test_screen_changed_later_moves_nobody(self):
        screen = create_screen(layout=HALL)
        show = create_show(screen=screen)
        before = self.client.get(f"/api/shows/{show.pk}/layout/").json()
        screen.layout, screen.name = "ss", "Studio"
        screen.save()
        Show.objects.get(pk=show.pk).save()
        self.assertEqual(self.client.get(f"/api/shows/{show.pk}/layout/").json(), before)


class SeatsOfLayoutTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.show = create_show(screen=create_screen(layout=HALL))

    def seat_map(self):
        return self.client.get(f"/api/shows/{self.show.pk}/seats/").json()

    def book(self, seat_number):
        path = f"/api/shows/{self.show.pk}/book/"
        return self.alice_client.post(path, {"seat_number": seat_number})

    def test_show_follows_its_screen(self):
        body = self.client.get(f"/api/shows/{self.show.pk}/").json()
        names = ("screen_name", "total_seats", "seats_per_row", "available_seats")
        self.assertEqual([body[name] for name in names], ["Screen 1", 10, 6, 9])

    def test_booking_has_the_label_of_the_layout(self):
        body = self.book(8).json()
        self.assertEqual((body["seat_label"], body["show"]["available_seats"]), ("B4", 8))
        listed = self.alice_client.get("/api/my-bookings/").json()
        self.assertEqual(listed, [body])

    def test_wheelchair_and_companion_seats_are_booked_by_number(self):
        self.assertEqual(self.book(9).status_code, 201)
        self.assertEqual(self.book(10).status_code, 201)
        self.assertEqual(self.seat_map()["available_seats"], 7)

    def test_house_seat_is_not_for_sale(self):
        body = {
            "detail": "This seat is not sold online.",
            "code": "not_for_sale",
            "seat_numbers": [5],
        }
        self.assertResponse(self.book(5), 400, body)
        path = f"/api/shows/{self.show.pk}/reservations/"
        for hold in (True, False):
            wanted = {"seat_numbers": [4, 5], "hold": hold}
            self.assertResponse(self.alice_client.post(path, wanted), 400, body)
        booked = self.book(8).json()["id"]
        moved = self.alice_client.post(f"/api/bookings/{booked}/move/", {"seat_number": 5})
        self.assertResponse(moved, 400, body)

    def test_taken_seat_has_alternatives_of_its_kind_beyond_the_aisle(self):
        create_booking(self.bob, self.show, 2)
        self.assertEqual(self.book(2).json()["alternatives"], [1, 3, 4, 7, 6])
        create_booking(self.bob, self.show, 9)
        self.assertEqual(self.book(9).json()["alternatives"], [])

    def test_group_gets_ordinary_seats_only(self):
        path = f"/api/shows/{self.show.pk}/reservations/"
        body = self.alice_client.post(path, {"count": 3}).json()
        self.assertEqual([each["seat_number"] for each in body["bookings"]], [6, 7, 8])
        self.assertEqual(self.seat_map()["largest_block"], 2)
        refused = self.alice_client.post(path, {"count": 5}).json()
        self.assertEqual((refused["code"], refused["available_seats"]), ("not_enough_seats", 4))

    def test_free_house_seats_are_not_available(self):
        for number in (1, 2, 3, 4, 6, 7, 8, 9, 10):
            create_booking(self.bob, self.show, number)
        self.assertEqual(self.seat_map()["available_seats"], 0)
        show = self.client.get(f"/api/shows/{self.show.pk}/").json()
        self.assertEqual((show["available_seats"], show["is_bookable"]), (0, False))
        self.assertEqual(self.book(1).json()["code"], "sold_out")

    def test_sold_house_seat_changes_no_availability(self):
        create_booking(self.bob, self.show, 5)
        self.assertEqual(self.seat_map()["available_seats"], 9)
        self.assertEqual(self.book(1).json()["show"]["available_seats"], 8)

    def test_seat_map_with_layout_costs_three_queries(self):
        """The show, its seats and its version, as without."""
        create_booking(self.bob, self.show, 2)
        for show in (create_show(), self.show):
            with self.subTest(show=show), self.assertNumQueries(3):
                self.client.get(f"/api/shows/{show.pk}/seats/")
