"""A change that had to wait for another transaction decides by what that one has committed.

Nothing is patched: one transaction stays open until the second change waits for it or is done. The
constraint on active bookings helps in none of these.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from unittest import skipUnless

from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import TransactionTestCase

from booking import accounts, box_office
from booking.exceptions import (
    AlreadyAdmitted,
    AlreadyCancelled,
    CheckedIn,
    NoSuchSeat,
    NotForSale,
    Refusal,
    SeatsInUse,
    ShowCancelled,
    TicketCancelled,
    TicketMoved,
)
from booking.models import Booking, Reservation
from booking.tests.concurrency.racing import waiting_for_lock, without_time_limits
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_screen,
    create_show,
    create_user,
)

PASSWORD = "correct horse battery"


@skipUnless(connection.vendor == "postgresql", "On SQLite the transaction itself is the lock.")
class WaitingTests(TransactionTestCase):
    def setUp(self):
        self.alice = User.objects.create_user("alice", password=PASSWORD)
        self.bob, self.stella = create_user("bob"), User.objects.create_superuser("stella")
        self.show = create_show()

    def outcome_of_second(self, first, second):
        """What `second` returns or raises if it begins before the transaction of `first` ends."""
        monitor = connection.copy()
        self.addCleanup(monitor.close)

        def run_second():
            try:
                return second()
            except Refusal as refusal:
                return type(refusal)
            finally:
                connections.close_all()

        with without_time_limits(), ThreadPoolExecutor(1) as thread:
            with box_office.transaction():
                first()
                outcome = thread.submit(run_second)
                while not (outcome.done() or waiting_for_lock(monitor)):
                    time.sleep(0.002)
            return outcome.result()

    def history_of(self, booking):
        """The status of a booking, its seat, and its events with those who caused them."""
        booking = Booking.objects.get(pk=booking.pk)
        events = booking.events.order_by("id").values_list("kind", "actor")
        return booking.status, booking.seat_number, list(events)

    def test_seat_of_a_show_that_is_being_called_off_is_not_sold(self):
        call_off = partial(box_office.call_off, show=self.show, by=self.stella, reason="No heating")
        book = partial(box_office.book, show_id=self.show.pk, seat_number=5)
        reserve = partial(box_office.reserve, show_id=self.show.pk, seat_numbers=[5, 6])
        for sale in (
            partial(book, by=self.stella, customer=self.alice),
            partial(reserve, by=self.stella, customer=self.alice),
            partial(reserve, by=self.stella, customer=self.alice, hold=True),
            partial(book, by=self.alice),
            partial(reserve, by=self.alice, hold=True),
        ):
            with self.subTest(sale):
                type(self.show).objects.update(cancelled_at=None)
                self.assertEqual(self.outcome_of_second(call_off, sale), ShowCancelled)
                self.assertEqual(Booking.objects.count(), 0)

    def test_show_is_called_off_with_the_seat_that_is_being_sold(self):
        book = partial(box_office.book, show_id=self.show.pk, seat_number=5, by=self.alice)
        call_off = partial(box_office.call_off, show=self.show, by=self.stella, reason="No heating")
        [cancelled] = self.outcome_of_second(book, call_off)
        both = [("booked", self.alice.pk), ("cancelled", self.stella.pk)]
        self.assertEqual(self.history_of(cancelled), ("cancelled", 5, both))

    def test_seat_that_is_being_removed_or_kept_for_the_house_is_not_sold(self):
        for layout, refusal in [("sssss", NoSuchSeat), ("sssssssssx", NotForSale)]:
            with self.subTest(layout):
                show = create_show()
                show.use_screen(create_screen(layout, layout))
                change_hall = partial(box_office.schedule, [show])
                book = partial(box_office.book, show_id=show.pk, seat_number=10, by=self.alice)
                self.assertEqual(self.outcome_of_second(change_hall, book), refusal)

    def test_hall_keeps_the_seat_that_is_being_sold(self):
        book = partial(box_office.book, show_id=self.show.pk, seat_number=10, by=self.alice)
        self.show.total_seats = 5
        change_hall = partial(box_office.schedule, [self.show])
        self.assertEqual(self.outcome_of_second(book, change_hall), SeatsInUse)

    def test_booking_that_is_being_cancelled_is_not_cancelled_again_with_the_account(self):
        booking = create_booking(self.alice, self.show)
        cancel = partial(box_office.cancel, booking=booking, by=self.stella, as_staff=True)
        erase = partial(accounts.erase, user=self.alice, password=PASSWORD)
        self.assertIsNone(self.outcome_of_second(cancel, erase))
        cancelled_once = ("cancelled", 5, [("cancelled", self.stella.pk)])
        self.assertEqual(self.history_of(booking), cancelled_once)

    def test_hold_that_is_being_confirmed_is_cancelled_as_a_booking_with_the_account(self):
        hold = create_hold(self.alice, self.show)
        confirm = partial(box_office.confirm, reservation=self.find(hold), by=self.alice)
        erase = partial(accounts.erase, user=self.alice, password=PASSWORD)
        self.assertIsNone(self.outcome_of_second(confirm, erase))
        both = [("confirmed", self.alice.pk), ("cancelled", self.alice.pk)]
        self.assertEqual(self.history_of(hold), ("cancelled", 5, both))

    def test_booking_that_is_being_cancelled_cannot_be_changed(self):
        hold = create_hold(self.alice, self.show)
        cancel = partial(box_office.cancel, booking=hold, by=self.stella, as_staff=True)
        for change in (
            partial(box_office.move, booking=hold, seat_number=6, by=self.alice),
            partial(box_office.move, booking=hold, seat_number=6, by=self.stella, as_staff=True),
            partial(box_office.confirm, reservation=self.find(hold), by=self.alice),
            partial(box_office.extend, reservation=self.find(hold), by=self.alice),
            partial(box_office.cancel, booking=hold, by=self.alice),
            partial(box_office.cancel_reservation, reservation=self.find(hold), by=self.alice),
        ):
            with self.subTest(change):
                hold.events.all().delete()
                hold.save()  # held again
                self.assertEqual(self.outcome_of_second(cancel, change), AlreadyCancelled)
                cancelled_once = ("cancelled", 5, [("cancelled", self.stella.pk)])
                self.assertEqual(self.history_of(hold), cancelled_once)

    def test_ticket_that_is_being_used_or_cancelled_is_not_used(self):
        show = create_show(starts_in=timedelta(minutes=30))
        booking = create_booking(self.alice, show)
        ticket = {"booking_id": booking.pk, "seat_number": 5}
        admit = partial(box_office.admit, **ticket, by=self.stella)
        for first, expected in [
            (admit, AlreadyAdmitted),
            (partial(box_office.cancel, booking=booking, by=self.alice), TicketCancelled),
            (partial(box_office.move, booking=booking, seat_number=6, by=self.alice), TicketMoved),
        ]:
            with self.subTest(first):
                booking.save()  # booked, and not in
                self.assertEqual(self.outcome_of_second(first, admit), expected)

    def test_seat_whose_ticket_is_being_used_is_neither_cancelled_nor_moved(self):
        show = create_show(starts_in=timedelta(minutes=30))
        booking = create_booking(self.alice, show)
        ticket = {"booking_id": booking.pk, "seat_number": 5}
        admit = partial(box_office.admit, **ticket, by=self.stella)
        for second in (
            partial(box_office.cancel, booking=booking, by=self.alice),
            partial(box_office.cancel, booking=booking, by=self.stella, as_staff=True),
            partial(box_office.move, booking=booking, seat_number=6, by=self.alice),
        ):
            with self.subTest(second):
                booking.save()
                self.assertEqual(self.outcome_of_second(admit, second), CheckedIn)

    def find(self, booking):
        return Reservation.find(booking.reference)
