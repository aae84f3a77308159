from datetime import UTC, date, datetime, timedelta

from django.test import override_settings

from booking.tests.factories import (
    ApiTestCase,
    create_booking,
    create_hold,
    create_movie,
    create_show,
    iso,
    show_json,
)


def on(day, hour, minute=0):
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(
        hours=hour, minutes=minute
    )


class ShowListTests(ApiTestCase):
    def test_shows_are_listed_by_time(self):
        late = create_show(starts_in=timedelta(days=2), screen_name="Screen 2", total_seats=50)
        soon = create_show(late.movie, seats_per_row=5)
        expected = [
            {
                "id": soon.id,
                "movie": {
                    "id": soon.movie.id,
                    "title": "Metropolis",
                    "duration_minutes": 153,
                    "description": "",
                    "genre": "",
                    "language": "",
                    "certificate": "",
                    "release_date": None,
                    "poster_url": "",
                },
                "screen_name": "Screen 1",
                "date_time": iso(soon.date_time),
                "ends_at": iso(soon.date_time + timedelta(minutes=153)),
                "total_seats": 10,
                "seats_per_row": 5,
                "available_seats": 10,
                "is_bookable": True,
                "bookable_until": iso(soon.date_time + timedelta(minutes=10)),
                "cancelled_at": None,
            },
            show_json(late),
        ]
        self.assertResponse(self.client.get("/api/shows/"), 200, expected)

    def test_available_seats_exclude_booked_and_held_ones(self):
        """Cancelled and expired bookings and expired holds leave a seat free."""
        show = create_show()
        create_booking(self.alice, show, 1)
        create_hold(self.bob, show, 2)
        create_hold(self.bob, show, 3, ends_in=-timedelta(seconds=1))
        create_booking(self.bob, show, 4, status="cancelled")
        create_booking(self.bob, show, 5, status="expired")
        create_booking(self.bob, create_show(show.movie, starts_in=timedelta(days=3)), 6)
        first = self.client.get("/api/shows/").json()[0]
        self.assertEqual(first, show_json(show, available_seats=8))

    def test_is_bookable_full_closed_or_cancelled_is_false(self):
        full = create_show(total_seats=1)
        create_booking(self.alice, full, 1)
        closed = create_show(full.movie, starts_in=-timedelta(minutes=10, seconds=1))
        cancelled = create_show(
            full.movie, starts_in=timedelta(days=2), cancelled_at=on("2026-01-01", 12)
        )
        late_but_open = create_show(full.movie, starts_in=-timedelta(minutes=9))
        expected = [
            show_json(late_but_open),
            show_json(full, is_bookable=False, available_seats=0),
            show_json(cancelled, is_bookable=False, cancelled_at="2026-01-01T12:00:00Z"),
        ]
        self.assertResponse(self.client.get("/api/shows/"), 200, expected)
        self.assertResponse(
            self.client.get(f"/api/shows/{closed.pk}/"), 200, show_json(closed, is_bookable=False)
        )

    def test_shows_start_with_those_whose_sales_are_open(self):
        """Whatever the other parameters; `from` brings the past back."""
        past = create_show(starts_in=-timedelta(minutes=11))
        late = create_show(past.movie, starts_in=-timedelta(minutes=9))
        soon = create_show(past.movie)
        cases = {
            "": [late, soon],
            "?page_size=5": [late, soon],
            "?from=": [late, soon],
            f"?to={iso(soon.date_time)}": [late],
            f"?movie={past.movie_id}": [late, soon],
            f"?from={iso(past.date_time)}": [past, late, soon],
            f"?from={iso(past.date_time)}&to={iso(late.date_time)}": [past],
            f"?from={iso(soon.date_time)}": [soon],
        }
        for query, found in cases.items():
            with self.subTest(query):
                body = self.client.get(f"/api/shows/{query}").json()
                self.assertEqual([each["id"] for each in body], [each.id for each in found])
        for close_after, found in [(0, 1), (60, 3)]:
            with self.settings(SALES_CLOSE_AFTER_START=timedelta(minutes=close_after)):
                self.assertEqual(len(self.client.get("/api/shows/").json()), found)

    def test_shows_by_bookable(self):
        movie = create_movie()
        past = create_show(movie, starts_in=-timedelta(days=1))
        full = create_show(movie, total_seats=1)
        create_booking(self.alice, full, 1)
        expired = create_show(movie, starts_in=timedelta(days=2), total_seats=1)
        create_hold(self.alice, expired, 1, ends_in=-timedelta(seconds=1))
        cancelled = create_show(
            movie, starts_in=timedelta(days=3), cancelled_at=on("2026-01-01", 12)
        )
        free = create_show(movie, starts_in=timedelta(days=4))
        cases = {
            "shows/?bookable=true": [expired, free],
            "shows/?bookable=true&from=2020-01-01": [expired, free],
            "shows/?bookable=false": [full, cancelled],
            "shows/?bookable=false&from=2020-01-01": [past, full, cancelled],
            "shows/?bookable=": [full, expired, cancelled, free],
            f"movies/{movie.pk}/shows/?bookable=true": [expired, free],
            f"movies/{movie.pk}/shows/?bookable=false": [past, full, cancelled],
        }
        for path, found in cases.items():
            with self.subTest(path), self.assertNumQueries(2 if "movies" in path else 1):
                body = self.client.get(f"/api/{path}").json()
                self.assertEqual([each["id"] for each in body], [each.id for each in found])
                if "bookable=&" not in path and not path.endswith("bookable="):
                    bookable = {each["is_bookable"] for each in body}
                    self.assertEqual(bookable, {"bookable=true" in path})

    def test_shows_one_or_three_cost_one_query(self):
        create_show()
        with self.assertNumQueries(1):
            self.client.get("/api/shows/")
        create_booking(self.alice, create_show(), 5), create_booking(self.alice, create_show(), 5)
        with self.assertNumQueries(1):
            self.client.get("/api/shows/")

    def test_shows_filtered_by_each_parameter(self):
        metropolis, alien = create_movie(), create_movie("Alien")
        early = create_show(metropolis, date_time=on("2090-12-24", 0))
        noon = create_show(alien, date_time=on("2090-12-24", 12))
        midnight = create_show(metropolis, date_time=on("2090-12-25", 0))
        cases = [
            ("", [early, noon, midnight]),
            ("date=2090-12-24", [early, noon]),
            ("date=2090-12-26", []),
            ("from=2090-12-24T12:00:00Z", [noon, midnight]),
            ("from=2090-12-24T14:00:00%2B02:00", [noon, midnight]),
            ("to=2090-12-24T12:00:00Z", [early]),
            ("from=2090-12-24&to=2090-12-25", [early, noon]),
            (f"movie={alien.id}", [noon]),
            (f"movie={metropolis.id}&date=2090-12-25", [midnight]),
            ("movie=999999", []),
            ("movie=&date=&from=&to=", [early, noon, midnight]),
        ]
        for query, found in cases:
            with self.subTest(query):
                response = self.client.get(f"/api/shows/?{query}")
                self.assertResponse(response, 200, [show_json(each) for each in found])

    def test_date_is_a_day_in_the_cinemas_time_zone(self):
        evening = create_show(date_time=on("2090-12-24", 23, 30))
        with override_settings(TIME_ZONE="Europe/Berlin"):
            the_24th = self.client.get("/api/shows/?date=2090-12-24")
            the_25th = self.client.get("/api/shows/?date=2090-12-25")
            from_the_25th = self.client.get("/api/shows/?from=2090-12-25")
        self.assertResponse(the_24th, 200, [])
        # The response is in UTC all the same.
        self.assertEqual(show_json(evening)["date_time"], "2090-12-24T23:30:00Z")
        self.assertResponse(the_25th, 200, [show_json(evening)])
        self.assertResponse(from_the_25th, 200, [show_json(evening)])

    def test_from_at_the_ends_of_the_calendar_is_400(self):
        far = ["Choose a time between the years 1900 and 3000."]
        for zone in ["Asia/Tokyo", "America/New_York"]:
            for day in ["0001-01-01", "9999-12-31"]:
                with self.subTest(zone=zone, day=day), override_settings(TIME_ZONE=zone):
                    response = self.client.get(f"/api/shows/?from={day}")
                    self.assertResponse(response, 400, {"from": far})

    def test_date_when_the_clocks_change_has_25_hours(self):
        """The 25 hours of 29 October 2090 in Berlin begin at 22:00 UTC and end at 23:00 UTC."""
        first, last = (
            create_show(date_time=on("2090-10-28", 22)),
            create_show(date_time=on("2090-10-29", 22, 59)),
        )
        create_show(date_time=on("2090-10-28", 21, 59)), create_show(date_time=on("2090-10-29", 23))
        with override_settings(TIME_ZONE="Europe/Berlin"):
            response = self.client.get("/api/shows/?date=2090-10-29")
        self.assertResponse(response, 200, [show_json(first), show_json(last)])

    def test_shows_filter_wrong_is_400(self):
        not_a_date = ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]
        not_a_time = [
            "Datetime has wrong format. Use one of these formats instead: "
            "YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
        ]
        far_day = ["Choose a day between the years 1900 and 3000."]
        far = ["Choose a time between the years 1900 and 3000."]
        not_an_integer = ["Enter a whole number, such as 5."]
        unknown = ["Unknown parameter."]
        cases = [
            ("date=tomorrow", {"date": not_a_date}),
            ("date=2090-02-30", {"date": not_a_date}),
            ("date=9999-12-31", {"date": far_day}),
            ("date=0001-01-01", {"date": far_day}),
            ("from=soon", {"from": not_a_time}),
            ("to=2090-13-01", {"to": not_a_time}),
            ("from=0001-01-01T00:00:00Z", {"from": far}),
            ("to=9999-12-31T23:59:59Z", {"to": far}),
            ("movie=Metropolis", {"movie": not_an_integer}),
            ("movie=1.5", {"movie": not_an_integer}),
            ("movie=0", {"movie": ["Ensure this value is greater than or equal to 1."]}),
            ("movie=" + "9" * 40, {"movie": not_an_integer}),
            ("bookable=yes", {"bookable": ["Use true or false."]}),
            ("bookable=TRUE", {"bookable": ["Use true or false."]}),
            ("bookable=1", {"bookable": ["Use true or false."]}),
            ("movies=1&Date=x", {"movies": unknown, "Date": unknown}),
            ("date=x&from=y", {"date": not_a_date, "from": not_a_time}),
        ]
        for query, errors in cases:
            with self.subTest(query):
                self.assertResponse(self.client.get(f"/api/shows/?{query}"), 400, errors)


