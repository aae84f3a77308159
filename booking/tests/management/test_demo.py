from collections import defaultdict
from datetime import timedelta
from io import StringIO
from itertools import pairwise

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import TestCase, override_settings
from django.utils import timezone

from booking.models import Booking, Movie, Show, show_snapshots
from booking.tests.factories import create_movie, create_show


def all_rows():
    return [list(model.objects.order_by("pk").values()) for model in (User, Movie, Show, Booking)]


def demo():
    out = StringIO()
    call_command("demo", stdout=out)
    return out.getvalue()


@override_settings(DEBUG=True)
class DemoTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        with override_settings(DEBUG=True):
            cls.output = demo()

    def test_demo_loads_movies_shows_bookings_and_users(self):
        self.assertEqual(Movie.objects.count(), 24)
        for empty in ["", None]:
            fields = ["genre", "language", "certificate", "release_date"]
            for movie in Movie.objects.values(*fields):
                self.assertNotIn(empty, movie.values())
        today = timezone.localdate()
        days = {timezone.localdate(each.date_time) for each in Show.objects.all()}
        self.assertEqual(days, {today + timedelta(days=number) for number in range(7)})
        self.assertEqual(len(set(Show.objects.values_list("screen_name", "total_seats"))), 4)
        self.assertGreater(Booking.objects.active().count(), 100)
        self.assertTrue(self.client.login(username="demo", password="demo-popcorn"))
        for name in ("door", "clerk", "manager", "staff"):
            self.assertTrue(self.client.login(username=name, password=f"{name}-popcorn"))
            self.assertContains(self.client.get("/admin/"), "Timetable")
        self.assertEqual(self.client.get("/admin/").status_code, 200)

    def test_demo_prints_counts_and_logins(self):
        self.assertIn("24 movies, ", self.output)
        self.assertIn("demo / demo-popcorn", self.output)
        self.assertIn("staff / staff-popcorn", self.output)

    def test_demo_customer_has_bookings_of_each_kind(self):
        statuses = User.objects.get(username="demo").bookings.values_list("status", flat=True)
        self.assertEqual(sorted(statuses), ["booked", "booked", "cancelled"])

    def test_shows_on_one_screen_do_not_overlap(self):
        screens = defaultdict(list)
        for each in Show.objects.select_related("movie").order_by("date_time"):
            screens[each.screen_name].append(each)
        for shows in screens.values():
            for one, following in pairwise(shows):
                ends = one.date_time + timedelta(minutes=one.movie.duration_minutes)
                self.assertLess(ends, following.date_time)

    def test_every_show_has_free_seats(self):
        for each in show_snapshots(Show.objects.all()):
            self.assertGreaterEqual(each.available_seats, each.show.seats_per_row - 1)

    def test_demo_repeated_changes_nothing(self):
        before = all_rows()
        self.assertIn("0 new shows", demo())
        self.assertEqual(all_rows(), before)


class ExistingDataTests(TestCase):
    def test_demo_with_existing_data_leaves_it_alone(self):
        User.objects.create_user("demo", password="my-own-words")
        movie = create_movie("My movie")
        on_screen_1 = create_show(movie, date_time=timezone.now() + timedelta(days=1))
        with override_settings(DEBUG=True):
            output = demo()
        self.assertTrue(User.objects.get(username="demo").check_password("my-own-words"))
        self.assertIn("demo / (the password that was set before)", output)
        day = timezone.localdate(on_screen_1.date_time)
        self.assertEqual(
            list(Show.objects.on_day(day).filter(screen_name="Screen 1")), [on_screen_1]
        )

    def test_demo_with_debug_off_is_refused(self):
        before = all_rows()
        with self.assertRaisesMessage(CommandError, "DEBUG is off here."):
            demo()
        self.assertEqual(all_rows(), before)
