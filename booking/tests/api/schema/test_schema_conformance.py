"""That the truth test finds what it is there for."""

import json
from unittest import mock

from django.http import HttpResponse, JsonResponse
from django.test import Client, RequestFactory, SimpleTestCase

from booking.api.serializers import MovieSerializer, examples
from booking.models import Booking
from booking.tests import schema_conformance
from booking.tests.factories import ApiTestCase, movie, show
from booking.tests.schema_conformance import compare, sending_more

FORM = "application/x-www-form-urlencoded"
TAKEN = {
    "detail": "This seat has just been taken.",
    "code": "seat_taken",
    "seat_numbers": [5],
    "alternatives": [4],
}


def request_of(method, path, data="", content_type="application/json", **more):
    """By Alice, unless it is said that it has no token."""
    more = {"HTTP_AUTHORIZATION": "Bearer x"} | more
    asked = RequestFactory().generic(method, path, data, content_type, **more)
    return schema_conformance.Request(asked, data)


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
        request = request_of("GET", "/api/my-bookings/")
        self.assertFine(request, answer([]))
        self.assertUntrue("this status is not documented", request, answer([], 202))

    def test_bodies(self):
        request, film = request_of("GET", "/api/movies/1/"), examples.MOVIE
        self.assertFine(request, answer(film, ETag='"1"'))
        self.assertFine(request, answer(film | {"release_date": None}, ETag='"1"'))
        for words, different in [
            ("'stars' was unexpected", film | {"stars": 5}),
            ("'title' is a required", {k: v for k, v in film.items() if k != "title"}),
            ("None is not of type 'string'", film | {"title": None}),
            ("'1' is not of type 'integer'", film | {"id": "1"}),
            ("is not a 'date'", film | {"release_date": "19270110"}),
            ("[] is not of type 'object'", []),
        ]:
            with self.subTest(words):
                self.assertUntrue(words, request, answer(different, ETag='"1"'))

    def test_times_are_in_utc_and_words_are_known(self):
        request = request_of("GET", "/api/bookings/42/")
        self.assertFine(request, answer(examples.BOOKING))
        for moment in ["2026-12-20T09:05:31+01:00", "20261220T080531Z", "2026-12-20 08:05:31Z"]:
            local = examples.BOOKING | {"created_at": moment}
            self.assertUntrue("is not a 'date-time'", request, answer(local))
        self.assertUntrue(
            "'lost' is not one of", request, answer(examples.BOOKING | {"status": "lost"})
        )

    def test_errors(self):
        request = request_of("POST", "/api/shows/7/book/")
        self.assertFine(request, answer(TAKEN, 400))
        self.assertFine(request, answer({"seat_number": ["Seats are numbered from 1."]}, 400))
        for words, different in [
            ("'gone' is not one of", {"detail": "No.", "code": "gone"}),
            ("the facts of seat_taken are", TAKEN | {"limit": 10}),
            ("the facts of seat_taken are", {"detail": "No.", "code": "seat_taken"}),
            ("'row' was unexpected", {"row": ["No."]}),
            ("should be non-empty", {}),
            ("is not of type 'array'", {"seat_number": "No."}),
        ]:
            with self.subTest(words):
                self.assertUntrue(words, request, answer(different, 400))
        alone = request_of("POST", "/api/bookings/42/cancel/")
        self.assertUntrue(
            "'seat_number' was unexpected", alone, answer({"seat_number": ["No."]}, 400)
        )

    def test_headers_and_kinds_of_content(self):
        request = request_of("GET", "/api/bookings/42/")
        self.assertUntrue("the header ETag", request, answer(examples.BOOKING, ETag='"1"'))
        text = HttpResponse(json.dumps(examples.BOOKING), content_type="text/html")
        self.assertUntrue("it is text/html", request, text)
        seats, seat_map = request_of("GET", "/api/shows/7/seats/"), examples.SEAT_MAP
        self.assertFine(seats, answer(seat_map, ETag='"1"'))
        self.assertUntrue("the header ETag is missing", seats, answer(seat_map))
        late = {"detail": "Later.", "code": "throttled"}
        self.assertFine(seats, answer(late, 429, **{"Retry-After": "2"}))
        self.assertUntrue("the header Retry-After is missing", seats, answer(late, 429))
        soon = answer(late, 429, **{"Retry-After": "soon"})
        self.assertUntrue("'soon' is not of type 'integer'", seats, soon)
        done = request_of("DELETE", "/api/me/", '{"password": "x"}')
        self.assertFine(done, HttpResponse(status=204))
        self.assertUntrue("a body is not documented", done, HttpResponse("Done.", status=204))

    def test_what_is_nowhere(self):
        nothing = {"detail": "No such endpoint.", "code": "not_found"}
        for method, path in [("GET", "/api/nothing/"), ("POST", "/api/movies/")]:
            request = request_of(method, path)
            self.assertFine(request, answer(nothing, 404))
            self.assertUntrue("this operation is not documented", request, answer([]))
            self.assertUntrue("was unexpected", request, answer(nothing | {"why": "?"}, 404))
            other = nothing | {"code": "whatever"}
            self.assertUntrue("the code whatever", request, answer(other, 404))
        self.assertFine(request_of("GET", "/swagger/"), answer([]))

    def test_requests_that_are_granted(self):
        def sent(body):
            text = json.dumps(body)
            return request_of("POST", "/api/shows/7/book/", text)

        booked = answer(examples.BOOKING, 201)
        for body in [{"seat_number": 5}, {"seat_number": "5"}]:
            self.assertFine(sent(body), booked)
        self.assertUntrue("'row' was unexpected", sent({"seat_number": 5, "row": 1}), booked)
        self.assertUntrue("is not of type 'integer'", sent({"seat_number": 5.5}), booked)
        self.assertUntrue("'seat_number' is a required", sent({}), booked)
        self.assertUntrue("is not of type 'object'", sent([5]), booked)
        with sending_more():
            self.assertFine(sent({"seat_number": 5, "row": 1}), booked)
        anonymous = request_of("GET", "/api/my-bookings/", HTTP_AUTHORIZATION="")
        del anonymous.meta["HTTP_AUTHORIZATION"]
        anonymous.has_token = False
        self.assertUntrue("without a token", anonymous, answer([]))
        self.assertFine(request_of("GET", "/api/my-bookings/?page_size=9&status="), answer([]))
        for query in ["page_size=x", "page_size=0", "page=2", "page="]:
            with self.subTest(query):
                request = request_of("GET", f"/api/my-bookings/?{query}")
                self.assertUntrue(query.partition("=")[0], request, answer([]))


