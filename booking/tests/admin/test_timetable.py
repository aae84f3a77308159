from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Permission, User
from django.test import TestCase, override_settings
from django.utils import timezone

from booking.models import Screen, Show
from booking.tests.factories import (
    create_booking,
    create_movie,
    create_screen,
    create_show,
    create_user,
)

PATH = "/admin/booking/show/timetable/"
DAY = "2082-12-24"
EIGHT = datetime(2082, 12, 24, 20, tzinfo=UTC)


class TimetableTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.stella = User.objects.create_superuser("stella")
        cls.movie = create_movie(duration_minutes=105)  # two hours with cleaning

    def setUp(self):
        self.client.force_login(self.stella)

    def timetable(self, date=DAY):
        return self.client.get(PATH, {"date": date}).context["timetable"]

    def test_show_is_a_block_in_the_row_of_its_screen(self):
        screens = [create_screen("Screen 1"), create_screen("Screen 2")]
        show = create_show(self.movie, screen=screens[1], date_time=EIGHT)
        create_show(self.movie, screen=screens[1], date_time=EIGHT + timedelta(days=1))
        for seat in (1, 2, 3):
            create_booking(create_user(f"user{seat}"), show, seat)
        first, second = self.timetable().rows
        self.assertEqual((first.name, first.blocks, second.name), ("Screen 1", [], "Screen 2"))
        [block] = second.blocks
        self.assertEqual((block.show, block.sold, block.percent_sold), (show, 3, 30))
        # From 10:00 to 24:00 are 14 hours.
        self.assertAlmostEqual(block.left, 100 * 10 / 14, 2)
        self.assertAlmostEqual(block.width, 100 * 2 / 14, 2)
        self.assertEqual(block.running, 87.5)
        page = self.client.get(PATH, {"date": DAY})
        self.assertContains(page, f'href="/admin/booking/show/{show.pk}/seats/"')
        add = f"/admin/booking/show/add/?screen={screens[0].pk}&amp;date_time=2082-12-24+20%3A30"
        self.assertContains(page, f'href="{add}"')

    def test_day_is_as_long_as_its_shows(self):
        screen = create_screen()
        create_show(self.movie, screen=screen, date_time=EIGHT.replace(hour=8, minute=30))
        create_show(self.movie, screen=screen, date_time=EIGHT.replace(hour=23, minute=30))
        timetable = self.timetable()
        hours = [f"{hour:%H}" for _, hour in timetable.hours]
        self.assertEqual((hours[0], hours[-1], len(hours)), ("08", "01", 18))

    def test_shows_without_screen_have_a_row_by_their_name(self):
        create_screen("Screen 1")
        create_show(self.movie, screen_name="screen 1", date_time=EIGHT)
        create_show(self.movie, screen_name="Open air", date_time=EIGHT)
        rows = {row.name: len(row.blocks) for row in self.timetable().rows}
        self.assertEqual(rows, {"Screen 1": 1, "Open air": 1})

    def test_called_off_show_is_struck_through(self):
        create_show(self.movie, screen=create_screen(), date_time=EIGHT, cancelled_at=EIGHT)
        self.assertContains(self.client.get(PATH, {"date": DAY}), "block called-off")

    def test_without_date_it_is_today(self):
        for query in ({}, {"date": ""}, {"date": "soon"}, {"date": "2026-02-30"}, {"date": "\x00"}):
            with self.subTest(query):
                page = self.client.get(PATH, query)
                self.assertEqual(page.context["day"], timezone.localdate())
        for query in ({"date": "9999-12-31"}, {"date": "0001-01-01"}):
            page = self.client.get(PATH, query)
            self.assertContains(page, "Enter a date such as 2026-12-24.")

    def test_empty_day_and_empty_cinema_say_what_to_do(self):
        self.assertContains(self.client.get(PATH), "There are no screens yet.")
        create_screen()
        self.assertContains(self.client.get(PATH), "No shows on this day.")

    @override_settings(TIME_ZONE="Europe/Berlin")
    def test_days_on_which_clocks_change_have_23_and_25_hours(self):
        screen = create_screen()
        for day, midnight, hours in [
            ("2083-03-28", datetime(2083, 3, 27, 23, tzinfo=UTC), 23),
            ("2083-10-31", datetime(2083, 10, 30, 22, tzinfo=UTC), 25),
        ]:
            create_show(self.movie, screen=screen, date_time=midnight)
            timetable = self.timetable(day)
            labels = [f"{hour:%H}" for _, hour in timetable.hours]
            with self.subTest(day):
                self.assertEqual(labels[0], "00")
                self.assertEqual(len(labels), hours)
                self.assertEqual(labels.count("02"), 0 if hours == 23 else 2)

    def test_timetable_of_12_screens_costs_four_queries(self):
        """Session, user, screens, shows."""
        for number in (1, 12):
            for each in range(Screen.objects.count(), number):
                screen = create_screen(f"Screen {each}")
                for hour in (10, 13, 16, 19):
                    create_show(self.movie, screen=screen, date_time=EIGHT.replace(hour=hour))
            with self.subTest(screens=number), self.assertNumQueries(4):
                self.client.get(PATH, {"date": DAY})
        self.assertEqual(Show.objects.count(), 48)

    def test_who_may_not_add_shows_has_no_places_to_click(self):
        door = create_user("door", is_staff=True)
        door.user_permissions.add(Permission.objects.get(codename="view_show"))
        self.client.force_login(door)
        create_screen()
        page = self.client.get(PATH)
        self.assertNotContains(page, "/show/add/")
        door.user_permissions.clear()
        self.assertEqual(self.client.get(PATH).status_code, 403)
