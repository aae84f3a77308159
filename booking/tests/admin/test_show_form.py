"""The form of a show: screens, overlaps, lost updates, double clicks, dates and numbers."""

from datetime import UTC, datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import TestCase, override_settings
from django.utils import timezone

from booking import box_office
from booking.models import Movie, Reservation, Show
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_movie,
    create_screen,
    create_show,
    create_user,
)

LIST, ADD = "/admin/booking/show/", "/admin/booking/show/add/"
TOMORROW = timezone.localdate() + timedelta(days=1)


class ShowFormTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice")
        cls.stella = User.objects.create_superuser("stella")
        cls.screen = create_screen(layout="ss.ss\nsxs")
        cls.movie = create_movie("Metropolis", duration_minutes=100)

    def setUp(self):
        self.client.force_login(self.stella)

    def add(self, time="20:00", day=TOMORROW, **changes):
        form = {"movie": self.movie.pk, "screen": self.screen.pk, "seen_version": 0}
        form |= {"date_time_0": str(day), "date_time_1": time}
        return self.client.post(ADD, form | changes, follow=True)

    def change(self, show, **changes):
        local = timezone.localtime(show.date_time)
        form = {
            "movie": show.movie_id,
            "screen": show.screen_id,
            "date_time_0": f"{local:%Y-%m-%d}",
            "date_time_1": f"{local:%H:%M}",
            "seen_version": show.version,
        }
        return self.client.post(f"{LIST}{show.pk}/change/", form | changes, follow=True)

    def errors(self, page):
        """Of the form, by field; None if it was saved."""
        form = page.context.get("adminform")
        return form and {name: list(errors) for name, errors in form.form.errors.items()}


class ScreenTests(ShowFormTestCase):
    def test_show_added_has_the_seats_of_its_screen(self):
        self.assertIsNone(self.errors(self.add()))
        show = Show.objects.get()
        self.assertEqual((show.screen_name, show.total_seats), ("Screen 1", 7))
        self.assertEqual(show.layout, "ss.ss\nsxs")

    def test_show_added_without_screen_is_refused(self):
        page = self.add(screen="")
        self.assertEqual(self.errors(page), {"screen": ["This field is required."]})

    def test_overlap_is_refused_with_the_name_of_the_other_show(self):
        self.add()
        other = Show.objects.get()
        page = self.add("21:54")
        sentence = f"The screen is in use then, until 21:55: {other}."
        self.assertEqual(self.errors(page), {"date_time": [sentence]})
        self.assertIsNone(self.errors(self.add("21:55")))

    def test_show_keeps_its_layout_until_it_takes_over_the_screens(self):
        self.add()
        self.screen.layout = "sss"
        self.screen.save()
        show = Show.objects.get()
        self.assertIsNone(self.errors(self.change(show)))
        show.refresh_from_db()
        self.assertEqual(show.total_seats, 7)
        self.assertIsNone(self.errors(self.change(show, take_layout="on")))
        show.refresh_from_db()
        self.assertEqual((show.total_seats, show.layout), (3, "sss"))

    def test_layout_that_removes_a_sold_seat_is_refused(self):
        show = create_show(self.movie, screen=self.screen)
        create_booking(self.alice, show, 5)
        self.screen.layout = "sss"
        self.screen.save()
        errors = self.errors(self.change(show, take_layout="on"))
        sentence = "Seat 5 is held or booked, so this show needs at least 5 seats."
        self.assertEqual(errors, {"__all__": [sentence]})

    def test_old_show_without_screen_can_be_changed_and_get_one(self):
        show = create_show(self.movie, total_seats=40)
        own = {"screen": "", "screen_name": "Hall", "total_seats": "60", "seats_per_row": "12"}
        self.assertIsNone(self.errors(self.change(show, **own)))
        show.refresh_from_db()
        self.assertEqual((show.screen_name, show.total_seats), ("Hall", 60))
        self.assertIsNone(self.errors(self.change(show, **own | {"screen": self.screen.pk})))
        show.refresh_from_db()
        self.assertEqual((show.screen_name, show.total_seats), ("Screen 1", 7))


