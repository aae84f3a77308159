"""What staff may do beyond customers: house seats, notes, longer holds, changes after the start."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from booking import accounts, box_office
from booking.exceptions import (
    NotForSale,
    ReservedNameTaken,
    SeatsTaken,
    ShowCancelled,
    ShowStarted,
)
from booking.models import Booking, Show
from booking.tests.factories import create_booking, create_screen, create_show, create_user


class StaffTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice")
        cls.stella = create_user("stella", is_staff=True)
        cls.show = create_show(screen=create_screen(layout="ssxss"))

    def start_show(self):
        Show.objects.filter(pk=self.show.pk).update(date_time=timezone.now() - timedelta(hours=1))


class SaleTests(StaffTestCase):
    def test_staff_sell_house_seats_with_a_note(self):
        sold = box_office.reserve(
            show_id=self.show.pk,
            by=self.stella,
            customer=self.alice,
            seat_numbers=[2, 3],
            note="Ms Lang, 0170 555",
        )
        self.assertEqual(sold.show.available_seats, 3)
        self.assertEqual(
            list(
                Booking.objects.order_by("seat_number").values_list("seat_number", "user", "note")
            ),
            [(2, self.alice.pk, "Ms Lang, 0170 555"), (3, self.alice.pk, "Ms Lang, 0170 555")],
        )

    def test_staff_sell_the_last_house_seat(self):
        for seat in (1, 2, 4, 5):
            create_booking(self.alice, self.show, seat)
        sold = box_office.book(
            show_id=self.show.pk, by=self.stella, customer=self.alice, seat_number=3
        )
        self.assertEqual(sold.show.available_seats, 0)

    def test_taken_seat_among_several_leaves_all_unsold(self):
        create_booking(self.alice, self.show, 2)
        with self.assertRaises(SeatsTaken) as raised:
            box_office.reserve(
                show_id=self.show.pk, by=self.stella, customer=self.alice, seat_numbers=[1, 2]
            )
        self.assertEqual(raised.exception.facts, {"seat_numbers": [2], "alternatives": [4, 5]})
        self.assertEqual(Booking.objects.count(), 1)

    def test_staff_hold_as_long_as_they_say(self):
        held = box_office.reserve(
            show_id=self.show.pk,
            by=self.stella,
            customer=self.alice,
            seat_numbers=[1],
            hold=True,
            hold_for=timedelta(hours=3),
        )
        self.assertEqual(held.leading.expires_in, 3 * 3600)

    def test_hold_ends_when_sales_close(self):
        held = box_office.reserve(
            show_id=self.show.pk,
            by=self.stella,
            customer=accounts.reserved_account(accounts.HOUSE),
            seat_numbers=[1],
            hold=True,
            hold_for=timedelta(days=365),
        )
        self.assertEqual(held.leading.expires_at, self.show.bookable_until)


class ReservedAccountTests(TestCase):
    def test_reserved_account_exists_once_and_cannot_log_in(self):
        first = accounts.reserved_account(accounts.WALK_IN)
        self.assertEqual(accounts.reserved_account(accounts.WALK_IN), first)
        self.assertFalse(first.has_usable_password())

    def test_reserved_account_of_a_customer_is_refused(self):
        create_user("Walk-In", password=create_user("bob").password)
        with self.assertRaises(ReservedNameTaken):
            accounts.reserved_account(accounts.WALK_IN)

    def test_reserved_names_cannot_be_chosen(self):
        for name in ("walk-in", "House"):
            body = {"username": name, "password": "correct horse 7"}
            response = self.client.post("/api/signup/", body)
            self.assertEqual(response.status_code, 400)
            self.assertEqual(
                response.json(),
                {
                    "username": ["This username is already taken."],
                    "codes": {"username": ["username_taken"]},
                },
            )


class ChangeTests(StaffTestCase):
    def setUp(self):
        self.booking = create_booking(self.alice, self.show, 1)

    def test_staff_cancel_after_the_start_with_a_reason(self):
        self.start_show()
        with self.assertRaises(ShowStarted):
            box_office.cancel(booking=self.booking, by=self.stella)
        cancelled = box_office.cancel(
            booking=self.booking, by=self.stella, as_staff=True, reason="The projector failed"
        )
        self.assertEqual(cancelled.status, "cancelled")
        event = self.booking.events.get()
        self.assertEqual((event.kind, event.reason), ("cancelled", "The projector failed"))

    def test_staff_move_after_the_start_to_a_house_seat(self):
        with self.assertRaises(NotForSale):
            box_office.move(booking=self.booking, seat_number=3, by=self.alice)
        self.start_show()
        moved = box_office.move(
            booking=self.booking, seat_number=3, by=self.stella, as_staff=True, reason="Cold"
        )
        self.assertEqual((moved.booking.seat_number, moved.show.available_seats), (3, 4))
        event = self.booking.events.get()
        self.assertEqual((event.moved_from, event.reason), (1, "Cold"))


class CallOffTests(StaffTestCase):
    def test_call_off_cancels_the_show_and_its_active_bookings(self):
        booked = create_booking(self.alice, self.show, 1)
        held = create_booking(
            self.alice,
            self.show,
            2,
            status="held",
            held_until=timezone.now() + timedelta(minutes=5),
        )
        expired = create_booking(self.alice, self.show, 4, status="held", held_until=timezone.now())
        other = create_booking(self.alice, create_show(), 1)
        cancelled = box_office.call_off(show=self.show, by=self.stella, reason="No heating")
        self.assertEqual(cancelled, [booked, held])
        self.show.refresh_from_db()
        self.assertFalse(self.show.takes_place)
        self.assertEqual(self.show.version, 1)
        for booking in (booked, held):
            booking.refresh_from_db()
            self.assertEqual(booking.status, "cancelled")
            self.assertEqual(booking.cancelled_at, self.show.cancelled_at)
            self.assertEqual(booking.cancelled_by, self.stella)
            self.assertEqual(booking.events.get().reason, "No heating")
        for booking, status in ((expired, "held"), (other, "booked")):
            booking.refresh_from_db()
            self.assertEqual(booking.status, status)

    def test_call_off_after_the_start_is_possible(self):
        create_booking(self.alice, self.show, 1)
        self.start_show()
        self.assertEqual(len(box_office.call_off(show=self.show, by=self.stella, reason="")), 1)

    def test_call_off_without_bookings_cancels_the_show(self):
        self.assertEqual(box_office.call_off(show=self.show, by=self.stella, reason=""), [])
        self.show.refresh_from_db()
        self.assertFalse(self.show.takes_place)

    def test_call_off_twice_is_refused(self):
        box_office.call_off(show=self.show, by=self.stella, reason="")
        with self.assertRaises(ShowCancelled):
            box_office.call_off(show=self.show, by=self.stella, reason="")

    def test_call_off_costs_the_same_for_one_and_for_three_bookings(self):
        for seats in ([1], [1, 2, 4]):
            show = create_show()
            for seat in seats:
                create_booking(self.alice, show, seat)
            with self.subTest(seats=seats), self.assertNumQueries(CALL_OFF_QUERIES):
                box_office.call_off(show=show, by=self.stella, reason="")


CALL_OFF_QUERIES = 7 + 2  # and the savepoint of the test
