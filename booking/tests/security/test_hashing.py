"""Passwords are hashed a few at a time, so that many logins do not slow down everybody else."""

from contextlib import ExitStack
from queue import SimpleQueue
from threading import Thread
from unittest import mock

from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, make_password
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, SimpleTestCase

from booking.exceptions import TooBusy
from booking.tests.factories import ApiTestCase, api_client
from movie_booking import hashers

PASSWORD = "paper-moon-1973"
BUSY = {"detail": "We are very busy right now. Please try again in a moment.", "code": "busy"}


class HashingTests(SimpleTestCase):
    def setUp(self):
        wait = mock.patch.object(hashers, "MAX_WAIT", 0)
        wait.start()
        self.addCleanup(wait.stop)

    def test_hashes_at_once_are_limited(self):
        stored = make_password(PASSWORD)
        imported = PBKDF2PasswordHasher().encode(PASSWORD, "salt" * 6, iterations=10)
        with ExitStack() as others:
            for _ in range(hashers.MAX_AT_ONCE - 1):
                others.enter_context(hashers.limit_hashes())
            self.assertTrue(check_password(PASSWORD, stored))
            self.assertTrue(check_password(PASSWORD, imported))
            others.enter_context(hashers.limit_hashes())
            for slow in (
                lambda: make_password(PASSWORD),
                lambda: check_password(PASSWORD, stored),
                lambda: check_password(PASSWORD, imported),
                lambda: make_password(PASSWORD, hasher="pbkdf2_sha256"),
            ):
                self.assertRaises(TooBusy, slow)
        self.assertTrue(check_password(PASSWORD, stored))

    def test_hashes_that_wait_are_limited(self):
        """Of one more than may wait, one is refused at once, and the others get their turn."""
        results = SimpleQueue()

        def hash_password():
            try:
                make_password(PASSWORD)
                results.put("done")
            except TooBusy:
                results.put("busy")

        with mock.patch.object(hashers, "MAX_WAIT", 600), ExitStack() as others:
            others.enter_context(hashers.limit_hashes())
            threads = [Thread(target=hash_password) for _ in range(hashers.MAX_WAITING + 1)]
            for thread in threads:
                thread.start()
            self.assertEqual(results.get(timeout=300), "busy")  # no other can be done
            others.close()
            for thread in threads:
                thread.join()
        self.assertEqual([results.get() for _ in threads[1:]], ["done"] * hashers.MAX_WAITING)


class BusyTests(ApiTestCase):
    """All hashes that may be computed at once are, by others."""

    def setUp(self):
        super().setUp()
        self.stella = User.objects.create_superuser("stella", password=PASSWORD)
        others = ExitStack()
        self.addCleanup(others.close)
        for _ in range(hashers.MAX_AT_ONCE):
            others.enter_context(hashers.limit_hashes())
        wait = mock.patch.object(hashers, "MAX_WAIT", 0)
        wait.start()
        self.addCleanup(wait.stop)

    def test_requests_with_a_password_are_busy(self):
        stella = api_client(self.stella)
        log_in = {"username": "stella", "password": PASSWORD}
        change = {"old_password": PASSWORD, "new_password": "silver-screen-1927"}
        with self.settings(THROTTLE_LOGIN="1/1d", THROTTLE_SIGNUP="1/1d"):
            for response in (
                self.client.post("/api/login/", log_in),
                self.client.post("/api/login/", log_in | {"username": "unknown"}),
                self.client.post("/api/signup/", log_in | {"username": "dave"}),
                stella.post("/api/me/password/", change),
                stella.delete("/api/me/", {"password": PASSWORD}),
            ):
                self.assertResponse(response, 503, BUSY)
                self.assertEqual(response["Retry-After"], "1")
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM counters")
            self.assertEqual(cursor.fetchone()[0], 0)

    def test_admin_is_busy(self):
        browser = Client(raise_request_exception=False)
        browser.force_login(self.stella)
        new = {"new_password1": "silver-screen-1927", "new_password2": "silver-screen-1927"}
        for client, path, body in (
            (Client(raise_request_exception=False), "login", {"username": "stella"}),
            (browser, "password_change", {"old_password": PASSWORD, **new}),
        ):
            response = client.post(f"/admin/{path}/", body | {"password": PASSWORD})
            self.assertEqual(response.content.decode(), BUSY["detail"])
            self.assertEqual((response.status_code, response["Retry-After"]), (503, "1"))

    def test_other_requests_are_answered(self):
        self.assertEqual(self.alice_client.get("/api/me/").status_code, 200)
        self.assertEqual(self.client.post("/api/login/", {"username": "x"}).status_code, 400)
        taken = {"username": "STELLA", "password": PASSWORD}
        self.assertEqual(self.client.post("/api/signup/", taken).status_code, 400)
