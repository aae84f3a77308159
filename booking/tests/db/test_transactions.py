"""Transactions of the box office: nesting, threads, and refusals that are read afterwards."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context

from django.db import connections, transaction
from django.test import TransactionTestCase, skipUnlessDBFeature

from booking import box_office
from booking.box_office.queries import explain_taken_seats
from booking.exceptions import NoSuchSeat, ShowNotFound
from booking.models import Booking
from booking.tests.factories import create_show, create_user


class TransactionTests(TransactionTestCase):
    def setUp(self):
        self.alice, self.show = create_user("alice"), create_show()

    def book(self, seat_number):
        return box_office.book(show_id=self.show.pk, seat_number=seat_number, by=self.alice)

    def test_refusal_of_a_part_that_is_caught_rolls_back_the_whole(self):
        with box_office.transaction():
            self.book(1)
            with suppress(NoSuchSeat):
                self.book(99)
        self.assertFalse(Booking.objects.exists())

    def test_parts_of_one_transaction_are_committed_together(self):
        with box_office.transaction():
            first = self.book(1)
            second = self.book(2)
            self.assertIsNotNone(second.booking.pk)
        found = list(Booking.objects.order_by("pk"))
        self.assertEqual(found, [first.booking, second.booking])

    def test_refusal_inside_atomic_leaves_it_usable(self):
        with transaction.atomic():
            with suppress(NoSuchSeat):
                self.book(99)
            self.book(1)
        self.assertEqual(Booking.objects.count(), 1)

    @skipUnlessDBFeature("has_select_for_update")  # SQLite has one writer
    def test_thread_with_a_copy_of_the_context_has_a_transaction_of_its_own(self):
        """As `sync_to_async` runs threads, and Python without the GIL all of them."""

        def in_thread(function):
            context = copy_context()

            def target():
                try:
                    return context.run(function)
                finally:
                    connections.close_all()

            with ThreadPoolExecutor(1) as pool:
                return pool.submit(target).result()

        def begins():
            with box_office.transaction():
                return connections["default"].in_atomic_block

        with box_office.transaction():
            self.assertTrue(in_thread(begins))

    def test_explanation_of_taken_seats_of_a_deleted_show_is_that_it_is_gone(self):
        number = self.show.pk
        self.show.delete()
        self.assertIsInstance(explain_taken_seats(number, [1]), ShowNotFound)
