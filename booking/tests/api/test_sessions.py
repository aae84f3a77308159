"""Refreshing and ending a session, and who else's sessions end with it."""

from datetime import timedelta
from unittest import mock

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import TransactionTestCase
from rest_framework.test import APIClient
from rest_framework_simplejwt.token_blacklist.models import OutstandingToken
from rest_framework_simplejwt.tokens import AccessToken

from booking import sessions
from booking.sessions import SessionToken, open_session
from booking.tests.concurrency.racing import at_once
from booking.tests.factories import ApiTestCase, person

REQUIRED = ["This field is required."]
NOT_VALID = {"detail": "Your session has ended. Please log in again.", "code": "token_not_valid"}


def refresh(client, token):
    return client.post("/api/token/refresh/", {"refresh": str(token)})


class RefreshTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.session = open_session(self.alices_user)

    def refresh(self, token):
        return refresh(self.client, token)

    def assertDead(self, token):
        self.assertAnswer(self.refresh(token), 401, NOT_VALID)

    def test_new_tokens(self):
        answer = self.refresh(self.session)
        self.assertEqual((answer.status_code, set(answer.json())), (200, {"refresh", "access"}))
        self.assertEqual(AccessToken(answer.json()["access"])["user_id"], str(self.alices_user.id))
        again = self.refresh(answer.json()["refresh"])
        self.assertEqual(again.status_code, 200)
        self.assertEqual(OutstandingToken.objects.count(), 1)  # a session is one row

    def test_a_token_that_was_used_is_dead(self):
        self.refresh(self.session)
        self.assertDead(self.session)

    def test_a_user_who_is_deleted(self):
        """simplejwt 5.5.1: 500."""
        self.alices_user.delete()
        self.assertDead(self.session)

    def test_a_user_who_is_deactivated(self):
        User.objects.filter(pk=self.alices_user.pk).update(is_active=False)
        self.assertDead(self.session)

    def test_a_user_whose_password_changed(self):
        """simplejwt 5.5.1: 200, with an access token that is refused."""
        self.alices_user.set_password("silver-screen-1927")
        self.alices_user.save()
        self.assertDead(self.session)
        access = self.session.access_token
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        changed = {
            "detail": "Your password has been changed. Please log in again.",
            "code": "password_changed",
        }
        self.assertAnswer(self.client.get("/api/my-bookings/"), 401, changed)

    def test_a_session_that_the_table_does_not_know(self):
        self.assertDead(SessionToken.for_user(self.alices_user))

    def test_what_is_no_refresh_token(self):
        expired = open_session(self.alices_user)
        expired.set_exp(lifetime=-timedelta(seconds=1))
        of_nobody = open_session(self.alices_user)
        del of_nobody.payload["user_id"]
        of_a_name = open_session(self.alices_user)
        of_a_name.payload["user_id"] = "alice"
        access = AccessToken.for_user(self.alices_user)
        for token in ["nonsense", access, expired, of_nobody, of_a_name]:
            with self.subTest(str(token)[:9]):
                self.assertDead(token)

    def test_a_missing_token(self):
        answer = self.client.post("/api/token/refresh/")
        self.assertAnswer(answer, 400, {"refresh": REQUIRED})

    def test_no_token_is_kept(self):
        """simplejwt 5.5.1 keeps them in clear."""
        row = OutstandingToken.objects.values().get()
        self.assertEqual(row["token"], "")
        self.assertNotIn(str(self.session), str(row))

    def test_expired_sessions_are_pruned(self):
        OutstandingToken.objects.update(expires_at=self.session.current_time)
        open_session(self.bobs_user)
        call_command("prune", stdout=mock.Mock())
        self.assertEqual(OutstandingToken.objects.get().user, self.bobs_user)


class RefreshRaceTests(TransactionTestCase):
    def race(self):
        token = open_session(person("alice"))
        return at_once([lambda: refresh(APIClient(), token) for _ in range(8)])

    def test_of_many_refreshes_with_one_token_one_succeeds(self):
        """simplejwt 5.5.1: all of them."""
        answers = sorted(self.race(), key=lambda each: each.status_code)
        self.assertEqual([each.status_code for each in answers], [200] + [401] * 7)
        self.assertEqual(refresh(APIClient(), answers[0].json()["refresh"]).status_code, 200)

    def test_without_the_guard_more_succeed(self):
        renewed = mock.Mock(**{"filter.return_value.update.return_value": 1})
        with mock.patch.object(sessions.OutstandingToken, "objects", renewed):
            token = SessionToken.for_user(person("alice"))
            answers = at_once([lambda: refresh(APIClient(), token) for _ in range(8)])
        self.assertEqual({each.status_code for each in answers}, {200})


class LogoutTests(ApiTestCase):
    def log_out(self, token):
        return self.client.post("/api/logout/", {"refresh": str(token)})

    def test_it_ends_the_session(self):
        mine, other = open_session(self.alices_user), open_session(self.alices_user)
        answer = self.log_out(mine)
        self.assertEqual((answer.status_code, answer.content), (204, b""))
        self.assertAnswer(refresh(self.client, mine), 401, NOT_VALID)
        self.assertEqual(refresh(self.client, other).status_code, 200)

    def test_twice_does_no_harm(self):
        mine = open_session(self.alices_user)
        self.log_out(mine)
        self.assertEqual(self.log_out(mine).status_code, 204)

    def test_what_is_refused(self):
        self.assertAnswer(self.log_out("nonsense"), 401, NOT_VALID)
        access = AccessToken.for_user(self.alices_user)
        self.assertAnswer(self.log_out(access), 401, NOT_VALID)
        self.assertAnswer(self.client.post("/api/logout/"), 400, {"refresh": REQUIRED})
