"""Which accounts a token is accepted for, and what happens if the user query fails."""

from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from rest_framework_simplejwt.tokens import AccessToken

from booking.models import Booking, IdempotencyKey
from booking.tests.factories import ApiTestCase, api_client, create_show

USER_INACTIVE = {"detail": "This account has been deactivated.", "code": "user_inactive"}
USER_NOT_FOUND = {"detail": "This account no longer exists.", "code": "user_not_found"}
PASSWORD_CHANGED = {
    "detail": "Your password has been changed. Please log in again.",
    "code": "password_changed",
}
NO_USER_ID = {
    "detail": "Your session has ended. Please log in again.",
    "code": "token_not_valid",
}
SERVER_ERROR = {"detail": "Something went wrong on our side.", "code": "server_error"}


class AccountStateTests(ApiTestCase):
    """An invalid token is refused before the rest of the request is validated."""

    def setUp(self):
        super().setUp()
        self.show = create_show()
        self.url = f"/api/shows/{self.show.pk}/book/"

    def assertRefused(self, client, body):
        requests = [
            (self.url, {"seat_number": 1}),
            (self.url, {"seat_number": "five"}),
            ("/api/shows/1000000/book/", {"seat_number": 1}),
            (f"/api/shows/{self.show.pk}/reservations/", {"count": 2, "hold": True}),
        ]
        for url, data in requests:
            for headers in ({}, {"idempotency-key": "key"}):
                with self.subTest(url, data=data, headers=headers):
                    self.assertResponse(client.post(url, data, headers=headers), 401, body)
        self.assertResponse(client.get("/api/my-bookings/"), 401, body)
        self.assertFalse(Booking.objects.exists())
        self.assertFalse(IdempotencyKey.objects.exists())

    def change_bobs_password(self):
        self.bob.set_password("paper-moon-1973")
        self.bob.save()

    def client_with(self, **claims):
        token = AccessToken.for_user(self.bob)
        token.payload.update(claims)
        client = api_client(self.bob)
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return client

    def test_token_of_inactive_user_is_refused(self):
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        self.assertRefused(self.bob_client, USER_INACTIVE)

    def test_token_of_deleted_user_is_refused(self):
        self.bob.delete()
        self.assertRefused(self.bob_client, USER_NOT_FOUND)

    def test_token_from_before_password_change_is_refused(self):
        self.change_bobs_password()
        self.assertRefused(self.bob_client, PASSWORD_CHANGED)

    def test_token_without_password_hash_is_refused(self):
        self.assertRefused(self.client_with(hash_password=None), PASSWORD_CHANGED)

    def test_token_with_invalid_user_id_is_refused(self):
        pk = self.bob.pk
        for user_id in (None, "bob", "", "-1", pk, 1.5, True, [str(pk)], "٣", str(2**31), "9" * 99):
            with self.subTest(user_id):
                self.assertRefused(self.client_with(user_id=user_id), NO_USER_ID)

    def test_token_with_largest_user_id_is_of_no_user(self):
        self.assertRefused(self.client_with(user_id=str(2**31 - 1)), USER_NOT_FOUND)

    @override_settings(THROTTLE_USER="4/1h", THROTTLE_HOLD="1/1h")
    def test_refused_token_does_not_use_up_the_rate_limits(self):
        self.change_bobs_password()
        self.assertRefused(self.bob_client, PASSWORD_CHANGED)
        response = api_client(self.bob).post(
            f"/api/shows/{self.show.pk}/reservations/", {"count": 1, "hold": True}
        )
        self.assertEqual(response.status_code, 201)

    def test_idempotent_response_is_not_repeated_for_inactive_user(self):
        headers = {"idempotency-key": "key"}
        for _ in range(2):
            response = self.bob_client.post(self.url, {"seat_number": 1}, headers=headers)
            self.assertEqual(response.status_code, 201)
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        response = self.bob_client.post(self.url, {"seat_number": 1}, headers=headers)
        self.assertResponse(response, 401, USER_INACTIVE)


class UserQueryTests(ApiTestCase):
    def test_user_query_is_made_once_for_each_request(self):
        with self.assertNumQueries(2):  # the user with the session; the profile
            self.assertEqual(self.alice_client.get("/api/me/").status_code, 200)

    def test_exception_in_user_query_is_a_server_error(self):
        """A 401 would log out every user because of a server error."""
        self.alice_client.raise_request_exception = False
        for error in (TypeError, ValueError, OverflowError, User.DoesNotExist):

            def fail(execute, sql, params, many, context, error=error):
                raise error("defect")

            with (
                self.subTest(error),
                connection.execute_wrapper(fail),
                self.assertLogs("django.request", "ERROR") as logged,
            ):
                self.assertResponse(self.alice_client.get("/api/me/"), 500, SERVER_ERROR)
            self.assertIn("defect", logged.output[0])
