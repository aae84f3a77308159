from datetime import UTC, date, datetime, time, timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import TestCase, override_settings
from django.utils import timezone

from booking.models import Show
from booking.tests.factories import create_movie, create_screen, create_show, create_user

PATH = "/admin/booking/show/plan/"
MONDAY = timezone.localdate() + timedelta(days=14 - timezone.localdate().weekday())


def at(day, hour, minute=0):
    return datetime.combine(day, time(hour, minute), tzinfo=UTC)


class PlanTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.stella = User.objects.create_superuser("stella")
        cls.movie = create_movie("Metropolis", duration_minutes=105)  # two hours with cleaning
        cls.one, cls.two = create_screen("Screen 1", "ss\nss"), create_screen("Screen 2", "sss")

    def setUp(self):
        self.client.force_login(self.stella)

    def series(self, step="preview", **changes):
        form = {
            "form": "series",
            "step": step,
            "movie": self.movie.pk,
            "screens": [self.one.pk, self.two.pk],
            "times": "14:00 20:15",
            "first_day": f"{MONDAY}",
            "last_day": f"{MONDAY + timedelta(days=6)}",
            "weekdays": [0, 1, 2, 3, 4, 5, 6],
        }
        return self.client.post(PATH, form | changes, follow=True)

    def copy(self, step="preview", **changes):
        form = {
            "form": "copy",
            "step": step,
            "days": 7,
            "source": f"{MONDAY}",
            "target": f"{MONDAY + timedelta(days=7)}",
        }
        return self.client.post(PATH, form | changes, follow=True)

    def rows(self, page):
        return [
            (row.show.date_time, row.show.screen_name, row.problem)
            for row in page.context["preview"].rows
        ]

    def errors(self, page):
        return {name: list(errors) for name, errors in page.context["form"].errors.items()}


class SeriesTests(PlanTestCase):
    def test_movie_is_put_on_for_a_week_on_two_screens(self):
        page = self.series()
        self.assertContains(page, "28 shows can be added.")
        self.assertEqual(self.rows(page)[0], (at(MONDAY, 14), "Screen 1", ""))
        self.assertEqual(self.rows(page)[3], (at(MONDAY, 20, 15), "Screen 2", ""))
        self.assertFalse(Show.objects.exists())
        page = self.series("save")
        self.assertContains(page, "28 shows planned.")
        self.assertEqual(Show.objects.count(), 28)
        self.assertEqual(
            Show.objects.filter(screen=self.one, total_seats=4, layout="ss\nss").count(), 14
        )
        self.assertEqual(LogEntry.objects.filter(user=self.stella).count(), 28)

    def test_weekdays_are_left_out(self):
        page = self.series(weekdays=[4, 5], times="20:00", screens=[self.one.pk])
        friday = MONDAY + timedelta(days=4)
        self.assertEqual(
            self.rows(page),
            [
                (at(friday, 20), "Screen 1", ""),
                (at(friday + timedelta(days=1), 20), "Screen 1", ""),
            ],
        )

    def test_conflicts_are_shown_and_left_out_on_demand(self):
        create_show(create_movie("Alien"), screen=self.one, date_time=at(MONDAY, 15))
        changes = {"last_day": f"{MONDAY}", "screens": [self.one.pk], "times": "14:00 16:00 22:00"}
        page = self.series(**changes)
        problem = "The screen is in use until 17:48: Alien."
        self.assertEqual(
            self.rows(page),
            [
                (at(MONDAY, 14), "Screen 1", problem),
                (at(MONDAY, 16), "Screen 1", problem),
                (at(MONDAY, 22), "Screen 1", ""),
            ],
        )
        self.series("save", **changes)
        self.assertEqual(Show.objects.count(), 1)
        self.assertContains(self.series("save", leave_out="on", **changes), "1 show planned.")
        self.assertEqual(Show.objects.count(), 2)

    def test_shows_of_one_plan_do_not_overlap(self):
        changes = {"last_day": f"{MONDAY}", "screens": [self.one.pk], "times": "14:00 15:00"}
        problem = "The screen is in use until 16:00: Metropolis."
        self.assertEqual([row[2] for row in self.rows(self.series(**changes))], ["", problem])

    def test_double_click_plans_once(self):
        for _ in range(2):
            self.assertContains(self.series("save"), "28 shows planned.")
        self.assertEqual(Show.objects.count(), 28)

    def test_past_times_are_left_out(self):
        today = timezone.localdate()
        page = self.series(first_day=f"{today - timedelta(days=1)}", last_day=f"{today}")
        self.assertIn("It is past.", [row[2] for row in self.rows(page)])

    def test_plan_can_be_changed_before_it_is_saved(self):
        page = self.series("edit")
        self.assertContains(page, 'value="14:00 20:15"')
        self.assertIsNone(page.context["preview"])

    def test_wrong_input_is_a_sentence(self):
        cases = [
            (
                {"times": "25:00"},
                {"times": ["“25:00” is no time. Enter times such as 14:00 17:30."]},
            ),
            ({"times": "8 pm"}, {"times": ["“8” is no time. Enter times such as 14:00 17:30."]}),
            ({"times": ""}, {"times": ["This field is required."]}),
            ({"last_day": "2026-01-01"}, {"last_day": ["The last day is before the first."]}),
            ({"last_day": "03/12/2026"}, {"last_day": ["Enter a valid date."]}),
            (
                {"last_day": f"{MONDAY + timedelta(days=400)}"},
                {"last_day": ["Plan at most 366 days at once."]},
            ),
            (
                {"last_day": f"{MONDAY + timedelta(days=360)}"},
                {"__all__": ["That is 1444 shows. Plan at most 500 at once."]},
            ),
            (
                {"last_day": f"{MONDAY}", "weekdays": [6]},
                {"__all__": ["There is nothing to plan on these days."]},
            ),
        ]
        for changes, errors in cases:
            with self.subTest(changes):
                self.assertEqual(self.errors(self.series("save", **changes)), errors)
        for changes in (
            {"movie": "x"},
            {"movie": "\x00"},
            {"screens": ["99"]},
            {"screens": ["\x00"]},
            {"weekdays": ["9"]},
            {"first_day": "9999-12-31"},
        ):
            with self.subTest(changes):
                self.assertTrue(self.errors(self.series("save", **changes)))
        self.assertFalse(Show.objects.exists())

    @override_settings(TIME_ZONE="Europe/Berlin")
    def test_series_over_the_change_of_clocks_keeps_the_time_on_the_wall(self):
        march = date(timezone.localdate().year + 1, 3, 31)
        spring = march - timedelta(days=march.isoweekday() % 7)  # the last Sunday
        saturday = spring - timedelta(days=1)
        page = self.series(
            first_day=f"{saturday}",
            last_day=f"{spring}",
            screens=[self.one.pk],
            times="2:30 20:00",
        )
        self.assertEqual(
            [(moment.astimezone(UTC), problem) for moment, _, problem in self.rows(page)],
            [
                (datetime.combine(saturday, time(1, 30), UTC), ""),
                (datetime.combine(saturday, time(19), UTC), ""),
                (
                    datetime.combine(spring, time(1, 30), UTC),
                    "There is no such time: the clocks go forward.",
                ),
                (datetime.combine(spring, time(18), UTC), ""),
            ],
        )


