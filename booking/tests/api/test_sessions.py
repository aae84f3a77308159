"""Refresh and logout, and what ends a session."""

from datetime import timedelta
from io import StringIO
from unittest import mock

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TransactionTestCase
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from booking.management.commands import prune
from booking.models import Session
from booking.tests.concurrency.racing import at_once
from booking.tests.factories import ApiTestCase, create_user
from booking.tokens import open_session

REQUIRED = ["This field is required."]
NOT_VALID = {"detail": "Your session has ended. Please log in again.", "code": "token_not_valid"}


def refresh(client, token):
    return client.post("/api/token/refresh/", {"refresh": str(token)})


class RefreshTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.session = open_session(user=self.alice)

    def refresh(self, token):
        return refresh(self.client, token)

    def assertNotValid(self, token):
        self.assertResponse(self.refresh(token), 401, NOT_VALID)

    def test_refresh_returns_new_tokens(self):
        response = self.refresh(self.session)
        self.assertEqual((response.status_code, set(response.json())), (200, {"refresh", "access"}))
        self.assertEqual(AccessToken(response.json()["access"])["user_id"], str(self.alice.id))
        again = self.refresh(response.json()["refresh"])
        self.assertEqual(again.status_code, 200)
        self.assertEqual(Session.objects.count(), 1)

    def test_refresh_with_used_token_is_refused(self):
        self.refresh(self.session)
        self.assertNotValid(self.session)

    def test_refresh_of_deleted_user_is_refused(self):
        """simplejwt 5.5.1: 500."""
        self.alice.delete()
        self.assertNotValid(self.session)

    def test_refresh_of_inactive_user_is_refused(self):
        User.objects.filter(pk=self.alice.pk).update(is_active=False)
        self.assertNotValid(self.session)

    def test_refresh_after_password_change_is_refused(self):
        """simplejwt 5.5.1: 200, with an access token that is refused."""
        self.alice.set_password("silver-screen-1927")
        self.alice.save()
        self.assertNotValid(self.session)
        access = self.session.access_token
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        changed = {
            "detail": "Your password has been changed. Please log in again.",
            "code": "password_changed",
        }
        self.assertResponse(self.client.get("/api/my-bookings/"), 401, changed)

    def test_refresh_without_session_row_is_refused(self):
        self.assertNotValid(RefreshToken.for_user(self.alice))

    def test_refresh_with_invalid_token_is_refused(self):
        expired = open_session(user=self.alice)
        expired.set_exp(lifetime=-timedelta(seconds=1))
        without_user = open_session(user=self.alice)
        del without_user.payload["user_id"]
        with_username = open_session(user=self.alice)
        with_username.payload["user_id"] = "alice"
        access = AccessToken.for_user(self.alice)
        for token in ["nonsense", access, expired, without_user, with_username]:
            with self.subTest(str(token)[:9]):
                self.assertNotValid(token)

    def test_refresh_without_token_is_refused(self):
        response = self.client.post("/api/token/refresh/")
        self.assertResponse(response, 400, {"refresh": REQUIRED})

    def test_session_row_does_not_contain_the_token(self):
        """simplejwt 5.5.1 stores refresh tokens in clear."""
        row = Session.objects.values().get()
        self.assertEqual(row["token_id"], self.session["jti"])
        self.assertNotIn(str(self.session), str(row))

    def test_prune_deletes_expired_sessions_only(self):
        for _ in range(2):
            open_session(user=self.alice)
        Session.objects.update(expires_at=self.session.current_time)
        open_session(user=self.bob)
        out = StringIO()
        with mock.patch.object(prune, "SLICE_SIZE", 2):
            call_command("prune", stdout=out)
        self.assertIn("Deleted 3 expired sessions.\n", out.getvalue())
        self.assertEqual(Session.objects.get().user, self.bob)


class RefreshRaceTests(TransactionTestCase):
    def race(self):
        token = open_session(user=create_user("alice"))
        return at_once([lambda: refresh(APIClient(), token) for _ in range(8)])

    def test_simultaneous_refreshes_with_one_token_succeed_once(self):
        """simplejwt 5.5.1: all succeed."""
        responses = sorted(self.race(), key=lambda each: each.status_code)
        self.assertEqual([each.status_code for each in responses], [200] + [401] * 7)
        self.assertEqual(refresh(APIClient(), responses[0].json()["refresh"]).status_code, 200)

    def test_simultaneous_refreshes_without_guard_all_succeed(self):
        renewed = mock.Mock(**{"filter.return_value.update.return_value": 1})
        with mock.patch.object(Session, "objects", renewed):
            token = RefreshToken.for_user(create_user("alice"))
            responses = at_once([lambda: refresh(APIClient(), token) for _ in range(8)])
        self.assertEqual({each.status_code for each in responses}, {200})


class LogoutTests(ApiTestCase):
    def log_out(self, token):
        return self.client.post("/api/logout/", {"refresh": str(token)})

    def test_logout_ends_only_this_session(self):
        mine, other = open_session(user=self.alice), open_session(user=self.alice)
        response = self.log_out(mine)
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertResponse(refresh(self.client, mine), 401, NOT_VALID)
        self.assertEqual(refresh(self.client, other).status_code, 200)

    def test_logout_twice_succeeds(self):
        mine = open_session(user=self.alice)
        self.log_out(mine)
        self.assertEqual(self.log_out(mine).status_code, 204)

    def test_logout_with_invalid_token_is_refused(self):
        self.assertResponse(self.log_out("nonsense"), 401, NOT_VALID)
        access = AccessToken.for_user(self.alice)
        self.assertResponse(self.log_out(access), 401, NOT_VALID)
        self.assertResponse(self.client.post("/api/logout/"), 400, {"refresh": REQUIRED})
