"""Rate limits, which neither more worker processes nor forged headers extend."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from http.client import HTTPConnection
from importlib.util import find_spec
from io import StringIO
from socket import create_connection
from socketserver import TCPServer
from threading import Thread
from unittest import mock, skipUnless
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory, TestCase, TransactionTestCase, override_settings
from django.utils import timezone

from booking.cache import RedisCounterCache
from booking.exceptions import duration
from booking.logging import hash_account
from booking.models import Booking
from booking.tests.concurrency.racing import at_once
from booking.tests.factories import (
    ApiTestCase,
    api_client,
    create_booking,
    create_hold,
    create_show,
)
from booking.tests.schema_conformance import allow_unknown_fields
from booking.tests.torture.system import free_port
from booking.throttling import LoginLimit, UserThrottle

PASSWORD = "paper-moon-1973"
NOON = 1_800_000_000  # a whole number of quarters of an hour


def at(seconds):
    return mock.patch("booking.throttling.rates.time.time", lambda: NOON + seconds)


class ThrottleTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        UserThrottle.window = None
        clock = at(600)
        clock.start()
        self.addCleanup(clock.stop)

    def assertThrottled(self, response, seconds):
        sentence = f"Too many attempts. Please try again in {duration(seconds)}."
        self.assertResponse(response, 429, {"detail": sentence, "code": "throttled"})
        self.assertEqual(response["Retry-After"], str(seconds))


@override_settings(THROTTLE_LOGIN="3/15m")
class LoginThrottleTests(ThrottleTests):
    def setUp(self):
        super().setUp()
        User.objects.create_user("carol", password=PASSWORD)

    def log_in(self, username="carol", password="wrong", **more):
        body = {"username": username, "password": password}
        return self.client.post("/api/login/", body, **more)

    def lock_out(self, **more):
        for _ in range(3):
            self.assertEqual(self.log_in(**more).status_code, 401)

    def test_login_after_wrong_passwords_is_throttled(self):
        self.lock_out()
        self.assertThrottled(self.log_in(), 300)
        self.assertThrottled(self.log_in(password=PASSWORD), 300)
        for same in ("CAROL", " carol", "carol\t", "carol\u3000", "ｃarol"):
            self.assertThrottled(self.log_in(username=same), 300)
        with at(900):
            self.assertEqual(self.log_in(password=PASSWORD).status_code, 200)

    def counters(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT COUNT(*) FROM counters")
            return cursor.fetchone()[0]

    def test_only_wrong_passwords_leave_counters(self):
        self.log_in(password=PASSWORD)
        for body in ({"username": "carol"}, {"username": "x", "password": ""}, {}, {"username": 5}):
            self.assertEqual(self.client.post("/api/login/", body).status_code, 400)
            self.assertEqual(Client().post("/admin/login/", body).status_code, 200)
        self.alice_client.delete("/api/me/")
        self.alice_client.post("/api/me/password/", {"new_password": PASSWORD})
        self.assertEqual(self.counters(), 0)
        self.log_in()
        self.assertEqual(self.counters(), 2)

    def exhaust_network(self):
        for number in range(30):
            self.assertEqual(self.log_in(username=f"made-up-{number}").status_code, 401)

    def test_account_that_has_not_failed_logs_in_from_network_over_its_limit(self):
        User.objects.create_user("dave", password=PASSWORD)
        self.exhaust_network()
        self.assertEqual(self.log_in(password=PASSWORD).status_code, 200)
        self.assertThrottled(self.log_in(), 300)
        self.assertThrottled(self.log_in(password=PASSWORD), 300)
        self.assertEqual(self.log_in(username=" DAVE", password=PASSWORD).status_code, 200)
        self.assertThrottled(self.log_in(username="made-up-1"), 300)

    def test_own_password_is_accepted_from_network_over_its_limit(self):
        self.exhaust_network()
        carol = api_client(User.objects.get(username="carol"))
        body = {"old_password": PASSWORD, "new_password": "silver-screen-1927"}
        self.assertEqual(carol.post("/api/me/password/", body).status_code, 200)

    def test_throttled_logins_are_in_the_security_log(self):
        self.lock_out()
        line = f"event=login_throttled account={hash_account(username='carol')}"
        for password in ("wrong", PASSWORD):
            with self.assertLogs("booking.security", "INFO") as logged:
                self.log_in(password=password)
            self.assertEqual([each.getMessage() for each in logged.records], [line])

    def test_wrong_passwords_that_were_checked_at_once_are_throttled(self):
        """As if three others had failed between the check of the limit and the count."""
        request = RequestFactory().post("/")
        request.client_ip = "127.0.0.1"
        limit = LoginLimit(request, username="carol")
        self.assertTrue(limit.allows_attempt())
        self.lock_out()
        self.assertFalse(limit.count_wrong_password())

    def test_login_with_right_password_is_not_counted(self):
        for _ in range(5):
            self.assertEqual(self.log_in(password=PASSWORD).status_code, 200)
        self.lock_out()
        self.assertEqual(self.log_in().status_code, 429)

    def test_requests_without_password_check_are_not_counted(self):
        for _ in range(5):
            self.assertEqual(self.client.get("/api/login/").status_code, 405)
            self.assertEqual(self.client.post("/api/login/").status_code, 400)
            self.assertEqual(
                self.client.post("/api/login/", "[", content_type="text/x").status_code, 415
            )
            self.assertEqual(self.alice_client.delete("/api/me/").status_code, 400)
        self.alice.set_password(PASSWORD)
        self.alice.save()
        alice = api_client(self.alice)
        weak = {"old_password": PASSWORD, "new_password": "weak"}
        for _ in range(5):
            self.assertEqual(alice.post("/api/me/password/", weak).status_code, 400)
        self.lock_out()

    def test_throttled_login_adds_no_counters(self):
        for number in range(31):
            self.log_in(username=f"user{number}")
        before = self.counters()
        self.assertEqual(before, 1 + 30)
        for number in range(31, 40):
            self.assertEqual(self.log_in(username=f"user{number}").status_code, 429)
        self.assertEqual(self.counters(), before)

    def test_login_from_another_ip_is_not_throttled(self):
        self.lock_out()
        elsewhere = self.log_in(password=PASSWORD, REMOTE_ADDR="10.0.0.2")
        self.assertEqual(elsewhere.status_code, 200)

    def test_forwarded_header_without_proxy_is_ignored(self):
        self.lock_out(headers={"x-forwarded-for": "10.0.0.2"})
        response = self.log_in(headers={"x-forwarded-for": "10.0.0.3"})
        self.assertThrottled(response, 300)

    def test_forwarded_header_behind_proxy_is_the_client_ip(self):
        """Only its last entry, which the proxy has added."""
        with self.settings(NUM_PROXIES=1):
            self.lock_out(headers={"x-forwarded-for": "1.1.1.1, 10.0.0.2"})
            for same in ("2.2.2.2, 10.0.0.2", "10.0.0.2:5678", "::ffff:10.0.0.2"):
                response = self.log_in(headers={"x-forwarded-for": same})
                self.assertEqual(response.status_code, 429, same)
            for other in ("1.1.1.1, 10.0.0.3", "::ffff:10.0.0.3", "[2001:db8::1]:80", "nonsense"):
                response = self.log_in(headers={"x-forwarded-for": other})
                self.assertEqual(response.status_code, 401, other)

    def test_client_ip_header_of_the_settings_is_used(self):
        with self.settings(NUM_PROXIES=1, CLIENT_IP_HEADER="X-Real-IP"):
            self.lock_out(headers={"x-real-ip": "10.0.0.2"})
            for spoofed in ({"x-forwarded-for": "10.0.0.3"}, {"x-client-ip": "10.0.0.3"}):
                response = self.log_in(headers={"x-real-ip": "10.0.0.2"} | spoofed)
                self.assertEqual(response.status_code, 429)
            self.assertEqual(self.log_in(headers={"x-real-ip": "10.0.0.3"}).status_code, 401)

    def test_ipv6_addresses_of_one_network_share_a_limit(self):
        self.lock_out(REMOTE_ADDR="2001:db8::1")
        self.assertEqual(self.log_in(REMOTE_ADDR="2001:db8::2").status_code, 429)
        self.assertEqual(self.log_in(REMOTE_ADDR="2001:db8:1::1").status_code, 401)

    def test_logins_to_many_accounts_from_one_ip_are_throttled(self):
        for number in range(30):
            self.assertEqual(self.log_in(username=f"user{number}").status_code, 401)
        self.assertThrottled(self.log_in(username="another"), 300)

    def test_wrong_own_passwords_are_throttled(self):
        for _ in range(3):
            wrong = self.alice_client.delete("/api/me/", {"password": "wrong"})
            self.assertEqual(wrong.status_code, 400)
        self.assertThrottled(self.alice_client.delete("/api/me/", {"password": "wrong"}), 300)
        body = {"old_password": "wrong", "new_password": PASSWORD}
        self.assertThrottled(self.alice_client.post("/api/me/password/", body), 300)

    def test_wrong_passwords_for_a_new_email_are_throttled(self):
        def patch(**body):
            return self.alice_client.patch("/api/me/", body)

        for _ in range(5):
            self.assertEqual(patch(email="a@example.com").status_code, 400)  # no password
            self.assertEqual(patch(first_name="Ada").status_code, 200)
        for _ in range(3):
            self.assertEqual(patch(email="a@example.com", password="wrong").status_code, 400)
        self.assertThrottled(patch(email="a@example.com", password="wrong"), 300)
        self.assertThrottled(self.alice_client.delete("/api/me/", {"password": "wrong"}), 300)
        self.assertEqual(patch(first_name="Augusta").status_code, 200)

    def test_admin_login_is_throttled(self):
        User.objects.create_superuser("stella", password=PASSWORD)

        def log_in(password):
            body = {"username": "stella", "password": password}
            return Client().post("/admin/login/", body)

        self.assertEqual(log_in(PASSWORD).status_code, 302)
        for _ in range(3):
            self.assertContains(log_in("wrong"), "Please enter the correct username")
        too_many = "Too many wrong passwords. Try again in 5 minutes."
        self.assertContains(log_in(PASSWORD), too_many)

    def test_wrong_old_passwords_in_the_admin_are_throttled(self):
        stella = User.objects.create_superuser("stella", password=PASSWORD)
        browser, path = Client(), "/admin/password_change/"
        browser.force_login(stella)

        def change(old_password, new_password="silver-screen-1927"):
            new = {"new_password1": new_password, "new_password2": new_password}
            return browser.post(path, {"old_password": old_password, **new}, follow=True)

        self.assertContains(change(PASSWORD, "short"), "This password is too short")
        self.assertContains(change(""), "This field is required")
        self.assertEqual(self.counters(), 0)
        for _ in range(3):
            self.assertContains(change("wrong"), "Your old password was entered incorrectly")
        too_many = "Too many wrong passwords. Try again in 5 minutes."
        self.assertContains(change(PASSWORD), too_many)
        self.assertThrottled(self.log_in(username="stella", password=PASSWORD), 300)
        with at(900):
            self.assertContains(change(PASSWORD), "Your password was changed")

    @override_settings(THROTTLE_LOGIN="")
    def test_empty_rate_means_no_limit(self):
        for _ in range(2):
            self.lock_out()


class OtherThrottleTests(ThrottleTests):
    @override_settings(THROTTLE_SIGNUP="2/1h")
    def test_signups_from_one_ip_are_throttled(self):
        bodies = [{"username": f"dave{n}", "password": PASSWORD} for n in range(3)]
        responses = [self.client.post("/api/signup/", body) for body in bodies]
        self.assertEqual([each.status_code for each in responses[:2]], [201, 201])
        self.assertEqual(self.client.get("/api/signup/").status_code, 405)
        self.assertThrottled(responses[2], 3600 - (NOON + 600) % 3600)
        elsewhere = self.client.post("/api/signup/", bodies[2], REMOTE_ADDR="10.0.0.2")
        self.assertEqual(elsewhere.status_code, 201)

    @override_settings(THROTTLE_SIGNUP="2/1h")
    def test_signups_that_fail_are_not_counted(self):
        good = {"username": "dave", "password": PASSWORD}
        self.assertEqual(self.client.post("/api/signup/", good).status_code, 201)
        bad = [good, {"username": "DAVE", "password": PASSWORD}, {"username": "x"}, {}, {"y": "z"}]
        for body in bad:
            self.assertEqual(self.client.post("/api/signup/", body).status_code, 400)
        another = good | {"username": "erin"}
        self.assertEqual(self.client.post("/api/signup/", another).status_code, 201)
        response = self.client.post("/api/signup/", good | {"username": "frank"})
        self.assertEqual(response.status_code, 429)

    @override_settings(THROTTLE_HOLD="2/10m")
    def test_holds_of_a_user_are_throttled(self):
        show = create_show()
        path = f"/api/shows/{show.id}/reservations/"
        for _ in range(2):
            self.assertEqual(
                self.alice_client.post(path, {"count": 1, "hold": True}).status_code, 201
            )
        self.assertThrottled(self.alice_client.post(path, {"count": 1, "hold": True}), 600)
        self.assertEqual(self.alice_client.post(path, {"count": 1}).status_code, 201)
        form = {"count": 1, "hold": "false"}
        self.assertEqual(self.alice_client.post(path, form, format="multipart").status_code, 201)
        self.assertEqual(self.bob_client.post(path, {"count": 1, "hold": True}).status_code, 201)

    @override_settings(THROTTLE_HOLD="2/10m")
    def test_holds_are_throttled_in_every_spelling_of_true(self):
        show = create_show(total_seats=40)
        spellings = [True, 1, 1.0, "true", "TRUE", "True", "On", "on", "1", "yes", "YES", "y", "T"]
        bodies = [json.dumps({"count": 1, "hold": spelling}) for spelling in spellings]
        forms = ["count=1&hold=On", "count=1&hold=false&hold=TRUE"]
        for number, body in enumerate(bodies + forms):
            kind = "application/json" if body in bodies else "application/x-www-form-urlencoded"
            with self.subTest(body), allow_unknown_fields():
                client = api_client(User.objects.create(username=f"customer{number}"))
                statuses = [self.reserve(show, client, body, kind).status_code for _ in range(3)]
                self.assertEqual(statuses, [201, 201, 429])

    @override_settings(THROTTLE_HOLD="1/10m")
    def test_requests_that_hold_nothing_are_not_counted(self):
        show = create_show(total_seats=40)
        others = [False, 0, 0.0, "false", "OFF", "no", "perhaps", None, 2, "", " true", [True], {}]
        bodies = [{"count": 1, "hold": hold} for hold in others]
        bodies += [{"hold": True}, {"count": 0, "hold": True}, [True], "hold", None]
        for body in bodies:
            with self.subTest(body), allow_unknown_fields():
                response = self.reserve(show, self.alice_client, json.dumps(body))
                self.assertIn(response.status_code, [201, 400])
        held = self.reserve(show, self.alice_client, '{"count": 1, "hold": true}')
        self.assertEqual(held.status_code, 201)

    def reserve(self, show, client, body, content_type="application/json"):
        path = f"/api/shows/{show.id}/reservations/"
        return client.post(path, body, content_type=content_type)

    @override_settings(THROTTLE_HOLD="2/10m")
    def test_refused_holds_are_counted_with_or_without_key(self):
        """The refusal rolls back its transaction, not the count."""
        show = create_show(total_seats=1)
        path = f"/api/shows/{show.id}/reservations/"
        self.bob_client.post(f"/api/shows/{show.id}/book/", {"seat_number": 1})
        hold = {"count": 1, "hold": True}
        for key in ({"Idempotency-Key": "k"}, {}):
            response = self.alice_client.post(path, hold, headers=key)
            self.assertEqual(response.json()["code"], "sold_out")
        self.assertThrottled(self.alice_client.post(path, hold), 600)

    @override_settings(THROTTLE_HOLD="1/10m")
    def test_hold_repeated_with_its_key_is_answered_over_the_limit(self):
        path = f"/api/shows/{create_show().id}/reservations/"

        def post(key):
            headers = {"Idempotency-Key": key}
            return self.alice_client.post(path, {"count": 1, "hold": True}, headers=headers)

        first, again = post("k"), post('"k"')
        self.assertEqual((again.status_code, again.content), (201, first.content))
        self.assertEqual(again["Idempotency-Replayed"], "true")
        self.assertThrottled(post("other"), 600)

    @override_settings(THROTTLE_CANCEL="2/1h")
    def test_cancellations_of_a_user_are_throttled(self):
        show = create_show()
        left = 3600 - (NOON + 600) % 3600

        def book_and_cancel(client=self.alice_client):
            booked = client.post(f"/api/shows/{show.id}/book/", {"seat_number": 5})
            self.assertEqual(booked.status_code, 201)
            return client.post(f"/api/bookings/{booked.json()['id']}/cancel/")

        self.assertEqual(book_and_cancel().status_code, 200)
        path = f"/api/shows/{show.id}/reservations/"
        held = self.alice_client.post(path, {"count": 5, "hold": True}).json()
        path = f"/api/reservations/{held['reference']}/cancel/"
        self.assertEqual(self.alice_client.post(path).status_code, 200)
        self.assertThrottled(book_and_cancel(), left)
        self.assertThrottled(self.alice_client.post(path), left)
        self.assertEqual(Booking.objects.filter(status="cancelled").count(), 6)
        show = create_show()
        self.assertEqual(book_and_cancel(self.bob_client).status_code, 200)
        self.alice.set_password(PASSWORD)
        self.alice.save()
        gone = api_client(self.alice).delete("/api/me/", {"password": PASSWORD})
        self.assertEqual(gone.status_code, 204)
        self.assertFalse(Booking.objects.active().exists())

    @override_settings(THROTTLE_CANCEL="2/1h")
    def test_moves_and_extensions_of_a_user_are_throttled(self):
        show = create_show()
        left = 3600 - (NOON + 600) % 3600
        booking, hold = create_booking(self.alice, show, 1), create_hold(self.alice, show, 2)
        path = f"/api/bookings/{booking.id}/move/"
        for seat_number in (3, 1):
            moved = self.alice_client.post(path, {"seat_number": seat_number})
            self.assertEqual(moved.status_code, 200)
        self.assertThrottled(self.alice_client.post(path, {"seat_number": 3}), left)
        for _ in range(2):
            path = f"/api/reservations/{hold.reference}/extend/"
            self.assertEqual(self.alice_client.post(path).status_code, 200)
        self.assertThrottled(self.alice_client.post(path), left)
        path = f"/api/bookings/{booking.id}/cancel/"
        self.assertEqual(self.alice_client.post(path).status_code, 200)

    @override_settings(THROTTLE_USER="5/1m")
    def test_requests_of_a_user_are_throttled(self):
        for _ in range(5):
            self.assertEqual(self.alice_client.get("/api/my-bookings/").status_code, 200)
        self.assertThrottled(self.alice_client.get("/api/my-bookings/"), 60)
        self.assertEqual(self.bob_client.get("/api/my-bookings/").status_code, 200)
        self.assertEqual(self.alice_client.get("/api/movies/").status_code, 200)
        with at(660):
            self.assertEqual(self.alice_client.get("/api/my-bookings/").status_code, 200)

    @override_settings(THROTTLE_USER="600/1m")
    def test_user_throttle_queries_the_cache_in_steps(self):
        """One cache query for 30 requests, a twentieth of the limit."""
        with self.assertNumQueries(2 * 29 + 3):
            for _ in range(30):
                self.alice_client.get("/api/bookings/0/")

    @override_settings(THROTTLE_USER="1/1d", THROTTLE_LOGIN="1/1d", THROTTLE_SIGNUP="1/1d")
    def test_documentation_is_not_throttled(self):
        for _ in range(5):
            for path in ("/swagger/", "/swagger.json", "/redoc/"):
                self.assertEqual(self.alice_client.get(path).status_code, 200)


class CounterTests(TransactionTestCase):
    def setUp(self):
        cache.clear()  # counters of earlier tests, which may expire meanwhile

    def test_simultaneous_increments_are_all_counted(self):
        counted = at_once([lambda: _Increment(cache) for _ in range(16)])
        self.assertEqual(sorted(each.number for each in counted), list(range(1, 17)))

    def test_prune_deletes_expired_counters(self):
        now = timezone.now()
        cache.increment("old", by=1, expires_at=now - timedelta(hours=1))
        cache.increment("new", by=5, expires_at=now + timedelta(hours=1))
        out = StringIO()
        call_command("prune", stdout=out)
        self.assertIn("Deleted 1 expired counters.\n", out.getvalue())
        self.assertEqual(cache.increment("old", by=1, expires_at=now), 1)
        self.assertEqual(cache.increment("new", by=1, expires_at=now), 6)


class _Increment:
    """An increment as an object, because `at_once` sets attributes on each result."""

    def __init__(self, counters):
        self.number = counters.increment(
            "seats", by=1, expires_at=timezone.now() + timedelta(hours=1)
        )


class SilentServer(TCPServer):
    """Accepts connections and never answers, as a Redis host that hangs."""

    allow_reuse_address = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), None)
        self.connections = []
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def process_request(self, request, client_address):
        self.connections.append(request)

    def stop(self):
        self.shutdown()
        self.server_close()
        for connection_ in self.connections:
            connection_.close()


class RedisTests(TestCase):
    def counters(self, port, timeout=0.2):
        options = {"socket_connect_timeout": timeout, "socket_timeout": timeout}
        return RedisCounterCache(f"redis://127.0.0.1:{port}", {"OPTIONS": options})

    def silent_server(self):
        server = SilentServer()
        self.addCleanup(server.stop)
        return server, server.server_address[1]

    @skipUnless(find_spec("fakeredis"), "pip install -r requirements-dev.txt")
    def test_redis_counter_adds_up(self):
        from fakeredis import TcpFakeServer

        port = free_port()
        server = TcpFakeServer(("127.0.0.1", port))
        Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        counters = self.counters(port, timeout=60)
        later = timezone.now() + timedelta(hours=1)
        with self.assertNumQueries(0):
            numbers = [counters.increment("seats", by=by, expires_at=later) for by in (1, 1, 5, -1)]
            self.assertEqual(numbers, [1, 2, 7, 6])
            self.assertEqual(counters.increment("others", by=1, expires_at=later), 1)
            self.assertEqual(counters.read_counters(["others", "none", "seats"]), [1, 0, 6])

    def test_redis_that_does_not_answer_is_left_alone(self):
        """One attempt and one line in the log; meanwhile counters are in the database."""
        server, port = self.silent_server()
        later = timezone.now() + timedelta(hours=1)
        with self.assertLogs("booking.cache", "ERROR") as logged:
            for number in (1, 2, 3):
                counters = self.counters(port)  # Django makes one for each thread
                self.assertEqual(counters.increment("seats", by=1, expires_at=later), number)
                self.assertEqual(counters.read_counters(["seats", "none"]), [number, 0])
        self.assertEqual((len(server.connections), len(logged.records)), (1, 1))
        sentence = "Redis is unavailable; for 30 seconds requests are counted in the database: "
        self.assertTrue(logged.records[0].getMessage().startswith(sentence))

    def test_redis_is_tried_again_after_the_pause(self):
        server, port = self.silent_server()
        counters = self.counters(port)
        counters.PAUSE = 0
        with self.assertLogs("booking.cache", "ERROR") as logged:
            for _ in range(3):
                counters.read_counters(["seats"])
        self.assertEqual((len(server.connections), len(logged.records)), (3, 3))

    def test_redis_that_refuses_connections_is_left_alone(self):
        counters = self.counters(free_port())
        later = timezone.now() + timedelta(hours=1)
        with self.assertLogs("booking.cache", "ERROR") as logged:
            numbers = [counters.increment("seats", by=1, expires_at=later) for _ in range(3)]
        self.assertEqual((numbers, len(logged.records)), ([1, 2, 3], 1))

    def test_prune_deletes_counters_of_the_time_without_redis(self):
        counters = self.counters(free_port())
        counters.database.increment("old", by=1, expires_at=timezone.now() - timedelta(hours=1))
        self.assertEqual(counters.delete_expired(), 1)


class WorkersTests(TransactionTestCase):
    """The production server with four worker processes."""

    LIMIT = 10

    def url(self):
        name = connection.settings_dict["NAME"]
        if connection.vendor == "sqlite":
            return f"sqlite:///{name}"
        # Eight clients queue for one counter: without a time limit for the wait.
        no_limits = quote("-c lock_timeout=0 -c statement_timeout=0")
        return f"{os.environ['DATABASE_URL'].rsplit('/', 1)[0]}/{name}?options={no_limits}"

    def test_logins_to_four_workers_share_one_limit(self):
        User.objects.create_user("carol", password=PASSWORD)
        port = free_port()
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port)),
                *("--workers", "4", "--blocking-threads", "1", "--log-level", "critical"),
                "movie_booking.wsgi:application",
            ],
            cwd=settings.BASE_DIR,
            env=os.environ
            | {
                "DEBUG": "on",
                "DATABASE_URL": self.url(),
                "DATABASE_DEADLINE_SECONDS": "0",
                "THROTTLE_LOGIN": "10/1d",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self.wait_for(port)
            tried = at_once([lambda n=n: _WrongLogins(port, n) for n in range(8)])
        finally:
            server.terminate()
            server.wait(300)
        statuses = [status for each in tried for status in each.statuses]
        self.assertEqual(len(statuses), 200)
        self.assertEqual((statuses.count(401), statuses.count(429)), (self.LIMIT, 190))

    def wait_for(self, port):
        deadline = time.monotonic() + 300
        while True:
            try:
                create_connection(("127.0.0.1", port), timeout=5).close()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return


class _WrongLogins:
    """25 wrong logins, each with another X-Forwarded-For."""

    def __init__(self, port, number):
        self.statuses = []
        for n in range(25):
            http = HTTPConnection("127.0.0.1", port, timeout=300)
            headers = {
                "X-Forwarded-For": f"10.{number}.{n}.1",
                "Content-Type": "application/json",
                "Connection": "close",
            }
            http.request("POST", "/api/login/", '{"username": "carol", "password": "x"}', headers)
            with http.getresponse() as response:
                self.statuses.append(response.status)
            http.close()
