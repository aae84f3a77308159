"""Refresh, logout, the list of sessions, and what ends a session."""

from datetime import UTC, datetime, timedelta
from io import StringIO
from unittest import mock

import jwt
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import QuerySet
from django.test import TransactionTestCase, override_settings
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from booking.management.commands import prune
from booking.models import Session
from booking.tests.concurrency.racing import at_once, no_transaction
from booking.tests.factories import NO_TOKEN, ApiTestCase, create_user, iso
from booking.tokens import open_session

REQUIRED = ["This field is required."]
NOT_VALID = {"detail": "Your session has ended. Please log in again.", "code": "token_not_valid"}
NOT_FOUND = {"detail": "There is no such session.", "code": "not_found"}
PASSWORD = "paper-moon-1973"


def refresh(client, token, **more):
    return client.post("/api/token/refresh/", {"refresh": str(token)}, **more)


def use_access_token(token):
    """Response to a request with an access token."""
    return APIClient().get("/api/my-bookings/", headers={"Authorization": f"Bearer {token}"})


def encode(claims, key=settings.SIMPLE_JWT["SIGNING_KEY"]):
    return jwt.encode(claims, key, "HS256")


def without_session(token):
    """The token as it was issued before tokens had the claim `sid`."""
    return encode({name: value for name, value in token.payload.items() if name != "sid"})


def move_back(session, **seconds_by_name):
    """Make times of the session earlier."""
    for name, seconds in seconds_by_name.items():
        value = getattr(session, name) - timedelta(seconds=seconds)
        Session.objects.filter(pk=session.pk).update(**{name: value})