class ConfirmationTests(ShowFormTestCase):
    def test_other_time_of_a_sold_show_is_confirmed(self):
        show = create_show(self.movie, screen=self.screen)
        for seat in (1, 2):
            create_booking(self.alice, show, seat)
        form = {"date_time_1": "09:00"}
        sentence = "2 bookings of 1 customer are for the show as it was. Tick it to go on."
        self.assertEqual(self.errors(self.change(show, **form)), {"confirm": [sentence]})
        self.assertIsNone(self.errors(self.change(show, **form, confirm="on")))
        show.refresh_from_db()
        self.assertEqual(timezone.localtime(show.date_time).hour, 9)

    def test_other_time_of_a_show_without_bookings_is_not_confirmed(self):
        show = create_show(self.movie, screen=self.screen)
        create_booking(self.alice, show, 1, status="cancelled")
        self.assertIsNone(self.errors(self.change(show, date_time_1="09:00")))


class LostUpdateTests(ShowFormTestCase):
    def test_older_page_does_not_bring_back_a_show_that_was_called_off(self):
        show = create_show(self.movie, screen=self.screen)
        box_office.call_off(show=Show.objects.get(), by=self.stella, reason="")
        self.client.post(f"{LIST}{show.pk}/change/")
        errors = self.errors(self.change(show))
        self.assertEqual(
            errors,
            {
                "__all__": [
                    "This show has been changed meanwhile. Open it again to see how it is now."
                ]
            },
        )
        show.refresh_from_db()
        self.assertFalse(show.takes_place)

    def test_older_page_names_who_has_changed_the_show(self):
        show = create_show(self.movie, screen=self.screen)
        self.assertIsNone(self.errors(self.change(show, date_time_1="09:00")))
        [error] = self.errors(self.change(show, date_time_1="10:00"))["__all__"]
        self.assertRegex(error, r"changed meanwhile by stella, at \d\d:\d\d\. Open it again")
        self.assertEqual(timezone.localtime(Show.objects.get().date_time).hour, 9)

    def test_double_click_adds_one_show(self):
        first, second = self.add(), self.add()
        for page in (first, second):
            self.assertIsNone(self.errors(page))
            self.assertContains(page, "was added successfully")
        self.assertEqual(Show.objects.count(), 1)

    def test_same_show_by_another_user_or_later_is_an_overlap(self):
        self.add()
        LogEntry.objects.update(action_time=timezone.now() - timedelta(minutes=2))
        self.assertIn("date_time", self.errors(self.add()))
        LogEntry.objects.update(action_time=timezone.now())
        self.client.force_login(User.objects.create_superuser("boss"))
        self.assertIn("date_time", self.errors(self.add()))


class DeletionTests(ShowFormTestCase):
    def delete(self, show):
        return self.client.post(f"{LIST}{show.pk}/delete/", {"post": "yes"})

    def test_show_that_never_sold_a_seat_is_deleted_with_its_holds(self):
        show = create_show(self.movie, screen=self.screen)
        create_hold(self.alice, show, 1, ends_in=-timedelta(seconds=1))
        released = create_hold(self.alice, show, 2)
        box_office.cancel(booking=released, by=self.alice)
        page = self.client.get(f"{LIST}{show.pk}/delete/")
        self.assertContains(page, "2 released or expired holds")
        self.assertEqual(self.delete(show).status_code, 302)
        self.assertFalse(Show.objects.exists())

    def test_show_that_sold_or_holds_a_seat_is_kept(self):
        for create in (
            create_hold,
            create_booking,
            lambda user, show, seat: create_booking(user, show, seat, status="cancelled"),
        ):
            show = create_show(self.movie)
            create(self.alice, show, 1)
            page = self.delete(show)
            self.assertContains(page, "would require deleting the following protected")
        confirmed = create_show(self.movie)
        hold = create_hold(self.alice, confirmed, 1)
        held = Reservation.find(hold.reference)
        box_office.confirm(reservation=held, by=self.alice)
        box_office.cancel(booking=hold, by=self.alice)
        self.assertContains(self.delete(confirmed), "protected")
        self.assertEqual(Show.objects.count(), 4)

    def test_selected_shows_are_deleted_by_the_box_office(self):
        shows = [create_show(self.movie) for _ in range(2)]
        create_hold(self.alice, shows[0], 1, ends_in=-timedelta(seconds=1))
        form = {"action": "delete_selected", "post": "yes"}
        form["_selected_action"] = [show.pk for show in shows]
        self.client.post(LIST, form)
        self.assertFalse(Show.objects.exists())


