import re
from datetime import UTC, datetime, timedelta

from booking.models import Booking, Movie, Show
from booking.tests.factories import ApiTestCase, create_booking, create_movie, create_show

PAGE_SIZE_INTEGER = {"page_size": ["Enter a whole number, such as 5."]}


class PaginationTests(ApiTestCase):
    def pages(self, client, url):
        """Follow the Link header; return a list of ids for each page."""
        pages = []
        while url:
            response = client.get(url)
            self.assertEqual(response.status_code, 200, response.content)
            pages.append([each["id"] for each in response.json()])
            link = re.fullmatch(r'<(/api/.+)>; rel="next"', response.get("Link", ""))
            url = link and link[1]
        return pages

    def test_movies_with_equal_titles_follow_the_id(self):
        titles = ["B", "A", "B", "C", "B"]
        ids = [create_movie(title).id for title in titles]
        in_order = [ids[1], ids[0], ids[2], ids[4], ids[3]]
        self.assertEqual(
            self.pages(self.client, "/api/movies/?page_size=2"),
            [in_order[:2], in_order[2:4], in_order[4:]],
        )

    def test_shows_at_the_same_time_follow_the_id(self):
        moment = datetime(2090, 12, 24, 20, 15, 0, 123456, UTC)
        of = create_movie()
        ids = [create_show(of, date_time=moment).id for _ in range(5)]
        for url in ["/api/shows/?page_size=2", f"/api/movies/{of.id}/shows/?page_size=2"]:
            with self.subTest(url):
                self.assertEqual(self.pages(self.client, url), [ids[:2], ids[2:4], ids[4:]])

    def test_my_bookings_of_one_moment_follow_the_id(self):
        show = create_show()
        ids = [create_booking(self.alice, show, seat).id for seat in range(1, 6)]
        Booking.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
        ids.append(create_booking(self.alice, show, 6).id)
        create_booking(self.bob, show, 7)
        newest_first = ids[::-1]
        self.assertEqual(
            self.pages(self.alice_client, "/api/my-bookings/?page_size=4"),
            [newest_first[:4], newest_first[4:]],
        )

    def test_page_just_full_is_the_last(self):
        create_movie(), create_movie()
        self.assertEqual(len(self.pages(self.client, "/api/movies/?page_size=2")), 1)

    def test_next_page_keeps_the_filters(self):
        of = create_movie()
        ids = [create_show(of).id for _ in range(3)]
        create_show(create_movie("Alien"))
        self.assertEqual(
            self.pages(self.client, f"/api/shows/?movie={of.id}&page_size=2"), [ids[:2], ids[2:]]
        )

    def test_next_page_after_rows_come_and_go_is_not_shifted(self):
        ids = [create_movie(title).id for title in "BCDE"]
        first = self.client.get("/api/movies/?page_size=2")
        create_movie("A")
        type(create_movie("F")).objects.filter(id=ids[1]).delete()
        following = re.search("<(.+)>", first["Link"])[1]
        self.assertEqual([each["id"] for each in self.client.get(following).json()], ids[2:])

    def test_page_size_given_or_not_limits_the_page(self):
        of = create_movie()
        Show.objects.bulk_create(
            Show(
                movie=of,
                screen_name="Screen 1",
                total_seats=10,
                date_time=datetime(2090, 12, 24, tzinfo=UTC),
            )
            for _ in range(501)
        )
        sizes = [("", 100), ("?page_size=", 100), ("?page_size=500", 500), ("?page_size=501", 500)]
        for query, rows in sizes:
            with self.subTest(query):
                self.assertEqual(len(self.client.get(f"/api/shows/{query}").json()), rows)

    def test_next_page_costs_one_query(self):
        for title in "ABC":
            create_movie(title)
        first = self.client.get("/api/movies/?page_size=1")
        with self.assertNumQueries(1):
            self.client.get(re.search("<(.+)>", first["Link"])[1])

    def test_first_page_compiled_and_plain_are_the_same(self):
        """Only the request without query parameters uses a compiled query."""
        metropolis = create_movie()
        Movie.objects.bulk_create(Movie(title="M", duration_minutes=117) for _ in range(100))
        show = create_show(metropolis, total_seats=200)
        Show.objects.bulk_create(
            Show(
                movie=metropolis,
                screen_name="Screen 1",
                total_seats=number,
                date_time=show.date_time + timedelta(hours=number),
            )
            for number in range(1, 102)
        )
        for seat in range(1, 103):
            create_booking(self.alice, show, seat, status="cancelled" if seat % 9 else "booked")
        create_booking(self.bob, show, 103)
        for url in (
            "/api/movies/",
            "/api/shows/",
            f"/api/movies/{metropolis.pk}/shows/",
            "/api/my-bookings/",
            "/api/my-reservations/",
        ):
            with self.subTest(url):
                compiled, plain = (
                    self.alice_client.get(url),
                    self.alice_client.get(f"{url}?page_size="),
                )
                self.assertEqual(len(compiled.json()), 100)
                self.assertEqual(compiled.json(), plain.json())
                self.assertEqual(compiled["Link"], plain["Link"].replace("&page_size=", ""))

    def test_page_size_wrong_is_400(self):
        at_least_one = {"page_size": ["Ensure this value is greater than or equal to 1."]}
        for size in ["x", "1.5", "-1", "5_0", "٥", "9" * 40]:
            with self.subTest(size):
                response = self.client.get("/api/movies/", {"page_size": size})
                self.assertResponse(response, 400, PAGE_SIZE_INTEGER)
        self.assertResponse(self.client.get("/api/movies/?page_size=0"), 400, at_least_one)

    def test_cursor_wrong_is_400(self):
        """Cursors that are invented, changed, or from another list."""
        create_movie("A"), create_movie("B"), create_show(), create_show()
        link = self.client.get("/api/movies/?page_size=1")["Link"]
        ours = re.search("cursor=([^&>]+)", link)[1]
        another = re.search("cursor=([^&>]+)", self.client.get("/api/shows/?page_size=1")["Link"])[
            1
        ]
        wrong = {"cursor": ["This is not a cursor of this list."]}
        for cursor in ["x", ours[:-1], ours + "x", another, "%00", "é"]:
            with self.subTest(cursor):
                response = self.client.get(f"/api/movies/?cursor={cursor}")
                self.assertResponse(response, 400, wrong)