class WiringTests(ApiTestCase):
    def test_every_client_is_watched(self):
        film = movie()
        more = mock.patch.object(MovieSerializer, "to_representation", lambda *_: {"id": "1"})
        for client in (self.client, self.alice, self.client_class(), SimpleTestCase.client_class()):
            with more, self.assertRaisesMessage(AssertionError, "Not as in the schema"):
                client.get(f"/api/movies/{film.pk}/")

    def test_what_they_send_is_seen(self):
        hall = show()
        with self.assertRaisesMessage(AssertionError, "'row' was unexpected"):
            self.alice.post(f"/api/shows/{hall.pk}/book/", {"seat_number": 5, "row": 1})
        for form in ("multipart", None):
            kind = {"format": form} if form else {"content_type": FORM}
            data = {"seat_number": 6, "row": 1} if form else "seat_number=6&row=1"
            with self.assertRaisesMessage(AssertionError, "'row' was unexpected"):
                self.alice.post(f"/api/shows/{hall.pk}/book/", data, **kind)
            Booking.objects.all().delete()
        for ask in [
            lambda: self.alice.get("/api/movies/", {"page": 2}),
            lambda: self.alice.get("/api/movies/", query_params={"page": 2}),
            lambda: Client().get("/api/movies/", {"page": 2}),
            lambda: Client().get("/api/movies/?page=2"),
        ]:
            with self.assertRaisesMessage(AssertionError, "the query parameter page is not"):
                ask()
