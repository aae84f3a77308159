"""Signing keys of tokens: a new key logs nobody out, and only known keys are accepted."""

from datetime import timedelta
from unittest.mock import patch

import jwt
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from booking.models import Session
from booking.tests.factories import ApiTestCase, create_movie, create_show
from booking.tokens import open_session

KEY = settings.SIMPLE_JWT["SIGNING_KEY"]
OLD_KEY, OLDEST_KEY, FOREIGN_KEY = "o" * 50, "p" * 50, "f" * 50
FORGED = "event=token_forged"
NOT_VALID = {"detail": "Your session has ended. Please log in again.", "code": "token_not_valid"}


def encode(token, key, algorithm="HS256", **differences):
    return jwt.encode(token.payload | differences, key, algorithm)


@override_settings(JWT_SIGNING_KEYS=[KEY, OLD_KEY, OLDEST_KEY])
class SigningKeyTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.session = open_session(user=self.alice)

    def get(self, access):
        headers = {"Authorization": f"Bearer {access}"}
        return APIClient().get("/api/my-bookings/", headers=headers)

    def refresh(self, token):
        return APIClient().post("/api/token/refresh/", {"refresh": str(token)})

    def test_tokens_signed_with_any_key_are_accepted(self):
        for key in (KEY, OLD_KEY, OLDEST_KEY):
            with self.subTest(key), self.assertNoLogs("booking.security", "INFO"):
                session = open_session(user=self.alice)
                access = encode(session.access_token, key)
                self.assertResponse(self.get(access), 200, [])
                response = self.refresh(encode(session, key))
                self.assertEqual(response.status_code, 200)
                for token in response.json().values():  # signed with the first key
                    self.assertEqual(jwt.decode(token, KEY, ["HS256"])["sid"], session["sid"])

    def test_logout_with_token_signed_with_older_key_ends_the_session(self):
        token = encode(self.session, OLDEST_KEY, exp=1)
        response = APIClient().post("/api/logout/", {"refresh": token})
        self.assertEqual(response.status_code, 204)
        self.assertFalse(Session.objects.exists())

    def test_token_that_was_accepted_is_refused_once_it_has_expired(self):
        access = self.session.access_token
        self.assertResponse(self.get(access), 200, [])
        later = timezone.now() + access.lifetime + timedelta(minutes=1)
        with patch("rest_framework_simplejwt.tokens.aware_utcnow", return_value=later):
            self.assertResponse(self.get(access), 401, NOT_VALID)
        self.assertResponse(self.get(access), 200, [])

    def test_token_changed_after_it_was_accepted_is_refused(self):
        access = str(self.session.access_token)
        self.assertResponse(self.get(access), 200, [])
        header, payload, signature = access.split(".")
        other = "A" if signature[0] != "A" else "B"
        for changed in (f"{header}.{payload}.{other}{signature[1:]}", f"{header}.{payload}."):
            self.assertResponse(self.get(changed), 401, NOT_VALID)

    def test_tokens_signed_with_a_removed_key_are_refused(self):
        access, refresh = encode(self.session.access_token, OLD_KEY), encode(self.session, OLD_KEY)
        with override_settings(JWT_SIGNING_KEYS=[KEY]):
            self.assertResponse(self.get(access), 401, NOT_VALID)
            self.assertResponse(self.refresh(refresh), 401, NOT_VALID)
        self.assertResponse(self.get(access), 200, [])

    def test_tokens_signed_otherwise_are_refused(self):
        for key in (KEY, OLD_KEY):
            for algorithm in ("HS384", "none"):
                with self.subTest(key, algorithm=algorithm):
                    given = None if algorithm == "none" else key
                    access = encode(self.session.access_token, given, algorithm)
                    self.assertResponse(self.get(access), 401, NOT_VALID)
                    refresh = encode(self.session, given, algorithm)
                    self.assertResponse(self.refresh(refresh), 401, NOT_VALID)
        access = encode(self.session.access_token, OLD_KEY, exp=1)  # expired
        self.assertResponse(self.get(access), 401, NOT_VALID)

    def test_forged_tokens_are_logged(self):
        access = self.session.access_token
        head, body, signature = str(access).split(".")
        for token in (
            encode(access, FOREIGN_KEY),
            encode(access, FOREIGN_KEY, exp=1),
            encode(access, KEY, "HS384"),
            encode(access, None, "none"),
            f"{head}.{body}.",
            f"{head}.{body}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}",
        ):
            with self.subTest(token), self.assertLogs("booking.security", "INFO") as logged:
                self.assertResponse(self.get(token), 401, NOT_VALID)
            self.assertEqual([each.getMessage() for each in logged.records], [FORGED])
        body = {"refresh": encode(self.session, FOREIGN_KEY)}
        for path in ("/api/token/refresh/", "/api/logout/"):
            with self.assertLogs("booking.security", "INFO") as logged:
                self.assertResponse(self.client.post(path, body), 401, NOT_VALID)
            self.assertEqual([each.getMessage() for each in logged.records], [FORGED])

    def test_invalid_tokens_that_are_not_forged_are_not_logged(self):
        access = self.session.access_token
        for token in (
            "nonsense",
            "a.b.c",
            str(access).rpartition(".")[0],
            str(self.session),
            encode(access, KEY, exp=1),
            encode(access, OLD_KEY, exp=1),
            encode(access, KEY, iat=2**40),
            encode(access, KEY, exp="tomorrow"),
        ):
            with self.subTest(token), self.assertNoLogs("booking.security", "INFO"):
                self.assertResponse(self.get(token), 401, NOT_VALID)

    def test_new_secret_key_keeps_what_the_former_signed(self):
        """Cursors, admin sessions and tokens, with SECRET_KEY_FALLBACKS."""
        create_movie("Alien"), create_movie("M")
        stella = User.objects.create_superuser("stella")
        browser, later = Client(), Client()
        for each in (browser, later):
            each.force_login(stella)
        path = self.client.get("/api/movies/?page_size=1")["Link"].partition(">")[0][1:]
        former = settings.SECRET_KEY
        with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[former]):
            self.assertEqual([each["title"] for each in self.client.get(path).json()], ["M"])
            self.assertEqual(browser.get("/admin/").status_code, 200)
            self.assertResponse(self.get(self.session.access_token), 200, [])
        with override_settings(SECRET_KEY="n" * 50, SECRET_KEY_FALLBACKS=[]):
            self.assertEqual(self.client.get(path).status_code, 400)
            self.assertEqual(later.get("/admin/").status_code, 302)
            self.assertEqual(browser.get("/admin/").status_code, 200)  # signed anew since


