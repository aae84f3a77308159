import re
from datetime import datetime, timezone

from booking.models import Booking, Show
from booking.tests.factories import ApiTestCase, booking, movie, show

PAGE_SIZE_INTEGER = {"page_size": ["Enter a whole number, such as 5."]}


class PaginationTests(ApiTestCase):
    def pages(self, client, address):
        """Every page there is, by following the Link header."""
        pages = []
        while address:
            response = client.get(address)
            self.assertEqual(response.status_code, 200, response.content)
            pages.append([each["id"] for each in response.json()])
            link = re.fullmatch(r'<(http://testserver/.+)>; rel="next"', response.get("Link", ""))
            address = link and link[1]
        return pages

    def test_movies(self):
        """Titles that are the same are told apart by the id."""
        titles = ["B", "A", "B", "C", "B"]
        ids = [movie(title).id for title in titles]
        in_order = [ids[1], ids[0], ids[2], ids[4], ids[3]]
        self.assertEqual(
            self.pages(self.client, "/api/movies/?page_size=2"),
            [in_order[:2], in_order[2:4], in_order[4:]],
        )

    def test_shows_at_the_same_time(self):
        moment = datetime(2090, 12, 24, 20, 15, 0, 123456, timezone.utc)
        of = movie()
        ids = [show(of, date_time=moment).id for _ in range(5)]
        for address in ["/api/shows/?page_size=2", f"/api/movies/{of.id}/shows/?page_size=2"]:
            with self.subTest(address):
                self.assertEqual(self.pages(self.client, address), [ids[:2], ids[2:4], ids[4:]])

    def test_my_bookings(self):
        tomorrow = show()
        ids = [booking(self.alices_user, tomorrow, seat).id for seat in range(1, 6)]
        Booking.objects.update(created_at=datetime(2026, 1, 1, tzinfo=timezone.utc))
        ids.append(booking(self.alices_user, tomorrow, 6).id)
        booking(self.bobs_user, tomorrow, 7)
        newest_first = ids[::-1]
        self.assertEqual(
            self.pages(self.alice, "/api/my-bookings/?page_size=4"),
            [newest_first[:4], newest_first[4:]],
        )

    def test_a_page_that_is_just_full_is_the_last(self):
        movie(), movie()
        self.assertEqual(len(self.pages(self.client, "/api/movies/?page_size=2")), 1)

    def test_the_next_page_keeps_the_filters(self):
        of = movie()
        ids = [show(of).id for _ in range(3)]
        show(movie("Alien"))
        self.assertEqual(
            self.pages(self.client, f"/api/shows/?movie={of.id}&page_size=2"), [ids[:2], ids[2:]]
        )

    def test_rows_that_come_and_go_do_not_shift_the_pages(self):
        ids = [movie(title).id for title in "BCDE"]
        first = self.client.get("/api/movies/?page_size=2")
        movie("A")
        type(movie("F")).objects.filter(id=ids[1]).delete()
        following = re.search("<(.+)>", first["Link"])[1]
        self.assertEqual([each["id"] for each in self.client.get(following).json()], ids[2:])

    def test_sizes(self):
        of = movie()
        Show.objects.bulk_create(
            Show(
                movie=of,
                screen_name="Screen 1",
                total_seats=10,
                date_time=datetime(2090, 12, 24, tzinfo=timezone.utc),
            )
            for _ in range(501)
        )
        sizes = [("", 100), ("?page_size=", 100), ("?page_size=500", 500), ("?page_size=501", 500)]
        for query, rows in sizes:
            with self.subTest(query):
                self.assertEqual(len(self.client.get(f"/api/shows/{query}").json()), rows)

    def test_a_page_costs_one_query_however_deep(self):
        for title in "ABC":
            movie(title)
        first = self.client.get("/api/movies/?page_size=1")
        with self.assertNumQueries(1):
            self.client.get(re.search("<(.+)>", first["Link"])[1])

    def test_wrong_sizes(self):
        at_least_one = {"page_size": ["Ensure this value is greater than or equal to 1."]}
        for size in ["x", "1.5", "-1", "5_0", "٥", "9" * 40]:
            with self.subTest(size):
                response = self.client.get("/api/movies/", {"page_size": size})
                self.assertAnswer(response, 400, PAGE_SIZE_INTEGER)
        self.assertAnswer(self.client.get("/api/movies/?page_size=0"), 400, at_least_one)

    def test_wrong_cursors(self):
        """Invented, changed, or another list's."""
        movie("A"), movie("B"), show(), show()
        link = self.client.get("/api/movies/?page_size=1")["Link"]
        ours = re.search("cursor=([^&>]+)", link)[1]
        another = re.search("cursor=([^&>]+)", self.client.get("/api/shows/?page_size=1")["Link"])[
            1
        ]
        wrong = {"cursor": ["This is not a cursor of this list."]}
        for cursor in ["x", ours[:-1], ours + "x", another, "%00", "é"]:
            with self.subTest(cursor):
                answer = self.client.get(f"/api/movies/?cursor={cursor}")
                self.assertAnswer(answer, 400, wrong)