class DateAndNumberTests(ShowFormTestCase):
    def test_dates_and_numbers_in_other_spellings_are_refused(self):
        for day in ("03/12/2026", "12/24/2026", "24.12.2026", "Dec 24 2026", "9999-12-31"):
            with self.subTest(day):
                self.assertEqual(list(self.errors(self.add(day=day))), ["date_time"])
        show = create_show(self.movie)
        own = {"screen": "", "screen_name": "Hall", "seats_per_row": "10"}
        for number in ("1.000", "3_0", "1e2", "\u0663\u0660", "+30", "30.0"):
            with self.subTest(number):
                errors = self.errors(self.change(show, **own, total_seats=number))
                sentence = "Enter a whole number in plain digits, such as 180."
                self.assertEqual(errors, {"total_seats": [sentence]})

    def test_times_are_shown_in_24_hours_with_the_zone(self):
        self.add("20:15")
        show = Show.objects.get()
        page = self.client.get(f"{LIST}{show.pk}/change/")
        self.assertContains(page, 'value="20:15"')
        self.assertContains(page, "Time zone: UTC.")
        self.assertContains(self.client.get(LIST), "20:15</td>")

    @override_settings(TIME_ZONE="Europe/Berlin")
    def test_hour_that_comes_twice_can_be_planned_and_kept(self):
        """On 31 October 2083 in Berlin, 02:30 is at 00:30 and at 01:30 UTC."""
        self.assertIsNone(self.errors(self.add("02:30", day="2083-10-31")))
        show = Show.objects.get()
        self.assertEqual(show.date_time, datetime(2083, 10, 31, 0, 30, tzinfo=UTC))
        second = datetime(2083, 10, 31, 1, 30, tzinfo=UTC)
        Show.objects.update(date_time=second)
        show.refresh_from_db()
        other = create_movie("M")
        self.assertIsNone(self.errors(self.change(show, movie=other.pk)))
        show.refresh_from_db()
        self.assertEqual((show.date_time, show.movie), (second, other))

    @override_settings(TIME_ZONE="Europe/Berlin")
    def test_hour_that_is_left_out_is_refused(self):
        page = self.add("02:30", day="2083-03-28")
        sentence = "There is no 02:30 on 2083-03-28: the clocks go forward then."
        self.assertEqual(self.errors(page), {"date_time": [sentence]})

    @override_settings(TIME_ZONE="Europe/Berlin", CLEANING_TIME=timedelta(0))
    def test_overlap_in_the_night_of_the_changeover_is_by_elapsed_time(self):
        """Three hours from 01:00 last until 05:00 in March, and until 03:00 in October."""
        screen = create_screen("Night")
        movie = create_movie("Long", duration_minutes=180)
        for day, before, free_from in [
            ("2083-03-28", "04:59", "05:00"),
            ("2083-10-31", "01:59", "03:00"),
        ]:
            form = {"day": day, "screen": screen.pk, "movie": movie.pk}
            for times in (("01:00", free_from), (free_from, "01:00")):
                with self.subTest(day=day, times=times):
                    Show.objects.all().delete()
                    self.assertEqual([self.errors(self.add(t, **form)) for t in times], [None] * 2)
            for first, then in (("01:00", before), (before, "01:00")):
                with self.subTest(day=day, first=first, then=then):
                    Show.objects.all().delete()
                    self.assertIsNone(self.errors(self.add(first, **form)))
                    self.assertEqual(list(self.errors(self.add(then, **form))), ["date_time"])


