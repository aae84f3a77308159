"""Every change to a seat locks its show until the transaction ends."""

from datetime import timedelta
from unittest import skipUnless

import psycopg
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.test import TransactionTestCase
from django.utils import timezone

from booking import box_office
from booking.models import Reservation
from booking.tests.factories import create_booking, create_hold, create_show, create_user

SOON = timedelta(minutes=30)  # the doors are open


def book(show, alice, stella):
    box_office.book(show_id=show.pk, seat_number=1, by=alice)


def hold(show, alice, stella):
    box_office.reserve(show_id=show.pk, seat_numbers=[1, 2], by=alice, hold=True)


def reserve_best_seats(show, alice, stella):
    box_office.reserve(show_id=show.pk, count=2, by=alice)


def sell_by_staff(show, alice, stella):
    box_office.book(show_id=show.pk, seat_number=1, by=stella, customer=alice)


def hold_by_staff(show, alice, stella):
    seats = {"seat_numbers": [1, 2], "hold": True}
    box_office.reserve(show_id=show.pk, by=stella, customer=alice, **seats)


def sell_best_seats_by_staff(show, alice, stella):
    box_office.reserve(show_id=show.pk, count=2, by=stella, customer=alice)


def confirm(show, alice, stella):
    held = create_hold(alice, show)
    box_office.confirm(reservation=Reservation.find(held.reference), by=alice)


def extend(show, alice, stella):
    held = create_hold(alice, show)
    box_office.extend(reservation=Reservation.find(held.reference), by=alice)


def cancel(show, alice, stella):
    box_office.cancel(booking=create_booking(alice, show), by=alice)


def cancel_by_staff(show, alice, stella):
    box_office.cancel(booking=create_booking(alice, show), by=stella, as_staff=True)


def cancel_reservation(show, alice, stella):
    booked = create_booking(alice, show)
    box_office.cancel_reservation(reservation=Reservation.find(booked.reference), by=alice)


def cancel_all(show, alice, stella):
    create_booking(alice, show)
    box_office.cancel_all(user=alice)


def move(show, alice, stella):
    box_office.move(booking=create_booking(alice, show), seat_number=6, by=alice)


def move_by_staff(show, alice, stella):
    booked = create_booking(alice, show)
    box_office.move(booking=booked, seat_number=6, by=stella, as_staff=True)


def call_off(show, alice, stella):
    create_booking(alice, show)
    box_office.call_off(show=show, by=stella, reason="No heating")


def admit(show, alice, stella):
    booked = create_booking(alice, show)
    box_office.admit(booking_id=booked.pk, seat_number=5, by=stella)


def undo_admission(show, alice, stella):
    booked = create_booking(alice, show, admitted_at=timezone.now())
    box_office.undo_admission(booking_id=booked.pk, seat_number=5, by=stella)


VERBS = [
    *(book, hold, reserve_best_seats, sell_by_staff, hold_by_staff, sell_best_seats_by_staff),
    *(confirm, extend, cancel, cancel_by_staff, cancel_reservation, cancel_all),
    *(move, move_by_staff, call_off, admit, undo_admission),
]


@skipUnless(connection.vendor == "postgresql", "On SQLite the transaction itself is the lock.")
class LockTests(TransactionTestCase):
    def setUp(self):
        self.alice, self.stella = create_user("alice"), User.objects.create_superuser("stella")
        self.other_connection = connection.copy()
        self.addCleanup(self.other_connection.close)

    def is_locked(self, show):
        """True if another session cannot lock the show now; a foreign key to it is no such lock."""
        with self.other_connection.cursor() as cursor:
            try:
                cursor.execute(
                    "SELECT FROM booking_show WHERE id = %s FOR NO KEY UPDATE NOWAIT", [show.pk]
                )
            except OperationalError as error:
                if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                    return True
                raise
            return False

    def test_change_locks_its_show_until_the_transaction_ends(self):
        for change in VERBS:
            show, other_show = create_show(starts_in=SOON), create_show()
            with self.subTest(change.__name__):
                with box_office.transaction():
                    change(show, self.alice, self.stella)
                    locked = self.is_locked(show), self.is_locked(other_show)
                self.assertEqual(locked, (True, False))
                self.assertFalse(self.is_locked(show))
