"""The counter and the programme: clerks and customers at once, and shows that would overlap."""

from collections import Counter
from datetime import timedelta
from functools import partial
from unittest import mock, skipUnless

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone

from booking import accounts
from booking.models import Booking, Show
from booking.tests.concurrency.racing import at_once
from booking.tests.factories import (
    api_client,
    create_movie,
    create_screen,
    create_show,
    create_user,
)

CLERKS, CUSTOMERS = 8, 32


def logged_in(user):
    client = Client()
    client.force_login(user)
    return client


class CounterRaceTests(TransactionTestCase):
    def test_clerks_and_customers_want_one_hall(self):
        """Each wants two of 40 seats, so that every seat is wanted twice."""
        show = create_show(screen=create_screen(layout="\n".join(["ssss.ssss"] * 5)))
        accounts.reserved_account(accounts.WALK_IN)
        plan = f"/admin/booking/show/{show.pk}/seats/"
        reserve = f"/api/shows/{show.pk}/reservations/"
        calls = []
        for number in range(CLERKS + CUSTOMERS):
            seats = [1 + 2 * (number % 20), 2 + 2 * (number % 20)]
            if number < CLERKS:
                client = logged_in(User.objects.create_superuser(f"clerk{number}"))
                form = {"action": "sell", "seat": seats, "note": f"Guest {number}"}
                calls.append(partial(client.post, plan, form))
            else:
                client = api_client(create_user(f"customer{number}"))
                body = {"seat_numbers": seats}
                calls.append(partial(client.post, reserve, body, format="json"))
        responses = at_once(calls)
        sold = sorted(Booking.objects.active().values_list("seat_number", flat=True))
        self.assertEqual(sold, list(range(1, 41)))
        at_the_counter, online = responses[:CLERKS], responses[CLERKS:]
        for page in at_the_counter:
            if page.status_code != 302:
                self.assertRegex(page.rendered_content, r"Taken meanwhile: \w+, \w+\.|sold out")
        refused = [each.json() for each in online if each.status_code != 201]
        self.assertLessEqual({each["code"] for each in refused}, {"seat_taken", "sold_out"})
        done = Counter(each.status_code for each in responses)
        self.assertEqual(done[201] + done[302], 20)


class ScheduleRaceTests(TransactionTestCase):
    def setUp(self):
        self.movie, self.screen = create_movie(), create_screen()
        self.managers = [logged_in(User.objects.create_superuser(f"m{each}")) for each in (1, 2)]
        self.evening = timezone.now().replace(hour=20, minute=0) + timedelta(days=3)

    def add_two_shows_that_overlap(self):
        """The responses: 20:00 and 20:30, so that no constraint helps."""
        calls = []
        for client, minutes in zip(self.managers, (0, 30), strict=True):
            starts = self.evening + timedelta(minutes=minutes)
            form = {
                "movie": self.movie.pk,
                "screen": self.screen.pk,
                "date_time_0": f"{starts:%Y-%m-%d}",
                "date_time_1": f"{starts:%H:%M}",
                "seen_version": 0,
            }
            calls.append(partial(client.post, "/admin/booking/show/add/", form))
        return at_once(calls, table="booking_show")

    def test_one_of_two_overlapping_shows_is_added(self):
        responses = self.add_two_shows_that_overlap()
        self.assertEqual(sorted(each.status_code for each in responses), [200, 302])
        self.assertEqual(Show.objects.count(), 1)
        [refused] = [each for each in responses if each.status_code == 200]
        self.assertIn("The screen is in use then", refused.rendered_content)

    @skipUnless(connection.vendor == "postgresql", "On SQLite the transaction is the lock.")
    def test_both_overlapping_shows_are_added_without_the_lock(self):
        with mock.patch("booking.box_office.halls.lock_screens"):
            responses = self.add_two_shows_that_overlap()
        self.assertEqual([each.status_code for each in responses], [302, 302])
        self.assertEqual(Show.objects.count(), 2)
