from datetime import timedelta
from unittest import mock

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from booking.tests.factories import NO_TOKEN, ApiTestCase, api_client
from movie_booking.hashers import OwaspArgon2Hasher

REQUIRED = ["This field is required."]
NO_ACCOUNT = {
    "detail": "Wrong username or password.",
    "code": "no_active_account",
}


class LoginTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.carol = User.objects.create_user("carol", password="paper-moon-1973")

    def log_in(self, **body):
        return self.client.post("/api/login/", body)

    def test_login_returns_working_tokens(self):
        response = self.log_in(username="carol", password="paper-moon-1973")
        self.assertEqual((response.status_code, set(response.json())), (200, {"refresh", "access"}))
        access = AccessToken(response.json()["access"])
        self.assertEqual(access["user_id"], str(self.carol.id))
        self.assertEqual(access["exp"] - access["iat"], 60 * 60)
        refresh = RefreshToken(response.json()["refresh"])
        self.assertEqual(refresh["exp"] - refresh["iat"], 24 * 60 * 60)
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        self.assertResponse(self.client.get("/api/my-bookings/"), 200, [])

    def test_login_after_signup_accepts_the_same_password(self):
        account = {"username": "dave", "password": "  paper moon  "}
        self.assertEqual(self.client.post("/api/signup/", account).status_code, 201)
        self.assertEqual(self.log_in(**account).status_code, 200)

    def test_login_normalizes_username_and_ignores_its_case(self):
        User.objects.create_user("Émile", password="paper-moon-1973")  # by staff
        for name in ["Carol", "CAROL", "ｃａｒｏｌ", "Émile", "E\u0301mile"]:
            with self.subTest(name):
                response = self.log_in(username=name, password="paper-moon-1973")
                self.assertEqual(response.status_code, 200)

    def test_login_with_wrong_credentials_is_refused(self):
        wrong = self.log_in(username="carol", password="wrong")
        self.assertResponse(wrong, 401, NO_ACCOUNT)
        self.assertEqual(wrong["WWW-Authenticate"], 'Bearer realm="api"')
        self.assertResponse(self.log_in(username="dave", password="wrong"), 401, NO_ACCOUNT)
        User.objects.filter(username="carol").update(is_active=False)
        right = {"username": "carol", "password": "paper-moon-1973"}
        self.assertResponse(self.log_in(**right), 401, NO_ACCOUNT)

    def test_login_failures_hash_once_and_query_equally(self):
        """The response time must not reveal whether a username exists."""
        User.objects.create_user("gone", password="paper-moon-1973", is_active=False)
        for body in (
            {"username": "carol", "password": "wrong"},
            {"username": "dave", "password": "wrong"},
            {"username": "gone", "password": "paper-moon-1973"},
        ):
            with (
                self.subTest(body),
                mock.patch.object(OwaspArgon2Hasher, "verify", autospec=True) as verified,
                mock.patch.object(OwaspArgon2Hasher, "encode", autospec=True) as hashed,
                self.assertNumQueries(1),
            ):
                verified.side_effect = Argon2PasswordHasher.verify
                hashed.side_effect = Argon2PasswordHasher.encode
                self.assertResponse(self.log_in(**body), 401, NO_ACCOUNT)
            self.assertEqual(verified.call_count + hashed.call_count, 1)

    def test_login_failures_hash_as_often_for_passwords_with_accents(self):
        User.objects.create_user("guest")  # without a password
        for name in ("carol", "dave", "guest"):
            with (
                self.subTest(name),
                mock.patch.object(Argon2PasswordHasher, "verify", autospec=True) as verified,
                mock.patch.object(Argon2PasswordHasher, "encode", autospec=True) as hashed,
                self.assertNumQueries(1),
            ):
                verified.return_value, hashed.return_value = False, "argon2$"
                self.assertResponse(self.log_in(username=name, password="é" * 9), 401, NO_ACCOUNT)
            self.assertEqual(verified.call_count + hashed.call_count, 2)

    def test_login_without_fields_is_refused(self):
        both = {"username": REQUIRED, "password": REQUIRED}
        self.assertResponse(self.log_in(), 400, both)
        self.assertResponse(self.log_in(username="carol"), 400, {"password": REQUIRED})


class TokenTests(ApiTestCase):
    """Endpoints that need a login, without a valid token."""

    def test_request_without_token_is_unauthorized(self):
        response = self.client.get("/api/my-bookings/")
        self.assertResponse(response, 401, NO_TOKEN)
        self.assertEqual(response["WWW-Authenticate"], 'Bearer realm="api"')

    def test_request_with_invalid_token_is_unauthorized(self):
        not_valid = {
            "detail": "Your session has ended. Please log in again.",
            "code": "token_not_valid",
        }
        expired = AccessToken.for_user(self.alice)
        expired.set_exp(lifetime=-timedelta(seconds=31))
        for token in ["nonsense", RefreshToken.for_user(self.alice), expired]:
            with self.subTest(str(token)[:9]):
                self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
                self.assertResponse(self.client.get("/api/my-bookings/"), 401, not_valid)

    def test_request_of_inactive_or_deleted_user_is_unauthorized(self):
        bob = api_client(self.bob)
        User.objects.filter(pk=self.bob.pk).update(is_active=False)
        inactive = {"detail": "This account has been deactivated.", "code": "user_inactive"}
        self.assertResponse(bob.get("/api/my-bookings/"), 401, inactive)
        self.bob.delete()
        gone = {"detail": "This account no longer exists.", "code": "user_not_found"}
        self.assertResponse(bob.get("/api/my-bookings/"), 401, gone)

    def test_public_endpoint_ignores_invalid_token(self):
        self.client.credentials(HTTP_AUTHORIZATION="Bearer nonsense")
        self.assertResponse(self.client.get("/api/movies/"), 200, [])
