from datetime import UTC, datetime

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import TestCase, override_settings

from booking.models import Booking
from booking.tests.factories import booking, hold, movie, person, show


class ConstraintTests(TestCase):
    """What must never be false is refused by the database itself."""

    @classmethod
    def setUpTestData(cls):
        cls.alice = person("alice")

    def assertRefused(self, constraint, make):
        with self.assertRaises(IntegrityError) as caught, transaction.atomic():
            make()
        # SQLite names a unique constraint by its columns.
        self.assertRegex(str(caught.exception), constraint)

    def test_one_active_booking_per_seat(self):
        tomorrow = show()
        booking(self.alice, tomorrow, 5)
        unique = "one_active_booking_per_seat|booking_booking.show_id, booking_booking.seat_number"
        self.assertRefused(unique, lambda: booking(self.alice, tomorrow, 5))
        self.assertRefused(unique, lambda: hold(self.alice, tomorrow, 5))
        booking(self.alice, tomorrow, 5, status="cancelled")
        booking(self.alice, tomorrow, 5, status="expired")
        booking(self.alice, show(), 5)

    def test_seat_numbers_start_at_one(self):
        self.assertRefused(
            "seat_numbers_start_at_one", lambda: booking(self.alice, show(), seat_number=0)
        )

    def test_booking_status_is_known(self):
        self.assertRefused(
            "booking_status_is_known", lambda: booking(self.alice, show(), status="sold")
        )

    def test_a_hold_has_an_end(self):
        self.assertRefused("a_hold_has_an_end", lambda: booking(self.alice, show(), status="held"))

    def test_sizes(self):
        self.assertRefused("show_has_at_least_one_seat", lambda: show(total_seats=0))
        self.assertRefused("row_has_at_least_one_seat", lambda: show(seats_per_row=0))
        self.assertRefused("movie_lasts_at_least_a_minute", lambda: movie(duration_minutes=0))


class NameTests(TestCase):
    @override_settings(TIME_ZONE="Asia/Tokyo")
    def test_a_show_is_called_by_the_time_at_the_cinema(self):
        evening = show(date_time=datetime(2090, 12, 24, 20, 15, tzinfo=UTC))
        self.assertEqual(str(evening), "Metropolis, Mon 25 Dec 2090, 05:15, Screen 1")

    def test_a_booking_is_called_by_its_reference(self):
        self.assertEqual(str(booking(person("alice"), show(), reference="ACDE")), "ACDE, seat 5")


class DeletionTests(TestCase):
    def test_nothing_that_was_sold_can_be_deleted(self):
        sold = booking(person("alice"), show())
        for keeper in [sold.user, sold.show, sold.show.movie]:
            with self.subTest(keeper), self.assertRaises(ProtectedError):
                keeper.delete()
        self.assertEqual(Booking.objects.count(), 1)

    def test_what_was_never_sold_can(self):
        unsold = show()
        unsold.movie.delete()
        self.assertFalse(type(unsold).objects.exists())