class SessionCase(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.session = open_session(user=self.alice)

    def refresh(self, token):
        return refresh(self.client, token)

    def next_token(self, token):
        response = self.refresh(token)
        self.assertEqual(response.status_code, 200, response.content)
        return response.json()["refresh"]

    def row(self):
        return Session.objects.get(pk=self.session["sid"])

    def assertNotValid(self, token):
        self.assertResponse(self.refresh(token), 401, NOT_VALID)

    def assertEnded(self, *tokens):
        """No token of the session works any more."""
        self.assertFalse(Session.objects.filter(pk=self.session["sid"]).exists())
        self.assertResponse(use_access_token(self.session.access_token), 401, NOT_VALID)
        for token in (self.session, *tokens):
            self.assertNotValid(token)


class RefreshTests(SessionCase):
    def test_refresh_returns_new_tokens(self):
        response = self.refresh(self.session)
        self.assertEqual((response.status_code, set(response.json())), (200, {"refresh", "access"}))
        access = AccessToken(response.json()["access"])
        self.assertEqual(access["user_id"], str(self.alice.id))
        self.assertEqual(access["sid"], self.session["sid"])
        again = self.refresh(response.json()["refresh"])
        self.assertEqual(again.status_code, 200)
        self.assertEqual(Session.objects.count(), 1)

    def test_refresh_repeated_at_once_returns_the_same_refresh_token(self):
        """The first response may have been lost, in a tunnel."""
        second = self.next_token(self.session)
        self.assertEqual(self.next_token(self.session), second)
        third = self.next_token(second)
        self.assertEqual(self.next_token(second), third)
        self.assertEqual(Session.objects.count(), 1)

    def test_refresh_repeated_within_30_seconds_succeeds(self):
        second = self.next_token(self.session)
        for seconds in (14, 14):
            move_back(self.row(), refreshed_at=seconds)
            response = self.refresh(self.session)
            self.assertEqual(
                RefreshToken(response.json()["refresh"])["jti"], RefreshToken(second)["jti"]
            )
            self.assertEqual(use_access_token(response.json()["access"]).status_code, 200)
        self.next_token(second)

    def test_refresh_repeated_after_30_seconds_ends_the_session(self):
        second = self.next_token(self.session)
        move_back(self.row(), refreshed_at=31)
        with self.assertLogs("booking.security", "INFO") as logged:
            self.assertNotValid(self.session)
        lines = [record.getMessage() for record in logged.records]
        self.assertEqual(lines, [f"event=refresh_reused user={self.alice.pk}"])
        self.assertEnded(second)

    def test_refresh_with_token_before_the_previous_ends_the_session(self):
        second = self.next_token(self.session)
        third = self.next_token(second)
        self.assertNotValid(self.session)
        self.assertEnded(second, third)

    def test_thief_as_quick_as_the_owner_gets_no_session_of_his_own(self):
        owners = self.next_token(self.session)
        thiefs = self.next_token(self.session)
        self.assertEqual(thiefs, owners)
        owners = self.next_token(owners)
        move_back(self.row(), refreshed_at=31)
        self.assertNotValid(thiefs)
        self.assertEnded(owners)

    def test_reuse_ends_only_its_own_session(self):
        others = [open_session(user=self.alice), open_session(user=self.bob)]
        self.next_token(self.next_token(self.session))
        self.assertNotValid(self.session)
        for other in others:
            self.assertEqual(use_access_token(other.access_token).status_code, 200)
            self.next_token(other)

    def test_refresh_repeated_to_a_host_whose_clock_is_behind_succeeds(self):
        second = self.next_token(self.session)
        move_back(self.row(), refreshed_at=-20)
        self.assertEqual(
            RefreshToken(self.next_token(self.session))["jti"], RefreshToken(second)["jti"]
        )
        self.next_token(second)

    def test_refresh_stops_after_session_days(self):
        month = timedelta(days=settings.SESSION_DAYS)
        move_back(self.row(), created_at=(month - timedelta(hours=2)).total_seconds())
        last = RefreshToken(self.next_token(self.session))
        row = self.row()
        self.assertEqual(row.expires_at, row.created_at + month)
        self.assertEqual(last["exp"], int(row.expires_at.timestamp()))
        move_back(row, created_at=2 * 60 * 60)
        self.assertNotValid(last)

    @override_settings(SESSION_DAYS=1)
    def test_first_refresh_token_expires_within_session_days(self):
        with mock.patch("booking.jwt.RefreshToken.lifetime", timedelta(days=9)):
            session = open_session(user=self.alice)
        self.assertEqual(session["exp"] - session["iat"], 24 * 60 * 60)

    def test_access_token_does_not_outlive_the_refresh_token(self):
        month = timedelta(days=settings.SESSION_DAYS)
        move_back(self.row(), created_at=(month - timedelta(minutes=5)).total_seconds())
        pair = self.refresh(self.session).json()
        self.assertEqual(AccessToken(pair["access"])["exp"], RefreshToken(pair["refresh"])["exp"])

    def test_token_from_before_sessions_were_named_is_refreshed_and_named(self):
        old = without_session(self.session)
        new = RefreshToken(self.next_token(old))
        self.assertEqual(new["sid"], self.session["sid"])
        self.next_token(new)
        self.assertNotValid(old)
        access = AccessToken.for_user(self.alice)
        self.assertEqual(use_access_token(access).status_code, 200)

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
        changed = {
            "detail": "Your password has been changed. Please log in again.",
            "code": "password_changed",
        }
        self.assertResponse(use_access_token(self.session.access_token), 401, changed)

    def test_refresh_while_the_session_is_ended_is_refused(self):
        """By a logout or a password change, after the refresh has read the user."""

        def end_sessions(queryset):
            Session.objects.all().delete()
            return queryset

        with mock.patch.object(QuerySet, "select_for_update", end_sessions):
            self.assertNotValid(self.session)

    def test_refresh_without_session_row_is_refused(self):
        self.assertNotValid(RefreshToken.for_user(self.alice))

    def test_refresh_with_invalid_token_is_refused(self):
        expired = open_session(user=self.alice)
        expired.set_exp(lifetime=-timedelta(seconds=31))
        without_user = open_session(user=self.alice)
        del without_user.payload["user_id"]
        with_username = open_session(user=self.alice)
        with_username.payload["user_id"] = "alice"
        access = AccessToken.for_user(self.alice)
        for token in ["nonsense", access, expired, without_user, with_username]:
            with self.subTest(str(token)[:9]):
                self.assertNotValid(token)

    def test_token_with_another_session_is_refused(self):
        bobs = open_session(user=self.bob)["sid"]
        text = str(self.session["sid"])
        for session_id in (bobs, 0, -1, 2**63, 10**30, None, True, 1.0, text, [1], {}):
            with self.subTest(session_id):
                access = encode(self.session.access_token.payload | {"sid": session_id})
                self.assertResponse(use_access_token(access), 401, NOT_VALID)
                self.assertNotValid(encode(self.session.payload | {"sid": session_id}))
        self.assertEqual(Session.objects.count(), 2)

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
        Session.objects.update(expires_at=self.session.current_time - timedelta(seconds=31))
        open_session(user=self.bob)
        Session.objects.filter(user=self.bob).update(expires_at=self.session.current_time)
        out = StringIO()
        with mock.patch.object(prune, "SLICE_SIZE", 2):
            call_command("prune", stdout=out)
        self.assertIn("Deleted 3 expired sessions.\n", out.getvalue())
        self.assertEqual(Session.objects.get().user, self.bob)  # within the leeway


class ClockTests(SessionCase):
    """The clocks of two hosts may differ by 30 seconds."""

    def test_token_of_a_host_whose_clock_is_ahead_is_accepted(self):
        now = int(datetime.now(UTC).timestamp())
        for claim in ("iat", "nbf"):
            for seconds, status in ((20, 200), (40, 401)):
                with self.subTest(claim, seconds=seconds):
                    session = open_session(user=self.alice)
                    later = {claim: now + seconds}
                    access = encode(session.access_token.payload | later)
                    self.assertEqual(use_access_token(access).status_code, status)
                    token = encode(session.payload | later)
                    self.assertEqual(self.refresh(token).status_code, status)

    def test_token_is_accepted_for_30_seconds_after_its_expiry(self):
        now = int(datetime.now(UTC).timestamp())
        for seconds, status in ((20, 200), (40, 401)):
            with self.subTest(seconds):
                session = open_session(user=self.alice)
                expired = {"iat": now - 7200, "exp": now - seconds}
                access = encode(session.access_token.payload | expired)
                self.assertEqual(use_access_token(access).status_code, status)
                expires_at = datetime.fromtimestamp(now - seconds, UTC)
                Session.objects.filter(pk=session["sid"]).update(expires_at=expires_at)
                call_command("prune", stdout=StringIO())
                token = encode(session.payload | expired)
                self.assertEqual(self.refresh(token).status_code, status)


class RefreshRaceTests(TransactionTestCase):
    def race(self):
        token = open_session(user=create_user("alice"))
        calls = [lambda: refresh(APIClient(), token) for _ in range(8)]
        return at_once(calls, table="booking_session")

    def assertOneToken(self, responses):
        """All have the same new refresh token, and nothing else continues the session."""
        self.assertEqual([each.status_code for each in responses], [200] * 8)
        [token] = {each.json()["refresh"] for each in responses}
        self.assertEqual(Session.objects.get().token_id, RefreshToken(token)["jti"])
        for each in responses:
            self.assertEqual(use_access_token(each.json()["access"]).status_code, 200)
        self.assertEqual(refresh(APIClient(), token).status_code, 200)

    def test_simultaneous_refreshes_with_one_token_get_the_same_new_one(self):
        """simplejwt 5.5.1: eight different ones."""
        self.assertOneToken(self.race())

    def test_simultaneous_refreshes_without_lock_get_different_ones(self):
        with (
            mock.patch.object(QuerySet, "select_for_update", lambda queryset: queryset),
            mock.patch("booking.tokens.atomic", no_transaction),
        ):
            responses = self.race()
        self.assertGreater(len({each.json()["refresh"] for each in responses}), 1)

    def test_refresh_that_races_with_a_logout_leaves_no_session(self):
        for name in ("alice", "bob", "carol"):
            token = open_session(user=create_user(name))
            body = {"refresh": str(token)}
            calls = [lambda token=token: refresh(APIClient(), token)] * 3
            calls.append(lambda body=body: APIClient().post("/api/logout/", body))
            *responses, logged_out = at_once(calls, table="booking_session")
            self.assertEqual(logged_out.status_code, 204)
            self.assertFalse(Session.objects.exists())
            for each in responses:
                self.assertIn(each.status_code, (200, 401))
                if each.status_code == 200:
                    again = refresh(APIClient(), each.json()["refresh"])
                    self.assertEqual(again.status_code, 401)
                    self.assertEqual(use_access_token(each.json()["access"]).status_code, 401)

    def test_refresh_that_races_with_a_new_password_leaves_only_its_session(self):
        alice = create_user("alice")
        alice.set_password(PASSWORD)
        alice.save()
        token = open_session(user=alice)
        headers = {"Authorization": f"Bearer {token.access_token}"}
        body = {"old_password": PASSWORD, "new_password": "silver-screen-1927"}
        calls = [lambda: refresh(APIClient(), token)] * 3
        calls.append(lambda: APIClient().post("/api/me/password/", body, headers=headers))
        *responses, changed = at_once(calls, table="booking_session")
        new = RefreshToken(changed.json()["refresh"])
        self.assertEqual(Session.objects.get().pk, new["sid"])
        for each in responses:
            self.assertIn(each.status_code, (200, 401))
            if each.status_code == 200:
                again = refresh(APIClient(), each.json()["refresh"])
                self.assertEqual((again.status_code, again.json()), (401, NOT_VALID))
        self.assertEqual(use_access_token(changed.json()["access"]).status_code, 200)


class LogoutTests(SessionCase):
    def log_out(self, token):
        return self.client.post("/api/logout/", {"refresh": str(token)})

    def test_logout_ends_only_this_session(self):
        other = open_session(user=self.alice)
        response = self.log_out(self.session)
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertEnded()
        self.assertEqual(refresh(self.client, other).status_code, 200)

    def test_logout_twice_succeeds(self):
        self.log_out(self.session)
        self.assertEqual(self.log_out(self.session).status_code, 204)

    def test_logout_with_used_token_ends_the_session(self):
        third = self.next_token(self.next_token(self.session))
        self.assertEqual(self.log_out(self.session).status_code, 204)
        self.assertEnded(third)

    def test_logout_with_expired_token_ends_the_session(self):
        second = self.next_token(self.session)
        expired = encode(self.session.payload | {"exp": self.session["iat"] - 3600})
        self.assertEqual(self.log_out(expired).status_code, 204)
        self.assertEnded(second)

    def test_logout_with_token_from_before_sessions_were_named_ends_the_session(self):
        self.assertEqual(self.log_out(without_session(self.session)).status_code, 204)
        self.assertEnded()

    def test_logout_with_another_session_ends_nothing(self):
        bobs = open_session(user=self.bob)["sid"]
        for session_id in (bobs, 10**30, "1", True, None):
            token = encode(self.session.payload | {"sid": session_id, "jti": "x"})
            self.assertEqual(self.log_out(token).status_code, 204)
        self.assertEqual(Session.objects.count(), 2)

    def test_logout_with_invalid_token_is_refused(self):
        access = AccessToken.for_user(self.alice)
        forged = encode(self.session.payload, key="k" * 32)
        forged_and_expired = encode(self.session.payload | {"exp": 1}, key="k" * 32)
        for token in ("nonsense", access, forged, forged_and_expired):
            self.assertResponse(self.log_out(token), 401, NOT_VALID)
        self.assertResponse(self.client.post("/api/logout/"), 400, {"refresh": REQUIRED})
        self.assertEqual(use_access_token(self.session.access_token).status_code, 200)


class MySessionsTests(ApiTestCase):
    PHONE = "CinemaApp/3.2 (iPhone; iOS 19.1)"

    def setUp(self):
        super().setUp()
        self.alice.set_password(PASSWORD)
        self.alice.save()
        self.phone = self.log_in(HTTP_USER_AGENT=self.PHONE, REMOTE_ADDR="203.0.113.7")
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {self.phone['access']}")

    def log_in(self, **more):
        body = {"username": "alice", "password": PASSWORD}
        return APIClient().post("/api/login/", body, **more).json()

    def entry(self, row, **differences):
        return {
            "id": row.pk,
            "created_at": iso(row.created_at),
            "last_used_at": iso(row.refreshed_at or row.created_at),
            "expires_at": iso(row.expires_at),
            "client_ip": "127.0.0.1",
            "user_agent": "",
            "is_current": False,
        } | differences

    def assertSessions(self, *entries):
        with self.assertNumQueries(2):
            self.assertResponse(self.client.get("/api/me/sessions/"), 200, list(entries))

    def test_sessions_are_listed_newest_first(self):
        open_session(user=self.bob)
        [phone] = Session.objects.filter(user=self.alice)
        phone = self.entry(phone, client_ip="203.0.113.7", user_agent=self.PHONE, is_current=True)
        self.assertSessions(phone)
        self.log_in(HTTP_USER_AGENT="A\nB\0\u00e9 C" + "x" * 300)
        self.log_in()
        _, tablet, laptop = Session.objects.filter(user=self.alice).order_by("pk")
        tablet = self.entry(tablet, user_agent="A?B?? C" + "x" * 193)
        self.assertSessions(self.entry(laptop), tablet, phone)

    def test_refresh_changes_the_entry(self):
        before = Session.objects.get()
        refresh(
            APIClient(),
            self.phone["refresh"],
            HTTP_USER_AGENT="CinemaApp/3.3",
            REMOTE_ADDR="2001:db8::7",
        )
        row = Session.objects.get()
        self.assertEqual(row.created_at, before.created_at)
        self.assertGreater(row.last_used_at, before.last_used_at)
        of_app = {"client_ip": "2001:db8::7", "user_agent": "CinemaApp/3.3"}
        self.assertSessions(self.entry(row, is_current=True, **of_app))

    def test_expired_session_is_not_listed(self):
        [phone] = Session.objects.all()
        expired = open_session(user=self.alice)
        old = Session.objects.filter(pk=expired["sid"])
        old.update(expires_at=expired.current_time - timedelta(minutes=1))
        found = self.client.get("/api/me/sessions/").json()
        self.assertEqual([each["id"] for each in found], [phone.pk])
        path = f"/api/me/sessions/{expired['sid']}/"
        self.assertResponse(self.client.delete(path), 404, NOT_FOUND)

    def test_sessions_are_listed_for_their_user_only(self):
        self.assertResponse(self.bob_client.get("/api/me/sessions/"), 200, [])
        self.assertResponse(APIClient().get("/api/me/sessions/"), 401, NO_TOKEN)

    def test_session_deleted_ends_at_once(self):
        other = open_session(user=self.alice)
        path = f"/api/me/sessions/{other['sid']}/"
        self.assertResponse(self.bob_client.delete(path), 404, NOT_FOUND)
        self.assertEqual(use_access_token(other.access_token).status_code, 200)
        response = self.client.delete(path)
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertResponse(use_access_token(other.access_token), 401, NOT_VALID)
        self.assertResponse(refresh(APIClient(), other), 401, NOT_VALID)
        self.assertResponse(self.client.delete(path), 404, NOT_FOUND)
        self.assertEqual(use_access_token(self.phone["access"]).status_code, 200)

    def test_current_session_deleted_ends_at_once(self):
        [mine] = self.client.get("/api/me/sessions/").json()
        self.assertEqual(self.client.delete(f"/api/me/sessions/{mine['id']}/").status_code, 204)
        self.assertResponse(self.client.get("/api/me/sessions/"), 401, NOT_VALID)

    def test_login_beyond_twenty_ends_the_oldest(self):
        bobs = open_session(user=self.bob)
        sessions = [open_session(user=self.alice) for _ in range(20)]
        self.assertEqual(Session.objects.filter(user=self.alice).count(), 20)
        self.assertResponse(use_access_token(self.phone["access"]), 401, NOT_VALID)
        for kept in (sessions[0], sessions[-1], bobs):
            self.assertEqual(use_access_token(kept.access_token).status_code, 200)

    def test_password_change_ends_all_but_the_new_one(self):
        change = {"old_password": PASSWORD, "new_password": "silver-screen-1927"}
        other = open_session(user=self.alice)
        new = self.client.post("/api/me/password/", change).json()
        for ended in (self.phone["access"], other.access_token):
            self.assertEqual(use_access_token(ended).status_code, 401)
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {new['access']}")
        self.assertSessions(self.entry(Session.objects.get(), is_current=True))