class AuthorizationHeaderTests(ApiTestCase):
    BAD_HEADER = {
        "detail": "Send the token as: Authorization: Bearer <access token>",
        "code": "bad_authorization_header",
    }
    NO_TOKEN = {"detail": "Please log in.", "code": "not_authenticated"}

    def get(self, path, header):
        return self.client.get(path, headers={"Authorization": header})

    def setUp(self):
        super().setUp()
        self.token = open_session(user=self.alice).access_token
        self.show = f"/api/shows/{create_show().pk}/seats/"

    def test_scheme_is_read_in_any_case(self):
        for scheme in ("Bearer", "bearer", "BEARER", "bEaReR"):
            for space in (" ", "  ", "\t"):
                with self.subTest(scheme, space=space):
                    header = f"{scheme}{space}{self.token}"
                    self.assertResponse(self.get("/api/my-bookings/", header), 200, [])
                    self.assertIn("mine", self.get(self.show, header).json())

    def test_other_scheme_is_anonymous(self):
        token = self.token
        for header in ("Basic YTpi", f"Token {token}", f"JWT {token}", str(token), "", " ", "ß x"):
            with self.subTest(header[:9]):
                self.assertResponse(self.get("/api/my-bookings/", header), 401, self.NO_TOKEN)
                self.assertNotIn("mine", self.get(self.show, header).json())
                self.assertEqual(self.get("/api/movies/", header).status_code, 200)

    def test_bearer_without_one_token_is_a_bad_header(self):
        token = self.token
        for header in ("bearer", "BEARER ", f"bearer {token} x", f"Bearer {token}, Bearer {token}"):
            for path in ("/api/my-bookings/", self.show):
                with self.subTest(header[:9], path=path):
                    self.assertResponse(self.get(path, header), 401, self.BAD_HEADER)