class ListTests(ShowFormTestCase):
    def found(self, **query):
        return [show.pk for show in self.client.get(LIST, query).context["cl"].queryset]

    def test_coming_shows_are_listed_first_and_past_ones_on_demand(self):
        past = create_show(self.movie, starts_in=-timedelta(days=2))
        later = create_show(self.movie, starts_in=timedelta(days=2))
        sooner = create_show(self.movie, starts_in=timedelta(hours=1))
        self.assertEqual(self.found(), [sooner.pk, later.pk])
        self.assertEqual(self.found(when="past"), [past.pk])
        self.assertEqual(self.found(when="all"), [past.pk, sooner.pk, later.pk])

    def test_search_by_day_and_movie(self):
        tomorrow = timezone.localdate() + timedelta(days=1)  # TOMORROW may be today
        noon = datetime.combine(tomorrow, datetime.min.time(), tzinfo=UTC) + timedelta(hours=12)
        show = create_show(self.movie, date_time=noon)
        create_show(create_movie("M"), date_time=noon)
        create_show(self.movie, date_time=noon + timedelta(days=3))
        for text in (f"{tomorrow}", f"{tomorrow.day} {tomorrow:%b}", "tomorrow"):
            with self.subTest(text):
                self.assertEqual(self.found(q=f"metro {text}"), [show.pk])
                self.assertEqual(len(self.found(q=text)), 2)
        self.assertEqual(self.found(q="30 Feb"), [])
        self.assertEqual(self.found(q="2026-13-45"), [])

    def test_picker_lists_coming_shows_first(self):
        past = create_show(self.movie, starts_in=-timedelta(days=2))
        coming = create_show(self.movie)
        query = {"app_label": "booking", "model_name": "booking", "field_name": "show"}
        found = self.client.get("/admin/autocomplete/", query | {"term": "metro"}).json()
        self.assertEqual([each["id"] for each in found["results"]], [str(coming.pk), str(past.pk)])

    def test_addresses_made_by_hand_are_never_an_error(self):
        create_show(self.movie, screen=self.screen)
        for path in (
            f"{LIST}?screen_name=%00",
            f"{LIST}?date_time__year=9999",
            f"{LIST}?date_time__year=99999999999",
            f"{LIST}?date_time__year=2026&date_time__month=13",
            f"{LIST}?date_time__year=x",
            f"{LIST}?screen__id__exact=x",
            f"{LIST}?when=%00",
            f"{LIST}?q=%00",
            f"{LIST}?o=9999&p=9999&e=1",
            f"{ADD}?movie=abc",
            f"{ADD}?movie=99999999999999999999",
            f"{ADD}?screen=%00",
            f"{ADD}?date_time=2082-12-24",
            f"{ADD}?date_time=soon",
            f"{ADD}?nothing=1",
            "/admin/booking/movie/?genre=%00",
            "/admin/booking/movie/add/?release_date=x",
            "/admin/booking/booking/?status__exact=%00",
            "/admin/booking/booking/?created_at__year=9999",
            "/admin/booking/booking/add/?show=abc&user=%00",
            "/admin/booking/screen/?name=%00",
            "/admin/autocomplete/?app_label=booking&model_name=booking&field_name=show&term=%00",
            "/admin/autocomplete/?app_label=booking&model_name=booking&field_name=user&term=%00",
        ):
            with self.subTest(path):
                page = self.client.get(path, follow=True)
                self.assertEqual(page.status_code, 200)
        self.assertEqual(Movie.objects.count(), 1)

    def test_submitted_values_that_are_no_ids_are_errors_of_the_form(self):
        for value in ("abc", "\x00", "-1", "99999999999999999999", "\u0663"):
            with self.subTest(value):
                self.assertIn("movie", self.errors(self.add(movie=value)))
                self.assertIn("screen", self.errors(self.add(screen=value)))
                form = {"user": value, "show": value, "seat_number": 1}
                page = self.client.post("/admin/booking/booking/add/", form)
                self.assertEqual(list(self.errors(page)), ["user", "show"])
