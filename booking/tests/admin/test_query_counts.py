"""Each list and page costs the same number of queries at 10 and at 200 rows."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from booking.admin.first_page import SALES_KEY
from booking.models import Booking, Movie, Show
from booking.tests.factories import create_screen, create_show

PAGES = [
    "",
    "auth/user/",
    "booking/booking/",
    "booking/booking/?q=alice",
    "booking/booking/export/",
    "booking/movie/",
    "booking/screen/",
    "booking/show/?when=all",
    "booking/show/timetable/?date=2082-12-24",
    "booking/show/{show}/seats/",
    "booking/show/{show}/seats/state/",
    "booking/show/{show}/door-list/",
    "booking/show/{show}/call-off/",
    "booking/show/{show}/change/",
    "autocomplete/?app_label=booking&model_name=booking&field_name=show&term=movie",
    "autocomplete/?app_label=booking&model_name=booking&field_name=user&term=alice",
]


class QueryCountTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.stella = User.objects.create_superuser("stella")
        screen = create_screen("Large", "\n".join(["s" * 25] * 10))
        cls.show = create_show(screen=screen, date_time=datetime(2082, 12, 24, 20, tzinfo=UTC))

    def setUp(self):
        self.client.force_login(self.stella)

    def fill(self, begin, end):
        """Rows of every kind with numbers from `begin` on."""
        numbers = range(begin, end)
        users = User.objects.bulk_create(
            User(username=f"alice{number}", first_name="Alice") for number in numbers
        )
        movies = Movie.objects.bulk_create(
            Movie(title=f"Movie {number}", duration_minutes=1) for number in numbers
        )
        for number in numbers:
            create_screen(f"Screen {number}", "ss")
        Show.objects.bulk_create(
            Show(
                movie=movie,
                screen_name=f"Hall {number}",
                date_time=self.show.date_time + timedelta(minutes=number % 60),
                total_seats=9,
            )
            for number, movie in zip(numbers, movies, strict=True)
        )
        Booking.objects.bulk_create(
            Booking(user=user, show=self.show, seat_number=number, note="alice")
            for number, user in zip(numbers, users, strict=True)
        )

    def count(self, path):
        caches["local"].delete(SALES_KEY)
        with CaptureQueriesContext(connection) as queries:
            response = self.client.get("/admin/" + path.format(show=self.show.pk))
            b"".join(response.streaming_content if response.streaming else [])
        self.assertEqual(response.status_code, 200)
        return len(queries)

    def test_pages_cost_the_same_at_10_and_at_200_rows(self):
        self.fill(1, 10)
        for _ in range(2):  # the first time, content types are read as well
            few = {path: self.count(path) for path in PAGES}
        self.fill(10, 200)
        for path in PAGES:
            with self.subTest(path=path):
                self.assertEqual(self.count(path), few[path])
                self.assertLessEqual(few[path], 10)