class ShowDetailTests(ApiTestCase):
    def test_show_by_id(self):
        show = create_show()
        create_booking(self.alice, show)
        response = self.client.get(f"/api/shows/{show.id}/")
        self.assertResponse(response, 200, show_json(show, available_seats=9))

    def test_show_unknown_is_404(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.client.get("/api/shows/1000000/"), 404, none)


class MovieShowsTests(ApiTestCase):
    def test_movie_shows_are_listed_by_time(self):
        metropolis, alien = create_movie(), create_movie("Alien")
        show = create_show(metropolis)
        yesterday = create_show(metropolis, starts_in=-timedelta(days=1))
        create_show(alien)
        create_booking(self.alice, show)
        expected = [
            show_json(yesterday, is_bookable=False),
            show_json(show, available_seats=9),
        ]
        self.assertResponse(self.client.get(f"/api/movies/{metropolis.id}/shows/"), 200, expected)

    def test_movie_shows_filtered_by_from_and_to(self):
        metropolis = create_movie()
        create_show(metropolis, date_time=on("2090-12-24", 12))
        second = create_show(metropolis, date_time=on("2090-12-25", 12))
        create_show(metropolis, date_time=on("2090-12-26", 12))
        response = self.client.get(
            f"/api/movies/{metropolis.id}/shows/?from=2090-12-25&to=2090-12-26"
        )
        self.assertResponse(response, 200, [show_json(second)])

    def test_movie_shows_none_is_an_empty_list(self):
        self.assertResponse(self.client.get(f"/api/movies/{create_movie().id}/shows/"), 200, [])

    def test_movie_shows_of_an_unknown_movie_is_404(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.client.get("/api/movies/1000000/shows/"), 404, none)

    def test_movie_shows_one_or_three_cost_one_query(self):
        metropolis = create_movie()
        create_show(metropolis)
        with self.assertNumQueries(1):
            self.client.get(f"/api/movies/{metropolis.id}/shows/")
        create_show(metropolis), create_booking(self.alice, create_show(metropolis), 5)
        with self.assertNumQueries(1):
            self.client.get(f"/api/movies/{metropolis.id}/shows/")
