from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import TestCase, override_settings

from booking.models import Booking
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_movie,
    create_show,
    create_user,
)


class ConstraintTests(TestCase):
    """The database itself refuses rows that break an invariant."""

    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice")

    def assertRefused(self, constraint, make):
        with self.assertRaises(IntegrityError) as caught, transaction.atomic():
            make()
        # SQLite names a unique constraint by its columns.
        self.assertRegex(str(caught.exception), constraint)

    def test_seat_with_active_booking_cannot_be_sold_again(self):
        show = create_show()
        create_booking(self.alice, show, 5)
        unique = "one_active_booking_per_seat|booking_booking.show_id, booking_booking.seat_number"
        self.assertRefused(unique, lambda: create_booking(self.alice, show, 5))
        self.assertRefused(unique, lambda: create_hold(self.alice, show, 5))
        create_booking(self.alice, show, 5, status="cancelled")
        create_booking(self.alice, show, 5, status="expired")
        create_booking(self.alice, create_show(), 5)

    def test_seat_number_zero_is_refused(self):
        self.assertRefused(
            "seat_numbers_start_at_one",
            lambda: create_booking(self.alice, create_show(), seat_number=0),
        )

    def test_unknown_booking_status_is_refused(self):
        self.assertRefused(
            "booking_status_is_known",
            lambda: create_booking(self.alice, create_show(), status="sold"),
        )

    def test_hold_without_end_is_refused(self):
        self.assertRefused(
            "a_hold_has_an_end", lambda: create_booking(self.alice, create_show(), status="held")
        )

    def test_size_zero_is_refused(self):
        self.assertRefused("show_has_at_least_one_seat", lambda: create_show(total_seats=0))
        self.assertRefused("row_has_at_least_one_seat", lambda: create_show(seats_per_row=0))
        self.assertRefused(
            "movie_lasts_at_least_a_minute", lambda: create_movie(duration_minutes=0)
        )


class NameTests(TestCase):
    @override_settings(TIME_ZONE="Asia/Tokyo")
    def test_show_name_has_the_local_time_of_the_cinema(self):
        for day, words in (24, "Mon 25 Dec"), (4, "Tue 5 Dec"):
            evening = create_show(date_time=datetime(2090, 12, day, 20, 15, tzinfo=UTC))
            self.assertEqual(str(evening), f"Metropolis, {words} 2090, 05:15, Screen 1")

    def test_booking_name_has_its_reference_and_seat(self):
        self.assertEqual(
            str(create_booking(create_user("alice"), create_show(), reference="ACDE")),
            "ACDE, seat 5",
        )


class DeletionTests(TestCase):
    def test_user_show_or_movie_with_booking_cannot_be_deleted(self):
        sold = create_booking(create_user("alice"), create_show())
        for keeper in [sold.user, sold.show, sold.show.movie]:
            with self.subTest(keeper), self.assertRaises(ProtectedError):
                keeper.delete()
        self.assertEqual(Booking.objects.count(), 1)

    def test_movie_without_bookings_can_be_deleted(self):
        unsold = create_show()
        unsold.movie.delete()
        self.assertFalse(type(unsold).objects.exists())
