from datetime import date, timedelta

from django.utils import timezone

from booking.models import Movie
from booking.tests.factories import (
    ApiTestCase,
    create_movie,
    create_show,
    iso,
    listed_movie_json,
)
from booking.text import normalize

UNKNOWN = ["Unknown parameter."]


class MovieListTests(ApiTestCase):
    def test_movies_are_listed_by_title(self):
        metropolis = create_movie(
            "Metropolis",
            description="A city of the future.",
            genre="Science fiction",
            language="German",
            certificate="PG",
            release_date=date(1927, 1, 10),
            poster_url="https://example.com/metropolis.jpg",
        )
        casablanca = create_movie("Casablanca", duration_minutes=102)
        show = create_show(metropolis)
        create_show(metropolis, starts_in=timedelta(days=2))
        expected = [
            {
                "id": casablanca.id,
                "title": "Casablanca",
                "duration_minutes": 102,
                "description": "",
                "genre": "",
                "language": "",
                "certificate": "",
                "release_date": None,
                "poster_url": "",
                "next_show_at": None,
            },
            {
                "id": metropolis.id,
                "title": "Metropolis",
                "duration_minutes": 153,
                "description": "A city of the future.",
                "genre": "Science fiction",
                "language": "German",
                "certificate": "PG",
                "release_date": "1927-01-10",
                "poster_url": "https://example.com/metropolis.jpg",
                "next_show_at": iso(show.date_time),
            },
        ]
        self.assertResponse(self.client.get("/api/movies/"), 200, expected)

    def test_movies_none_is_an_empty_list(self):
        self.assertResponse(self.client.get("/api/movies/"), 200, [])

    def test_movies_one_or_three_cost_one_query(self):
        create_movie("A")
        with self.assertNumQueries(1):
            self.client.get("/api/movies/")
        create_movie("B"), create_movie("C")
        with self.assertNumQueries(1):
            self.client.get("/api/movies/")

    def test_movies_filtered_by_each_parameter(self):
        amelie = create_movie("Amélie", genre="Comedy", language="French")
        mon_oncle = create_movie("Mon Oncle", genre="Comedy", language="French")
        alien = create_movie("Alien", genre="Horror", language="English")
        stars = create_movie("M*A*S*H (1970)", genre="Comedy", language="English")
        cases = [
            ("search=mél", [amelie]),
            ("search=AMÉLIE", [amelie]),
            ("search=amelie", [amelie]),
            ("search=me\u0301l", [amelie]),
            ("search=a", [alien, amelie, stars]),
            ("search=%25", []),
            ("search=_", []),
            ("genre=HÓRROR", [alien]),
            ("language=freñch", [amelie, mon_oncle]),
            ("search=M*A*S*H (1970)", [stars]),
            ("search=.*", []),
            ("search=%5Cd", []),
            ("genre=comedy", [amelie, stars, mon_oncle]),
            ("genre=com", []),
            ("genre=omedy", []),
            ("genre=.*", []),
            ("language=rench", []),
            ("language=Fren", []),
            ("language=.*", []),
            ("language=French&genre=Comedy", [amelie, mon_oncle]),
            ("language=FRENCH&search=oncle", [mon_oncle]),
            ("search=&genre=+&language=", [alien, amelie, stars, mon_oncle]),
            ("search=nothing+like+that", []),
        ]
        for query, found in cases:
            with self.subTest(query):
                response = self.client.get(f"/api/movies/?{query}")
                self.assertResponse(response, 200, [listed_movie_json(each) for each in found])

    def test_movies_are_sorted_as_people_sort(self):
        expected = [
            "28 Days",
            "A\u0301bel",
            "Ágora",
            " Alien",
            "bambi",
            '"Crocodile" Dundee',
            "Łódź",
        ]
        expected += ["Øre", "¿Qué?", "STRASSE 6", "Straße 7", "zodiac", "Zoo", "Мечта"]
        shuffled = sorted(expected, key=lambda title: title[::-1])
        Movie.objects.bulk_create(Movie(title=each, duration_minutes=9) for each in shuffled)
        found = [each["title"] for each in self.client.get("/api/movies/").json()]
        self.assertEqual(found, [normalize(each) for each in expected])

    def test_next_show_is_the_first_that_takes_place_and_is_on_sale(self):
        movie = create_movie()
        create_show(movie, starts_in=-timedelta(days=1))
        create_show(movie, starts_in=timedelta(hours=1), cancelled_at=timezone.now())
        create_show(create_movie("Z"), starts_in=timedelta(hours=2))
        tomorrow = create_show(movie)
        expected = listed_movie_json(movie, tomorrow)
        self.assertResponse(self.client.get(f"/api/movies/{movie.pk}/"), 200, expected)
        started = create_show(movie, starts_in=-timedelta(minutes=9))
        for url in ("/api/movies/", "/api/movies/?page_size=9"):
            self.assertEqual(self.client.get(url).json()[0], listed_movie_json(movie, started))
        with self.settings(SALES_CLOSE_AFTER_START=timedelta(minutes=8)):
            self.assertEqual(self.client.get("/api/movies/").json()[0], expected)

    def test_movies_now_showing(self):
        showing = create_movie("A")
        show = create_show(showing)
        create_show(showing, starts_in=timedelta(days=2))
        over, cancelled, none = create_movie("B"), create_movie("C"), create_movie("D")
        create_show(over, starts_in=-timedelta(minutes=11))
        create_show(cancelled, cancelled_at=timezone.now())
        with self.assertNumQueries(1):
            response = self.client.get("/api/movies/?now_showing=true")
        self.assertResponse(response, 200, [listed_movie_json(showing, show)])
        response = self.client.get("/api/movies/?now_showing=false")
        self.assertResponse(
            response, 200, [listed_movie_json(each) for each in (over, cancelled, none)]
        )
        for value in ["True", "1", "on", "null", "[]"]:
            response = self.client.get("/api/movies/", {"now_showing": value})
            self.assertResponse(response, 400, {"now_showing": ["Use true or false."]})

    def test_movies_unknown_parameters_are_400(self):
        response = self.client.get("/api/movies/?colour=red&Search=x&genre=Comedy&page=")
        expected = dict.fromkeys(["colour", "Search", "page"], UNKNOWN)
        self.assertResponse(response, 400, expected)

    def test_movies_filter_wrong_is_400(self):
        long = ["Ensure this field has no more than 200 characters."]
        nul = ["Null characters are not allowed."]
        self.assertResponse(
            self.client.get("/api/movies/", {"search": "x" * 201}), 400, {"search": long}
        )
        self.assertResponse(self.client.get("/api/movies/?genre=%00"), 400, {"genre": nul})


class MovieDetailTests(ApiTestCase):
    def test_movie_by_id(self):
        metropolis = create_movie()
        create_movie("Alien")
        self.assertResponse(
            self.client.get(f"/api/movies/{metropolis.id}/"), 200, listed_movie_json(metropolis)
        )

    def test_movie_unknown_is_404(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.client.get("/api/movies/1000000/"), 404, none)
