"""That the truth test finds what it is there for."""

import json
from unittest import mock

from django.http import HttpResponse, JsonResponse
from django.test import SimpleTestCase

from booking.api.serializers import MovieSerializer, examples
from booking.tests.cast import ApiTestCase, movie, show
from booking.tests.truth import Request, compare, sending_more

TAKEN = {
    "detail": "This seat is already taken.",
    "code": "seat_taken",
    "seat_numbers": [5],
    "alternatives": [4],
}


def answer(body, status=200, **headers):
    return JsonResponse(body, status=status, safe=False, headers=headers)


class TruthTests(SimpleTestCase):
    def assertFine(self, request, response):
        compare(request, response)

    def assertUntrue(self, words, request, response):
        with self.assertRaises(AssertionError) as raised:
            compare(request, response)
        self.assertIn(words, str(raised.exception))

    def test_statuses(self):
        request = Request("GET", "/api/movies/")
        self.assertFine(request, answer([]))
        self.assertUntrue("this status is not documented", request, answer([], 202))

    def test_bodies(self):
        request, film = Request("GET", "/api/movies/1/"), examples.MOVIE
        self.assertFine(request, answer(film))
        self.assertFine(request, answer(film | {"release_date": None}))
        for words, different in [
            ("'stars' was unexpected", film | {"stars": 5}),
            ("'title' is a required", {k: v for k, v in film.items() if k != "title"}),
            ("None is not of type 'string'", film | {"title": None}),
            ("'1' is not of type 'integer'", film | {"id": "1"}),
            ("is not a 'date'", film | {"release_date": "1927"}),
            ("[] is not of type 'object'", []),
        ]:
            with self.subTest(words):
                self.assertUntrue(words, request, answer(different))

    def test_times_are_in_utc_and_words_are_known(self):
        request = Request("GET", "/api/bookings/42/")
        self.assertFine(request, answer(examples.BOOKING))
        local = examples.BOOKING | {"created_at": "2026-12-20T09:05:31+01:00"}
        self.assertUntrue("is not a 'date-time'", request, answer(local))
        self.assertUntrue(
            "'lost' is not one of", request, answer(examples.BOOKING | {"status": "lost"})
        )

    def test_errors(self):
        request = Request("POST", "/api/shows/7/book/")
        self.assertFine(request, answer(TAKEN, 400))
        self.assertFine(request, answer({"seat_number": ["Seats are numbered from 1."]}, 400))
        for words, different in [
            ("'gone' is not one of", {"detail": "No.", "code": "gone"}),
            ("the facts of seat_taken are", TAKEN | {"limit": 10}),
            ("the facts of seat_taken are", {"detail": "No.", "code": "seat_taken"}),
            ("'row' was unexpected", {"row": ["No."]}),
            ("is not of type 'array'", {"seat_number": "No."}),
        ]:
            with self.subTest(words):
                self.assertUntrue(words, request, answer(different, 400))
        alone = Request("POST", "/api/bookings/42/cancel/")
        self.assertUntrue(
            "'seat_number' was unexpected", alone, answer({"seat_number": ["No."]}, 400)
        )

    def test_headers_and_kinds_of_content(self):
        request = Request("GET", "/api/movies/1/")
        self.assertUntrue("the header ETag", request, answer(examples.MOVIE, ETag='"1"'))
        text = HttpResponse(json.dumps(examples.MOVIE), content_type="text/html")
        self.assertUntrue("it is text/html", request, text)
        done = Request("DELETE", "/api/me/")
        self.assertFine(done, HttpResponse(status=204))
        self.assertUntrue("a body is not documented", done, HttpResponse("Done.", status=204))

    def test_what_is_nowhere(self):
        nothing = {"detail": "There is nothing at this address.", "code": "not_found"}
        for method, path in [("GET", "/api/nothing/"), ("POST", "/api/movies/")]:
            request = Request(method, path)
            self.assertFine(request, answer(nothing, 404))
            self.assertUntrue("this operation is not documented", request, answer([]))
            self.assertUntrue("was unexpected", request, answer(nothing | {"why": "?"}, 404))
        self.assertFine(Request("GET", "/swagger/"), answer([]))

    def test_requests_that_are_granted(self):
        def sent(body):
            text = json.dumps(body)
            return Request("POST", "/api/shows/7/book/", "", text, "application/json")

        booked = answer(examples.BOOKING, 201)
        for body in [{"seat_number": 5}, {"seat_number": "5"}]:
            self.assertFine(sent(body), booked)
        self.assertUntrue("'row' was unexpected", sent({"seat_number": 5, "row": 1}), booked)
        self.assertUntrue("is not of type 'integer'", sent({"seat_number": 5.5}), booked)
        self.assertUntrue("'seat_number' is a required", sent({}), booked)
        with sending_more():
            self.assertFine(sent({"seat_number": 5, "row": 1}), booked)
        self.assertFine(Request("GET", "/api/movies/", "page_size=9"), answer([]))
        for query in ["page_size=x", "page_size=0", "page=2"]:
            with self.subTest(query):
                request = Request("GET", "/api/movies/", query)
                self.assertUntrue(query.partition("=")[0], request, answer([]))


class WiringTests(ApiTestCase):
    def test_every_client_is_watched(self):
        film = movie()
        more = mock.patch.object(MovieSerializer, "to_representation", lambda *_: {"id": "1"})
        for client in (self.client, self.alice, self.client_class(), SimpleTestCase.client_class()):
            with more, self.assertRaisesMessage(AssertionError, "Not as in docs/swagger.json"):
                client.get(f"/api/movies/{film.pk}/")

    def test_what_they_send_is_seen(self):
        hall = show()
        with self.assertRaisesMessage(AssertionError, "'row' was unexpected"):
            self.alice.post(f"/api/shows/{hall.pk}/book/", {"seat_number": 5, "row": 1})
        with self.assertRaisesMessage(AssertionError, "the query parameter page is not"):
            self.alice.get("/api/movies/", {"page": 2})
