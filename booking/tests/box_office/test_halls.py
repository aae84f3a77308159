"""Shows on a screen do not overlap, and what was sold keeps its seat."""

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, OperationalError, transaction
from django.db.models.signals import post_save
from django.test import TestCase, TransactionTestCase
from psycopg.errors import DeadlockDetected

from booking import box_office
from booking.exceptions import (
    ChangedMeanwhile,
    RowsInUse,
    ScreenInUse,
    SeatsInUse,
    SeatsWouldMove,
)
from booking.models import Show
from booking.tests.factories import (
    create_booking,
    create_movie,
    create_screen,
    create_show,
    create_user,
)

EIGHT = datetime(2082, 12, 24, 20, tzinfo=UTC)


class ScheduleTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.screen = create_screen()
        cls.movie = create_movie(duration_minutes=100)  # and 15 minutes of cleaning
        cls.show = create_show(cls.movie, screen=cls.screen, date_time=EIGHT)

    def new_show(self, minutes, **more):
        starts = EIGHT + timedelta(minutes=minutes)
        return Show(**{"movie": self.movie, "screen": self.screen, "date_time": starts, **more})

    def test_new_shows_get_the_layout_of_their_screen(self):
        box_office.schedule([self.new_show(115), self.new_show(-115)])
        shows = Show.objects.exclude(pk=self.show.pk)
        self.assertEqual(
            list(shows.values_list("screen_name", "layout", "total_seats", "seats_per_row")),
            2 * [("Screen 1", "ssssssssss", 10, 10)],
        )

    def test_overlap_by_one_minute_is_refused_with_the_other_show(self):
        for minutes in (114, -114, 0, 50):
            with self.subTest(minutes=minutes), self.assertRaises(ScreenInUse) as raised:
                box_office.schedule([self.new_show(minutes)])
            facts = {"show": str(self.show), "free_at": "21:55"}
            self.assertEqual(raised.exception.facts, facts)

    def test_one_overlap_refuses_all(self):
        with self.assertRaises(ScreenInUse):
            box_office.schedule([self.new_show(500), self.new_show(600)])
        self.assertEqual(Show.objects.count(), 1)

    def test_long_movie_that_began_the_day_before_overlaps(self):
        long = create_movie("Long", duration_minutes=1440)
        box_office.schedule([self.new_show(-2000, movie=long)])
        with self.assertRaises(ScreenInUse):
            box_office.schedule([self.new_show(-560)])

    def test_other_screens_and_cancelled_shows_and_shows_without_screen_may_overlap(self):
        other = create_screen("Screen 2")
        box_office.schedule(
            [
                self.new_show(0, screen=other),
                self.new_show(0, screen=None, screen_name="Screen 1", total_seats=5),
            ]
        )
        box_office.call_off(show=self.show, by=create_user("stella"), reason="")
        box_office.schedule([self.new_show(0)])
        self.assertEqual(Show.objects.count(), 4)

    def test_changed_show_does_not_overlap_itself(self):
        self.show.date_time += timedelta(minutes=10)
        box_office.schedule([self.show])
        self.show.refresh_from_db()
        self.assertEqual(self.show.date_time, EIGHT + timedelta(minutes=10))

    def test_changed_show_that_overlaps_is_refused(self):
        box_office.schedule([self.new_show(200)])
        self.show.date_time += timedelta(minutes=90)
        with self.assertRaises(ScreenInUse):
            box_office.schedule([self.show])

    def test_show_changed_meanwhile_is_refused(self):
        older = Show.objects.get(pk=self.show.pk)
        box_office.call_off(show=self.show, by=create_user("stella"), reason="")
        older.screen_name = "Studio"
        with self.assertRaises(ChangedMeanwhile):
            box_office.schedule([older])
        self.show.refresh_from_db()
        self.assertFalse(self.show.takes_place)

    def test_same_screen_and_start_are_refused_by_the_database(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            self.new_show(0).save()

    def test_seven_new_shows_cost_as_many_queries_as_one(self):
        for count in (1, 7):
            shows = [self.new_show(1000 * count + 115 * each) for each in range(count)]
            with self.subTest(count=count), self.assertNumQueries(SCHEDULE_QUERIES):
                box_office.schedule(shows)


SCHEDULE_QUERIES = 3 + 2  # lock, read, insert; and the savepoint of the test


class SeatsStayTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.show = create_show(screen=create_screen(layout="sss.sss\nsssssss"))
        create_booking(create_user("alice"), cls.show, 9)  # B3

    def use(self, layout):
        self.show.use_screen(create_screen("Other", layout))
        box_office.schedule([self.show])

    def test_layout_that_removes_a_sold_seat_is_refused(self):
        with self.assertRaises(SeatsInUse):
            self.use("sss.sss\nss")

    def test_layout_that_moves_or_renames_a_sold_seat_is_refused(self):
        for layout in ("sss..ss\nsssssss", "sss.sss\nC:sssssss", "sss.sss\n\nsssssss"):
            with (
                self.subTest(layout),
                transaction.atomic(),
                self.assertRaises(SeatsWouldMove) as raised,
            ):
                self.show.use_screen(create_screen(layout, layout))
                box_office.schedule([self.show])
            self.assertEqual(raised.exception.facts, {"labels": "B3"})

    def test_layout_that_changes_other_seats_is_accepted(self):
        self.use("sss.sxs\nsssssss\nss")
        self.show.refresh_from_db()
        self.assertEqual(self.show.total_seats, 15)

    def test_rows_of_a_show_without_layout_are_kept(self):
        show = create_show(total_seats=30)
        create_booking(create_user("bob"), show, 12)
        show.seats_per_row = 6
        with self.assertRaises(RowsInUse):
            box_office.schedule([show])


class RetryTests(TransactionTestCase):
    def test_schedule_is_tried_again_after_a_deadlock(self):
        """All of it, with one change of the version."""
        movie, screen = create_movie(duration_minutes=100), create_screen()
        old = create_show(movie, screen=screen, date_time=EIGHT)
        new = Show(movie=movie, screen=screen, date_time=EIGHT + timedelta(hours=3))
        old.date_time -= timedelta(hours=1)
        failures = [OperationalError("deadlock detected")]
        failures[0].__cause__ = DeadlockDetected()

        def fail_once(sender, **kwargs):
            if failures:
                raise failures.pop()

        post_save.connect(fail_once, Show)
        self.addCleanup(post_save.disconnect, fail_once, Show)
        box_office.schedule([new, old])
        self.assertEqual(Show.objects.count(), 2)
        old.refresh_from_db()
        self.assertEqual((old.version, old.date_time), (1, EIGHT - timedelta(hours=1)))
