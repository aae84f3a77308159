"""`/metrics`, and that only committed changes are counted."""

import os
import re
import subprocess
import sys
import tempfile
from datetime import timedelta
from unittest import mock

from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import SimpleTestCase, TransactionTestCase, override_settings
from prometheus_client.parser import text_string_to_metric_families

from booking import box_office
from booking.metrics import REGISTRY
from booking.models import Mail, Reservation
from booking.models.mails import MailKind
from booking.tests.factories import api_client, create_hold, create_show, create_user

TOKEN = "metrics-token-of-the-test"
DEADLOCK = type("Deadlock", (Exception,), {"sqlstate": "40P01"})


class Counted:
    """Differences of the counters since this object was made."""

    def __init__(self):
        self.before = self.read()

    @staticmethod
    def read():
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in REGISTRY.collect()
            for sample in family.samples
            if sample.name.endswith(("_total", "_count"))
        }

    def gained(self, name):
        """By the values of the labels."""
        after = self.read()
        return {
            " ".join(key[1:]): int(value - self.before.get(key, 0))
            for key, value in after.items()
            if key[0] == name and value != self.before.get(key, 0)
        }


class CounterTests(TransactionTestCase):
    def setUp(self):
        self.alice = create_user("alice", email="alice@example.com")
        self.client = api_client(self.alice)
        self.show = create_show()
        self.counted = Counted()

    def book(self, seat_number=5, **more):
        path = f"/api/shows/{self.show.pk}/book/"
        return self.client.post(path, {"seat_number": seat_number}, **more)

    def seats(self):
        return self.counted.gained("seats_total")

    def test_booking_is_counted_once(self):
        self.assertEqual(self.book().status_code, 201)
        self.assertEqual(self.seats(), {"booked": 1})
        self.assertEqual(self.counted.gained("http_requests_total"), {"book_seat POST 201": 1})
        self.assertEqual(self.counted.gained("http_request_seconds_count"), {"book_seat": 1})
        self.assertEqual(self.counted.gained("show_lock_seconds_count"), {"": 1})
        self.assertEqual(self.counted.gained("transaction_retries_total"), {})

    def test_refusal_is_counted_by_its_code_and_no_seat(self):
        self.book()
        self.counted = Counted()
        self.assertEqual(self.book().status_code, 400)
        self.assertEqual(self.seats(), {})
        self.assertEqual(self.counted.gained("refusals_total"), {"seat_taken": 1})

    def test_replay_is_counted_and_sells_nothing(self):
        for _ in range(2):
            self.assertEqual(self.book(headers={"idempotency-key": "one"}).status_code, 201)
        self.assertEqual(self.seats(), {"booked": 1})
        self.assertEqual(self.counted.gained("idempotent_replays_total"), {"": 1})

    def test_every_change_of_a_seat_is_counted(self):
        stella = User.objects.create_superuser("stella")
        hold = box_office.reserve(
            show_id=self.show.pk, by=self.alice, seat_numbers=[1, 2], hold=True
        )
        box_office.confirm(reservation=hold, by=self.alice)
        found = Reservation.find(hold.reference)
        first, second = (each.booking for each in found.bookings)
        box_office.move(booking=first, seat_number=3, by=self.alice)
        box_office.cancel(booking=second, by=self.alice)
        self.show.date_time -= timedelta(hours=23, minutes=30)
        self.show.save()
        box_office.admit(booking_id=first.pk, seat_number=3, by=stella)
        create_hold(self.alice, self.show, 9, ends_in=timedelta(seconds=-1))
        box_office.expire_holds()
        self.assertEqual(
            self.seats(),
            {
                "held": 2,
                "confirmed": 2,
                "moved": 1,
                "cancelled": 1,
                "admitted": 1,
                "expired": 1,
            },
        )

    def test_rollback_counts_nothing(self):
        with self.assertRaises(ZeroDivisionError), box_office.transaction():
            box_office.book(show_id=self.show.pk, seat_number=5, by=self.alice)
            self.assertEqual(self.seats(), {})
            raise ZeroDivisionError
        self.assertEqual(self.seats(), {})

    def test_retry_is_counted_and_its_seat_once(self):
        calls = []

        @box_office.retry_transaction
        def book_after_a_deadlock():
            with box_office.transaction():
                box_office.book(show_id=self.show.pk, seat_number=5, by=self.alice)
                calls.append(1)
                if len(calls) == 1:
                    raise OperationalError from DEADLOCK()

        book_after_a_deadlock()
        self.assertEqual(self.seats(), {"booked": 1})
        self.assertEqual(self.counted.gained("transaction_retries_total"), {"": 1})

    def test_labels_are_bounded_whatever_clients_send(self):
        for number in range(3):
            self.client.get(f"/nowhere/{number}")
            self.client.get(f"/api/movies/{number + 10_000}/shows/")
            self.client.generic(f"X{number}", "/nowhere/")
        self.assertEqual(
            self.counted.gained("http_requests_total"),
            {"unknown GET 404": 3, "movie_shows GET 404": 3, "unknown other 404": 3},
        )

    @override_settings(THROTTLE_USER="1/1h")
    def test_throttled_request_is_counted_by_its_status(self):
        while self.client.get("/api/my-bookings/").status_code != 429:
            pass
        self.assertEqual(self.counted.gained("http_requests_total")["my_bookings GET 429"], 1)


