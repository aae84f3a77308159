"""The security log: its events, and secrets that are never logged."""

import logging
from hashlib import sha256
from unittest import mock

from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from booking import accounts, box_office
from booking.logging import RequestContextFilter, hash_account
from booking.tests.factories import (
    ApiTestCase,
    api_client,
    create_booking,
    create_show,
    create_user,
)
from booking.tokens import open_session

SECRETS = {
    "password": "paper-moon-1973",
    "new password": "silver-screen-1927",
    "key": "k-8e03978e",
}


class SecurityLogTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        logger = logging.getLogger("booking")
        self.addCleanup(logger.setLevel, logger.level)
        logger.setLevel(logging.DEBUG)

    def logged(self, request, **context):
        """The messages in the security log, and the response."""
        with self.assertLogs("booking.security", "INFO") as logged:
            response = request()
        return [record.getMessage() for record in logged.records], response

    def log_in(self, password, **more):
        body = {"username": "carol", "password": password}
        return self.client.post("/api/login/", body, **more)

    def test_logins_are_logged(self):
        carol = User.objects.create_user("carol", password=SECRETS["password"])
        account = f"account={hash_account(username='carol')}"
        (failed,), _ = self.logged(lambda: self.log_in("wrong"))
        self.assertEqual(failed, f"event=login_failed {account}")
        (done,), _ = self.logged(lambda: self.log_in(SECRETS["password"]))
        self.assertEqual(done, f"event=logged_in user={carol.pk} {account}")

    def test_account_changes_are_logged(self):
        body = {"username": "dave", "password": SECRETS["password"]}
        (line,), response = self.logged(lambda: self.client.post("/api/signup/", body))
        dave = response.json()["id"]
        self.assertEqual(line, f"event=signed_up user={dave}")
        access = self.client.post("/api/login/", body).json()["access"]
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
        (line,), _ = self.logged(lambda: self.client.delete("/api/me/", {"password": "wrong"}))
        self.assertEqual(line, f"event=password_wrong user={dave}")
        new = {"old_password": SECRETS["password"], "new_password": SECRETS["new password"]}
        (line,), response = self.logged(lambda: self.client.post("/api/me/password/", new))
        self.assertEqual(line, f"event=password_changed user={dave}")
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['access']}")
        erase = {"password": SECRETS["new password"]}
        (line,), _ = self.logged(lambda: self.client.delete("/api/me/", erase))
        self.assertEqual(line, f"event=account_erased user={dave}")

    def test_erased_account_is_logged_although_the_connection_is_lost_afterwards(self):
        self.alice.set_password(SECRETS["password"])
        self.alice.save()
        alice = api_client(self.alice)
        erase = {"password": SECRETS["password"]}
        lost = OperationalError("server closed the connection unexpectedly")
        with mock.patch.object(box_office, "cancel_all", side_effect=[None, lost]):
            (line,), response = self.logged(lambda: alice.delete("/api/me/", erase))
        self.assertEqual(response.status_code, 503)
        self.alice.refresh_from_db()
        self.assertTrue(accounts.is_erased(self.alice))
        self.assertEqual(line, f"event=account_erased user={self.alice.pk}")

    def test_new_email_is_logged(self):
        self.alice.set_password(SECRETS["password"])
        self.alice.save()
        alice = api_client(self.alice)
        (line,), _ = self.logged(
            lambda: alice.patch("/api/me/", {"email": "a@example.com", "password": "wrong"})
        )
        self.assertEqual(line, f"event=password_wrong user={self.alice.pk}")
        body = {"email": "a@example.com", "password": SECRETS["password"]}
        (line,), _ = self.logged(lambda: alice.patch("/api/me/", body))
        self.assertEqual(line, f"event=email_changed user={self.alice.pk}")
        with self.assertNoLogs("booking.security", "INFO"):
            alice.patch("/api/me/", body)  # unchanged
            alice.patch("/api/me/", {"first_name": "Ada"})

    def test_ended_sessions_are_logged(self):
        first, second = open_session(user=self.alice), open_session(user=self.alice)
        body = {"refresh": str(first)}
        (line,), _ = self.logged(lambda: self.client.post("/api/logout/", body))
        self.assertEqual(line, f"event=logged_out user={self.alice.pk}")
        with self.assertNoLogs("booking.security", "INFO"):
            self.client.post("/api/logout/", body)  # has ended already
        path = f"/api/me/sessions/{second['sid']}/"
        (line,), _ = self.logged(lambda: self.alice_client.delete(path))
        self.assertEqual(line, f"event=session_ended user={self.alice.pk}")
        with self.assertNoLogs("booking.security", "INFO"):
            self.alice_client.delete(path)

    def test_forbidden_request_is_logged(self):
        bobs_booking = create_booking(self.bob, create_show())
        path = f"/api/bookings/{bobs_booking.id}/cancel/"
        (line,), _ = self.logged(lambda: self.alice_client.post(path))
        self.assertEqual(
            line, f"event=refused user={self.alice.pk} method=POST path={path} status=403"
        )

    def test_staff_requests_are_logged(self):
        stella = User.objects.create_superuser("stella", password=SECRETS["password"])
        show, browser = create_show(), Client()
        login = {"username": "stella", "password": SECRETS["password"]}
        account = f"account={hash_account(username='stella')}"
        wrong = login | {"password": "wrong"}
        (line,), _ = self.logged(lambda: browser.post("/admin/login/", wrong))
        self.assertEqual(line, f"event=login_failed {account}")
        (line, _), _ = self.logged(lambda: browser.post("/admin/login/", login))
        self.assertEqual(line, f"event=logged_in user={stella.pk} {account}")
        with self.settings(THROTTLE_LOGIN="1/1d"):
            browser.post("/admin/login/", wrong)
            (line, *_), _ = self.logged(lambda: browser.post("/admin/login/", wrong))
        self.assertEqual(line, f"event=login_throttled {account}")
        path = "/admin/password_change/"
        new = SECRETS["new password"]
        change = {"new_password1": new, "new_password2": new}
        with self.settings(THROTTLE_LOGIN="9/1d"):
            (wrong, _), _ = self.logged(
                lambda: browser.post(path, {"old_password": "wrong", **change})
            )
            (done, _), _ = self.logged(
                lambda: browser.post(path, {"old_password": SECRETS["password"], **change})
            )
        self.assertEqual(wrong, f"event=password_wrong user={stella.pk}")
        self.assertEqual(done, f"event=password_changed user={stella.pk}")
        path = f"/admin/booking/show/{show.id}/delete/"
        (line,), _ = self.logged(lambda: browser.post(path, {"post": "yes"}))
        done = f"event=staff_request user={stella.pk} method=POST path={path} status=302"
        self.assertEqual(line, done)
        doris = create_user("doris", is_staff=True)
        browser.force_login(doris)
        (line,), _ = self.logged(lambda: browser.get("/admin/booking/show/"))
        path = "/admin/booking/show/"
        refused = f"event=refused user={doris.pk} method=GET path={path} status=403"
        self.assertEqual(line, refused)

    def test_log_record_has_request_id_and_client_ip(self):
        record = logging.makeLogRecord({})
        with self.assertLogs("booking.security", "INFO") as logged:
            for handler in logging.getLogger("booking.security").handlers:
                handler.addFilter(RequestContextFilter())
            self.log_in("wrong", headers={"x-request-id": "phone-17"}, REMOTE_ADDR="10.0.0.2")
        (line,) = logged.records
        self.assertEqual((line.request_id, line.client_ip), ("phone-17", "10.0.0.2"))
        RequestContextFilter().filter(record)
        self.assertEqual((record.request_id, record.client_ip), ("-", "-"))

    def test_client_ip_in_log_is_one_line(self):
        with self.assertLogs("booking.security", "INFO") as logged:
            for handler in logging.getLogger("booking.security").handlers:
                handler.addFilter(RequestContextFilter())
            self.log_in("wrong", REMOTE_ADDR="10.0.0.2\nevent=logged_in user=1")
        self.assertEqual(logged.records[0].client_ip, "10.0.0.2?event=logged_in?user=1")

    def test_secrets_are_never_logged(self):
        """All requests with a secret, right and wrong ones, at log level DEBUG."""
        session = open_session(user=self.alice)
        secrets = {**SECRETS, "refresh": str(session), "access": str(session.access_token)}
        show = create_show()
        with self.assertLogs(level="DEBUG") as logged:
            for number, password in enumerate((secrets["password"], "short", 5, [], None)):
                body = {"username": f"dave{number}", "password": password}
                self.client.post("/api/signup/", body)
                self.client.post("/api/login/", body)
                self.client.post("/api/login/", body | {"username": secrets["password"]})
            self.alice_client.credentials(
                HTTP_AUTHORIZATION=f"Bearer {secrets['access']}",
                HTTP_IDEMPOTENCY_KEY=secrets["key"],
            )
            change = {"old_password": secrets["password"], "new_password": secrets["new password"]}
            self.alice_client.post("/api/me/password/", change)
            self.alice_client.delete("/api/me/", {"password": secrets["password"]})
            for seat in (5, 5, 6, 0):
                self.alice_client.post(f"/api/shows/{show.id}/book/", {"seat_number": seat})
            for token in (secrets["refresh"], secrets["access"], secrets["refresh"]):
                for path in ("token/refresh", "logout"):
                    self.client.post(f"/api/{path}/", {"refresh": token})
            self.client.post("/api/login/", secrets["password"], content_type="application/json")
            logging.getLogger("booking").info("the end")
        lines = "\n".join(logged.output)
        self.assertIn("event=login_failed", lines)
        for name, secret in secrets.items():
            self.assertNotIn(secret, lines, name)
            self.assertNotIn(sha256(secret.encode()).hexdigest()[:12], lines, name)
