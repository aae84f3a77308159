"""Tests of schema_conformance.py: a response or request that breaks the schema fails."""

import json
from unittest import mock

from django.http import HttpResponse, JsonResponse
from django.test import Client, RequestFactory, SimpleTestCase

from booking.api.serializers import MovieSerializer, examples
from booking.models import Booking
from booking.tests import schema_conformance
from booking.tests.factories import ApiTestCase, create_movie, create_show
from booking.tests.schema_conformance import allow_unknown_fields, check

FORM = "application/x-www-form-urlencoded"
TAKEN = {
    "detail": "This seat has just been taken.",
    "code": "seat_taken",
    "seat_numbers": [5],
    "alternatives": [4],
}


def request_of(method, path, data="", content_type="application/json", **more):
    """Request with a token, unless `more` has another Authorization header."""
    more = {"HTTP_AUTHORIZATION": "Bearer x"} | more
    request = RequestFactory().generic(method, path, data, content_type, **more)
    return schema_conformance.Request(request, data)


def response_with(body, status=200, **headers):
    return JsonResponse(body, status=status, safe=False, headers=headers)


class CheckTests(SimpleTestCase):
    def assertConforms(self, request, response):
        check(request, response)

    def assertViolates(self, words, request, response):
        with self.assertRaises(AssertionError) as raised:
            check(request, response)
        self.assertIn(words, str(raised.exception))

    def test_response_with_undocumented_status_fails(self):
        request = request_of("GET", "/api/my-bookings/")
        self.assertConforms(request, response_with([]))
        self.assertViolates("this status is not documented", request, response_with([], 202))

    def test_response_body_with_wrong_fields_or_types_fails(self):
        request, movie_json = request_of("GET", "/api/movies/1/"), examples.LISTED_MOVIE
        self.assertConforms(request, response_with(movie_json, ETag='"1"'))
        self.assertConforms(request, response_with(movie_json | {"release_date": None}, ETag='"1"'))
        for words, different in [
            ("'stars' was unexpected", movie_json | {"stars": 5}),
            ("'title' is a required", {k: v for k, v in movie_json.items() if k != "title"}),
            ("None is not of type 'string'", movie_json | {"title": None}),
            ("'1' is not of type 'integer'", movie_json | {"id": "1"}),
            ("is not a 'date'", movie_json | {"release_date": "19270110"}),
            ("[] is not of type 'object'", []),
        ]:
            with self.subTest(words):
                self.assertViolates(words, request, response_with(different, ETag='"1"'))

    def test_response_with_local_time_or_unknown_choice_fails(self):
        request = request_of("GET", "/api/bookings/42/")
        self.assertConforms(request, response_with(examples.BOOKING))
        for moment in ["2026-12-20T09:05:31+01:00", "20261220T080531Z", "2026-12-20 08:05:31Z"]:
            local = examples.BOOKING | {"created_at": moment}
            self.assertViolates("is not a 'date-time'", request, response_with(local))
        self.assertViolates(
            "'lost' is not one of", request, response_with(examples.BOOKING | {"status": "lost"})
        )

    def test_error_with_unknown_code_facts_or_fields_fails(self):
        request = request_of("POST", "/api/shows/7/book/")
        self.assertConforms(request, response_with(TAKEN, 400))
        errors = {"seat_number": ["Seats are numbered from 1."]}
        codes = {"codes": {"seat_number": ["min_value"]}}
        self.assertConforms(request, response_with(errors | codes, 400))
        for words, different in [
            ("'gone' is not one of", {"detail": "No.", "code": "gone"}),
            ("the facts of seat_taken are", TAKEN | {"limit": 10}),
            ("the facts of seat_taken are", {"detail": "No.", "code": "seat_taken"}),
            ("'row' was unexpected", {"row": ["No."]}),
            ("should be non-empty", {}),
            ("is not of type 'array'", {"seat_number": "No."}),
            ("None is not of type 'object'", errors),
            ("the codes are", errors | {"codes": {"non_field_errors": ["min_value"]}}),
            ("the codes are", errors | {"codes": {"seat_number": ["min_value", "invalid"]}}),
            ("does not match", errors | {"codes": {"seat_number": ["Seats are numbered."]}}),
        ]:
            with self.subTest(words):
                self.assertViolates(words, request, response_with(different, 400))
        alone = request_of("POST", "/api/bookings/42/cancel/")
        self.assertViolates(
            "'seat_number' was unexpected", alone, response_with({"seat_number": ["No."]}, 400)
        )

    def test_response_with_wrong_headers_or_content_type_fails(self):
        request = request_of("GET", "/api/bookings/42/")
        self.assertViolates("the header ETag", request, response_with(examples.BOOKING, ETag='"1"'))
        text = HttpResponse(json.dumps(examples.BOOKING), content_type="text/html")
        self.assertViolates("the content type is text/html", request, text)
        seats, seat_map = request_of("GET", "/api/shows/7/seats/"), examples.SEAT_MAP
        self.assertConforms(seats, response_with(seat_map, ETag='"1"'))
        self.assertViolates("the header ETag is missing", seats, response_with(seat_map))
        late = {"detail": "Later.", "code": "throttled"}
        self.assertConforms(seats, response_with(late, 429, **{"Retry-After": "2"}))
        self.assertViolates("the header Retry-After is missing", seats, response_with(late, 429))
        soon = response_with(late, 429, **{"Retry-After": "soon"})
        self.assertViolates("'soon' is not of type 'integer'", seats, soon)
        done = request_of("DELETE", "/api/me/", '{"password": "x"}')
        self.assertConforms(done, HttpResponse(status=204))
        self.assertViolates("a body is not documented", done, HttpResponse("Done.", status=204))

    def test_undocumented_operation_may_only_fail_in_documented_ways(self):
        nothing = {"detail": "No such endpoint.", "code": "not_found"}
        for method, path in [("GET", "/api/nothing/"), ("POST", "/api/movies/")]:
            request = request_of(method, path)
            self.assertConforms(request, response_with(nothing, 404))
            self.assertViolates("this operation is not documented", request, response_with([]))
            self.assertViolates(
                "was unexpected", request, response_with(nothing | {"why": "?"}, 404)
            )
            other = nothing | {"code": "whatever"}
            self.assertViolates("the code whatever", request, response_with(other, 404))
        self.assertConforms(request_of("GET", "/swagger/"), response_with([]))

    def test_successful_request_that_is_not_documented_fails(self):
        def sent(body):
            text = json.dumps(body)
            return request_of("POST", "/api/shows/7/book/", text)

        booked = response_with(examples.BOOKING, 201)
        for body in [{"seat_number": 5}, {"seat_number": "5"}]:
            self.assertConforms(sent(body), booked)
        self.assertViolates("'row' was unexpected", sent({"seat_number": 5, "row": 1}), booked)
        self.assertViolates("is not of type 'integer'", sent({"seat_number": 5.5}), booked)
        self.assertViolates("'seat_number' is a required", sent({}), booked)
        self.assertViolates("is not of type 'object'", sent([5]), booked)
        with allow_unknown_fields():
            self.assertConforms(sent({"seat_number": 5, "row": 1}), booked)
        anonymous = request_of("GET", "/api/my-bookings/", HTTP_AUTHORIZATION="")
        del anonymous.meta["HTTP_AUTHORIZATION"]
        anonymous.has_token = False
        self.assertViolates("without a token", anonymous, response_with([]))
        self.assertConforms(
            request_of("GET", "/api/my-bookings/?page_size=9&status="), response_with([])
        )
        for query in ["page_size=x", "page_size=0", "page=2", "page="]:
            with self.subTest(query):
                request = request_of("GET", f"/api/my-bookings/?{query}")
                self.assertViolates(query.partition("=")[0], request, response_with([]))