@override_settings(METRICS_TOKEN=TOKEN)
class PageTests(TransactionTestCase):
    def scrape(self):
        response = self.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
        self.assertEqual(response.status_code, 200)
        return {family.name: family for family in text_string_to_metric_families(response.text)}

    @override_settings(METRICS_TOKEN="")
    def test_without_the_setting_there_is_no_page(self):
        for value in ("", "Bearer ", f"Bearer {TOKEN}"):
            response = self.client.get("/metrics", headers={"authorization": value})
            self.assertEqual(response.status_code, 404)

    def test_wrong_token_is_refused(self):
        for value in ("", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}"):
            response = self.client.get("/metrics", headers={"authorization": value})
            self.assertEqual((response.status_code, response["WWW-Authenticate"]), (401, "Bearer"))
            self.assertEqual(response.json()["code"], "not_authenticated")

    def test_waiting_mails_are_counted_with_the_age_of_the_oldest(self):
        self.assertEqual(self.scrape()["mails_waiting"].samples[0].value, 0)
        alice = create_user("alice")
        for _ in range(2):
            Mail.objects.create(kind=MailKind.PASSWORD_CHANGED, user=alice, recipient="a@b.example")
        first = Mail.objects.order_by("pk").first()
        Mail.objects.filter(pk=first.pk).update(created_at=first.created_at - timedelta(hours=1))
        found = self.scrape()
        self.assertEqual(found["mails_waiting"].samples[0].value, 2)
        self.assertGreaterEqual(found["oldest_waiting_mail_seconds"].samples[0].value, 3600)

    def test_page_is_served_without_the_database(self):
        away = mock.patch.object(Mail.objects, "waiting", side_effect=OperationalError)
        with away, self.assertLogs("booking.metrics_page", "WARNING"):
            found = self.scrape()
        self.assertNotIn("mails_waiting", found)
        self.assertIn("http_requests", found)


class MultiprocessTests(SimpleTestCase):
    def test_processes_count_together(self):
        script = (
            "import django; django.setup(); from booking import metrics, metrics_page;"
            "metrics.REPLAYS.inc();"
            "metrics_page.WAITING_RUN.function = lambda results: None;"
            "from django.test import Client;"
            f"print(Client().get('/metrics', headers={{'authorization': 'Bearer {TOKEN}'}}).text)"
        )
        with tempfile.TemporaryDirectory() as folder:
            environ = {
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
                "PROMETHEUS_MULTIPROC_DIR": folder,
                "METRICS_TOKEN": TOKEN,
            }
            for count in (1, 2):
                done = subprocess.run(
                    [sys.executable, "-c", script],
                    cwd=settings.BASE_DIR,
                    env=environ,
                    capture_output=True,
                    text=True,
                )
                self.assertEqual(done.returncode, 0, done.stderr)
                found = re.search(r"(?m)^idempotent_replays_total (\S+)$", done.stdout)
                self.assertEqual(float(found[1]), count)
