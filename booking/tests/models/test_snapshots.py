from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from booking.models import Booking, Reservation, show_snapshots
from booking.models.clock import Now
from booking.tests.factories import create_booking, create_hold, create_show, create_user


class ExpiredTests(TestCase):
    """SQL and Python agree on whether a hold has expired."""

    def test_status_in_sql_is_the_status_in_python(self):
        show, alice = create_show(), create_user("alice")
        seconds = [-3600, -1, 0, 1, 3600]
        for seat, ends_in in enumerate(seconds, 1):
            create_hold(alice, show, seat, ends_in=timedelta(seconds=ends_in))
        for seat, status in enumerate(["booked", "cancelled", "expired"], 6):
            create_booking(alice, show, seat, status=status)
        found = Booking.objects.annotate_current_status().annotate(now=Now()).order_by("pk")
        for each in found:
            with self.subTest(seat=each.seat_number):
                self.assertEqual(each.current_status, each.status_at(each.now))
                one = Booking.objects.filter(pk=each.pk)
                for status in Booking.Status.values:
                    self.assertEqual(
                        one.with_current_status(status).exists(), status == each.current_status
                    )
                self.assertEqual(one.active().exists(), each.is_active(each.now))
                self.assertEqual(
                    one.expired_holds().exists(),
                    (each.status, each.current_status) == ("held", "expired"),
                )
        self.assertEqual({each.current_status for each in found}, set(Booking.Status.values))

    def test_hold_expires_at_its_end(self):
        held = create_hold(create_user("alice"), create_show())
        instant = timedelta(microseconds=1)
        self.assertEqual(held.status_at(held.held_until - instant), "held")
        self.assertEqual(held.status_at(held.held_until), "expired")
        for now, is_active in ((held.held_until - instant, True), (held.held_until, False)):
            self.assertEqual(Booking.objects.active(now).exists(), is_active)


class SnapshotTests(TestCase):
    """Status and permissions of a booking at one time, however it was loaded."""

    def test_plain_booking_has_the_same_snapshot(self):
        alice, show = create_user("alice"), create_show(total_seats=10)
        for seat, status in enumerate(["booked", "cancelled", "expired"], 1):
            create_booking(alice, show, seat, status=status)
        create_hold(alice, show, 4)
        create_hold(alice, show, 5, ends_in=-timedelta(seconds=1))
        for read in Booking.objects.order_by("pk").snapshots():
            plain = Booking.objects.get(pk=read.booking.pk)
            show_then = plain.show.snapshot(
                available_seats=read.show.available_seats, now=read.show.now
            )
            self.assertEqual(plain.snapshot(show_then), read)
            self.assertEqual(plain.can_cancel(read.show.now), read.can_cancel)
            self.assertEqual(plain.seat_label, read.seat_label)
            if read.is_active:
                self.assertEqual(plain.cancel_until(read.show.now), read.cancel_until)

    def test_booking_can_be_cancelled_until_the_show_starts(self):
        sold = create_booking(create_user("alice"), create_show())
        starts = sold.show.date_time
        self.assertTrue(sold.can_cancel(starts - timedelta(microseconds=1)))
        self.assertFalse(sold.can_cancel(starts))

    def test_show_snapshot_counts_free_seats(self):
        show, alice = create_show(total_seats=3), create_user("alice")
        create_booking(alice, show, 1)
        create_hold(alice, show, 2, ends_in=-timedelta(seconds=1))
        [found] = show_snapshots(type(show).objects.all())
        self.assertEqual((found.show, found.available_seats), (show, 2))
        self.assertTrue(found.is_bookable)
        create_hold(alice, show, 3)
        Booking.objects.filter(seat_number=2).update(status="booked")
        [found] = show_snapshots(type(show).objects.all())
        self.assertEqual((found.available_seats, found.is_bookable), (0, False))
        self.assertLess(abs(found.now - timezone.now()), timedelta(minutes=5))


class ReservationTests(TestCase):
    def test_reservation_with_a_reference_used_twice_shows_one_owner(self):
        """References are unique; if one were not, each user would still see only own seats."""
        show = create_show()
        first = create_booking(create_user("alice"), show, 5, reference="ACDEFGHJ")
        create_booking(create_user("bob"), show, 4, reference="ACDEFGHJ")
        found = Reservation.find("ACDEFGHJ")
        self.assertEqual([each.booking for each in found.bookings], [first])
        self.assertEqual((found.user_id, found.status), (first.user_id, "booked"))