class TestClientTests(ApiTestCase):
    def test_every_test_client_is_checked(self):
        metropolis = create_movie()
        more = mock.patch.object(MovieSerializer, "to_representation", lambda *_: {"id": "1"})
        for client in (
            self.client,
            self.alice_client,
            self.client_class(),
            SimpleTestCase.client_class(),
        ):
            with more, self.assertRaisesMessage(AssertionError, "Not as in the schema"):
                client.get(f"/api/movies/{metropolis.pk}/")

    def test_request_of_every_format_is_checked(self):
        show = create_show()
        with self.assertRaisesMessage(AssertionError, "'row' was unexpected"):
            self.alice_client.post(f"/api/shows/{show.pk}/book/", {"seat_number": 5, "row": 1})
        for form in ("multipart", None):
            kind = {"format": form} if form else {"content_type": FORM}
            data = {"seat_number": 6, "row": 1} if form else "seat_number=6&row=1"
            with self.assertRaisesMessage(AssertionError, "'row' was unexpected"):
                self.alice_client.post(f"/api/shows/{show.pk}/book/", data, **kind)
            Booking.objects.all().delete()
        for send in [
            lambda: self.alice_client.get("/api/", {"page": 2}),
            lambda: self.alice_client.get("/api/", query_params={"page": 2}),
            lambda: Client().get("/api/", {"page": 2}),
            lambda: Client().get("/api/?page=2"),
        ]:
            with self.assertRaisesMessage(AssertionError, "the query parameter page is not"):
                send()