class CopyTests(PlanTestCase):
    def test_week_is_copied(self):
        self.series("save")
        cancelled = Show.objects.first()
        Show.objects.filter(pk=cancelled.pk).update(cancelled_at=timezone.now())
        page = self.copy()
        self.assertContains(page, "27 shows can be added.")
        self.assertContains(self.copy("save"), "27 shows planned.")
        self.assertEqual(Show.objects.count(), 28 + 27)
        self.assertContains(self.copy("save"), "27 shows planned.")  # the double click
        self.assertEqual(Show.objects.count(), 28 + 27)

    def test_day_of_one_screen_is_copied_with_its_present_layout(self):
        create_show(self.movie, screen=self.one, date_time=at(MONDAY, 20))
        create_show(self.movie, screen=self.two, date_time=at(MONDAY, 20))
        create_show(self.movie, screen=self.one, date_time=at(MONDAY + timedelta(days=1), 20))
        self.one.layout = "s"
        self.one.save()
        self.copy("save", days=1, screens=[self.one.pk])
        copied = Show.objects.get(date_time=at(MONDAY + timedelta(days=7), 20))
        self.assertEqual((copied.screen, copied.total_seats), (self.one, 1))

    def test_empty_week_is_a_sentence(self):
        errors = {"__all__": ["There is nothing to plan on these days."]}
        self.assertEqual(self.errors(self.copy()), errors)

    def test_preview_of_any_length_costs_the_same(self):
        for last in (0, 6):
            with self.subTest(days=last + 1), self.assertNumQueries(8):
                self.series(last_day=f"{MONDAY + timedelta(days=last)}")


class PermissionTests(PlanTestCase):
    def test_planning_needs_the_permission_to_add_shows(self):
        door = create_user("door", is_staff=True)
        door.user_permissions.add(Permission.objects.get(codename="view_show"))
        self.client.force_login(door)
        self.assertEqual(self.client.get(PATH).status_code, 403)
        self.assertEqual(self.series("save").status_code, 403)
        self.assertFalse(Show.objects.exists())

    def test_page_without_screens_says_what_to_do(self):
        self.one.delete(), self.two.delete()
        self.assertContains(self.client.get(PATH), "There are no screens yet.")
