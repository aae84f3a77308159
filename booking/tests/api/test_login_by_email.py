"""POST /api/login/ with an email address as the username."""

import json
from unittest import mock

from django.contrib.auth import authenticate
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from rest_framework_simplejwt.tokens import AccessToken

from booking import accounts
from booking.tests.api.test_login import NO_ACCOUNT
from booking.tests.factories import ApiTestCase
from booking.text import is_same_address
from booking.throttling import LoginLimit

PASSWORD, OTHER = "paper-moon-1973", "silver-screen-1927"


class LoginByEmailTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.carol = User.objects.create_user("carol", "Carol@example.com", PASSWORD)

    def log_in(self, username, password=PASSWORD):
        body = {"username": username, "password": password}
        return self.client.post("/api/login/", body)

    def assertLoggedIn(self, response, user):
        self.assertEqual(response.status_code, 200, response.content)
        self.assertEqual(AccessToken(response.json()["access"])["user_id"], str(user.pk))

    def test_address_logs_in_regardless_of_case(self):
        for address in ("Carol@example.com", " CAROL@Example.COM "):
            self.assertLoggedIn(self.log_in(address), self.carol)
        self.assertResponse(self.log_in("carol@example.com", "wrong"), 401, NO_ACCOUNT)

    def test_address_logs_staff_into_the_admin(self):
        User.objects.filter(pk=self.carol.pk).update(is_staff=True)
        browser = Client()
        form = {"username": "carol@example.com", "password": PASSWORD, "next": "/admin/"}
        self.assertRedirects(browser.post("/admin/login/", form), "/admin/")

    def test_username_wins_over_the_address_of_another_account(self):
        other = User.objects.create_user("CAROL@example.com", password=OTHER)
        self.assertLoggedIn(self.log_in("carol@example.com", OTHER), other)
        self.assertResponse(self.log_in("carol@example.com"), 401, NO_ACCOUNT)
        self.assertLoggedIn(self.log_in("carol"), self.carol)

    def test_address_of_several_accounts_logs_in_to_none(self):
        User.objects.create_user("carol2", "carol@example.com", OTHER)
        for password in (PASSWORD, OTHER):
            self.assertResponse(self.log_in("carol@example.com", password), 401, NO_ACCOUNT)
        User.objects.filter(username="carol2").update(is_active=False)
        self.assertLoggedIn(self.log_in("carol@example.com"), self.carol)
        self.assertResponse(self.log_in("carol@example.com", OTHER), 401, NO_ACCOUNT)

    def test_address_of_several_accounts_logs_in_to_the_one_that_verified_it(self):
        """Otherwise a stranger could block the owner's login by signing up with the address."""
        accounts.verify_email(token=accounts.verification_token(self.carol))
        for number in range(4):
            User.objects.create_user(f"a{number}", "carol@example.com", OTHER)
        self.assertLoggedIn(self.log_in("carol@example.com"), self.carol)
        self.assertResponse(self.log_in("carol@example.com", OTHER), 401, NO_ACCOUNT)
        second = User.objects.get(username="a3")
        accounts.verify_email(token=accounts.verification_token(second))
        for password in (PASSWORD, OTHER):
            self.assertResponse(self.log_in("carol@example.com", password), 401, NO_ACCOUNT)

    def test_account_without_an_address_has_none_to_log_in_by(self):
        User.objects.create_user("nomail", password=PASSWORD)
        for name in ("@", " ", "x@"):
            self.assertIn(self.log_in(name).status_code, (400, 401))

    def test_look_alike_address_is_another_address(self):
        self.assertFalse(is_same_address("mike@example.com", "mi\u212ae@example.com"))
        self.assertFalse(is_same_address("info@x.com", "\u0131nfo@x.com"))
        self.assertTrue(is_same_address("Jos\u00e9@x.com", "jos\u00e9@X.com"))
        User.objects.create_user("mike", "mike@kino.example", PASSWORD)
        for address in ("mike@\u212aino.example", "m\u0131ke@kino.example"):
            self.assertEqual(accounts.users_to_reset(address), [])

    def test_refusals_hash_once_and_query_equally(self):
        """The response time must not reveal whether there is such an address."""
        User.objects.create_user("carol2", "two@example.com", PASSWORD)
        User.objects.create_user("carol3", "two@example.com", PASSWORD)
        User.objects.create_user("gone", "gone@example.com", PASSWORD, is_active=False)
        for address in (
            "carol@example.com",
            "nobody@example.com",
            "two@example.com",
            "gone@example.com",
        ):
            with (
                self.subTest(address),
                mock.patch.object(Argon2PasswordHasher, "verify", autospec=True) as verified,
                mock.patch.object(Argon2PasswordHasher, "encode", autospec=True) as hashed,
                self.assertNumQueries(2),  # the counters' user; the user of the password
            ):
                verified.return_value, hashed.return_value = False, "argon2$"
                self.assertResponse(self.log_in(address), 401, NO_ACCOUNT)
            self.assertEqual(verified.call_count + hashed.call_count, 1)

    def test_login_by_username_takes_no_query_more(self):
        for name in ("carol", "carol@example.com"):
            with self.assertNumQueries(1):
                self.assertEqual(authenticate(username=name, password=PASSWORD), self.carol)
        request = RequestFactory().post("/")
        request.client_ip = "127.0.0.1"
        with self.assertNumQueries(0):
            LoginLimit(request, username="carol")

    @override_settings(THROTTLE_LOGIN="3/15m")
    def test_wrong_passwords_by_username_and_address_count_together(self):
        cache.clear()
        names = ["carol", "carol@example.com", "CAROL@example.com"]
        self.assertEqual([self.log_in(each, "wrong").status_code for each in names], [401] * 3)
        for name in ("carol", "carol@example.com"):
            self.assertEqual(self.log_in(name).status_code, 429)

    @override_settings(THROTTLE_LOGIN="3/15m")
    def test_names_that_no_database_takes_are_refused_by_the_throttle_in_peace(self):
        for name in ("a@\x00", "a@\ud800", "@" * 10_000, "a@\u200d"):
            body = json.dumps({"username": name, "password": "x"})
            response = self.client.generic(
                "POST", "/api/login/", body, content_type="application/json"
            )
            self.assertIn(response.status_code, (400, 401), response.content)

    def test_addresses_are_looked_up_by_an_index(self):
        """The planner chooses it as soon as a scan is not an alternative."""
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.execute("EXPLAIN SELECT * FROM auth_user WHERE LOWER(email) = 'a'")
            else:
                cursor.execute(
                    "EXPLAIN QUERY PLAN SELECT * FROM auth_user WHERE LOWER(email) = 'a'"
                )
            self.assertIn("accounts_by_email", str(cursor.fetchall()))
