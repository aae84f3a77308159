"""Every error under /api/ is JSON with `detail` and `code`.

With DEBUG, an exception outside the views is shown by Django's own page.
"""

from unittest import mock

from django.db import OperationalError
from django.test import (
    override_settings,
)
from psycopg.errors import LockNotAvailable

from booking.models import Booking
from booking.tests.factories import ApiTestCase, create_booking, create_show

SERVER_ERROR = {"detail": "Something went wrong on our side.", "code": "server_error"}


class UnknownUrlTests(ApiTestCase):
    def test_unknown_url_in_the_api_returns_404_as_json(self):
        nothing = {"detail": "No such endpoint.", "code": "not_found"}
        for debug in [False, True]:
            for path in ["/api/nothing/", "/api/nothing", "/api/shows/1/nothing/", "/api//"]:
                for method in ["get", "post", "put", "patch", "delete"]:
                    with self.subTest(f"{method} {path}", debug=debug):
                        with override_settings(DEBUG=debug):
                            response = getattr(self.client, method)(path)
                        self.assertResponse(response, 404, nothing)

    def test_unknown_url_elsewhere_returns_404_as_html(self):
        response = self.client.get("/nothing/")
        self.assertEqual(response.status_code, 404)
        self.assertTrue(response["Content-Type"].startswith("text/html"))


class TrailingSlashTests(ApiTestCase):
    def test_post_without_trailing_slash_is_done(self):
        show = create_show()
        response = self.alice_client.post(f"/api/shows/{show.id}/book", {"seat_number": 5})
        self.assertEqual((response.status_code, response.json()["seat_number"]), (201, 5))
        with override_settings(DEBUG=True):
            again = self.alice_client.post(f"/api/bookings/{response.json()['id']}/cancel")
        self.assertEqual((again.status_code, again.json()["status"]), (200, "cancelled"))

    def test_url_outside_the_api_gets_no_slash(self):
        response = self.client.get("/apix")
        self.assertEqual((response.status_code, response["Content-Type"][:9]), (404, "text/html"))

    def test_get_without_trailing_slash_succeeds(self):
        for path in ["/api", "/api/movies", "/api/movies?search=x"]:
            with self.subTest(path):
                self.assertEqual(self.client.get(path).status_code, 200)


class ServerErrorTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.alice_client.raise_request_exception = False
        self.client.raise_request_exception = False

    def break_(self, error):
        return mock.patch("booking.box_office.selling.lock_show", side_effect=error)

    def test_exception_in_a_view_returns_500_as_json(self):
        for debug in [False, True]:
            with (
                self.subTest(debug=debug),
                self.settings(DEBUG=debug),
                self.break_(ZeroDivisionError("secret")),
                self.assertLogs("django.request", "ERROR") as logged,
            ):
                response = self.alice_client.post(
                    f"/api/shows/{create_show().id}/book/", {"seat_number": 5}
                )
            self.assertResponse(response, 500, SERVER_ERROR)
            self.assertIn("ZeroDivisionError: secret", logged.output[0])

    def test_exception_in_a_view_is_signalled(self):
        self.alice_client.raise_request_exception = True
        with self.break_(ZeroDivisionError()), self.assertRaises(ZeroDivisionError):
            self.alice_client.post(f"/api/shows/{create_show().id}/book/", {"seat_number": 5})

    def test_exception_in_middleware_returns_500(self):
        with (
            mock.patch(
                "booking.middleware.ApiMiddleware.__call__",
                side_effect=ZeroDivisionError,
            ),
            self.assertLogs("django.request", "ERROR"),
        ):
            self.assertResponse(self.client.get("/api/movies/"), 500, SERVER_ERROR)
            page = self.client.get("/admin/login/")
        self.assertTrue(page["Content-Type"].startswith("text/html"))

    def test_database_busy_returns_503(self):
        timed_out = OperationalError("canceling statement due to lock timeout")
        timed_out.__cause__ = LockNotAvailable()
        busy = {
            "detail": "We are very busy right now. Please try again in a moment.",
            "code": "busy",
        }
        for error in [OperationalError("database is locked"), timed_out]:
            with self.break_(error), self.assertLogs("booking", "WARNING") as logged:
                response = self.alice_client.post(
                    f"/api/shows/{create_show().id}/book/", {"seat_number": 5}
                )
            self.assertResponse(response, 503, busy)
            self.assertEqual(response["Retry-After"], "1")
            self.assertIn(str(error), logged.output[0])

    def test_database_away_returns_503(self):
        away = {
            "detail": "Booking is unavailable right now. Please try again later.",
            "code": "unavailable",
        }
        with (
            self.break_(OperationalError("connection refused")),
            self.assertLogs("booking", "ERROR"),
        ):
            response = self.alice_client.post(
                f"/api/shows/{create_show().id}/book/", {"seat_number": 5}
            )
        self.assertResponse(response, 503, away)
        self.assertEqual(response["Retry-After"], "5")

    def test_table_missing_returns_500(self):
        with (
            self.break_(OperationalError("no such table: booking_show")),
            self.assertLogs("django.request", "ERROR"),
        ):
            response = self.alice_client.post(
                f"/api/shows/{create_show().id}/book/", {"seat_number": 5}
            )
        self.assertResponse(response, 500, SERVER_ERROR)


class BadRequestTests(ApiTestCase):
    def test_host_unknown_returns_400(self):
        unreadable = {"detail": "This request cannot be read.", "code": "bad_request"}
        for debug in [False, True]:
            for host in ["evil.example", "localhost:abc", ""]:
                with self.subTest(host), self.settings(DEBUG=debug, ALLOWED_HOSTS=["testserver"]):
                    response = self.client.get("/api/movies", headers={"host": host})
                    self.assertResponse(response, 400, unreadable)
        with self.assertLogs("django.security.DisallowedHost", "ERROR"):
            page = self.client.get("/admin/login/", headers={"host": "evil.example"})
        self.assertTrue(page["Content-Type"].startswith("text/html"))


class RefusalTests(ApiTestCase):
    def test_refusal_changes_no_booking(self):
        sold = create_booking(self.alice, create_show())
        before = list(Booking.objects.values())
        self.bob_client.post(f"/api/shows/{sold.show_id}/book/", {"seat_number": 5})
        self.bob_client.post(f"/api/bookings/{sold.id}/cancel/")
        self.assertEqual(list(Booking.objects.values()), before)
