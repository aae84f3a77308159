from datetime import date

from booking.tests.factories import ApiTestCase, create_movie, movie_json


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
            ("search=a", [alien, amelie, stars]),
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
                self.assertResponse(response, 200, [movie_json(each) for each in found])

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
            self.client.get(f"/api/movies/{metropolis.id}/"), 200, movie_json(metropolis)
        )

    def test_movie_unknown_is_404(self):
        none = {"detail": "Not found.", "code": "not_found"}
        self.assertResponse(self.client.get("/api/movies/999/"), 404, none)
