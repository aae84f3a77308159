"""Every change to a booking leaves one event: who, what, when, and in which request."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client, TransactionTestCase
from django.utils import timezone

from booking import box_office
from booking.accounts import erase
from booking.exceptions import CustomerNotFound
from booking.models import Booking, BookingEvent, Reservation
from booking.tests.factories import (
    ApiTestCase,
    create_booking,
    create_hold,
    create_show,
    create_user,
)


class EventTestCase(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.show = create_show()
        self.stella = create_user("stella", is_staff=True, is_superuser=True)

    def post(self, path, body=None, *, request_id="phone-1"):
        response = self.alice_client.post(path, body or {}, headers={"X-Request-ID": request_id})
        self.assertLess(response.status_code, 300, response.content)
        return response.json()

    def hold(self, *seats):
        body = {"seat_numbers": seats, "hold": True}
        return self.post(f"/api/shows/{self.show.pk}/reservations/", body)["reference"]

    def events(self, *names):
        """These fields of all events, in the order of their insertion."""
        return list(BookingEvent.objects.order_by("pk").values_list(*names))

    def assertEvents(self, *expected):
        """Seat, kind, actor and request ID of all events."""
        self.assertEqual(self.events("seat_number", "kind", "actor", "request_id"), [*expected])


class EventTests(EventTestCase):
    def test_booking_has_an_event_with_actor_time_and_request_id(self):
        booked = self.post(f"/api/shows/{self.show.pk}/book/", {"seat_number": 5})
        booking = Booking.objects.get()
        self.assertEqual(booking.pk, booked["id"])
        event = BookingEvent.objects.values().get()
        del event["id"]
        self.assertEqual(
            event,
            {
                "booking_id": booking.pk,
                "actor_id": self.alice.pk,
                "kind": "booked",
                "created_at": booking.created_at,
                "request_id": "phone-1",
                "seat_number": 5,
                "moved_from": None,
                "reason": "",
            },
        )

    def test_booking_with_a_key_and_its_repetition_have_one_event(self):
        for _ in range(2):
            response = self.alice_client.post(
                f"/api/shows/{self.show.pk}/book/",
                {"seat_number": 5},
                headers={"Idempotency-Key": "key", "X-Request-ID": "phone-1"},
            )
            self.assertEqual(response.status_code, 201)
        self.assertEvents((5, "booked", self.alice.pk, "phone-1"))

    def test_reservation_has_an_event_for_each_seat(self):
        create_booking(self.bob, self.show, 1)
        self.post(f"/api/shows/{self.show.pk}/reservations/", {"seat_numbers": [5, 6]})
        self.post(f"/api/shows/{self.show.pk}/reservations/", {"count": 1}, request_id="phone-2")
        [(_, best)] = Booking.objects.order_by("-pk").values_list("pk", "seat_number")[:1]
        self.assertCountEqual(
            self.events("seat_number", "kind", "booking__seat_number", "request_id"),
            [
                (5, "booked", 5, "phone-1"),
                (6, "booked", 6, "phone-1"),
                (best, "booked", best, "phone-2"),
            ],
        )

    def test_hold_confirmed_moved_and_cancelled_has_an_event_for_each(self):
        reference = self.hold(5)
        booking = Booking.objects.get()
        self.post(f"/api/reservations/{reference}/extend/")
        self.post(f"/api/reservations/{reference}/confirm/")
        self.post(f"/api/bookings/{booking.pk}/move/", {"seat_number": 7})
        self.post(f"/api/bookings/{booking.pk}/cancel/", request_id="phone-2")
        self.assertEqual(
            self.events("kind", "seat_number", "moved_from", "actor", "request_id"),
            [
                ("held", 5, None, self.alice.pk, "phone-1"),
                ("extended", 5, None, self.alice.pk, "phone-1"),
                ("confirmed", 5, None, self.alice.pk, "phone-1"),
                ("moved", 7, 5, self.alice.pk, "phone-1"),
                ("cancelled", 7, None, self.alice.pk, "phone-2"),
            ],
        )
        booking.refresh_from_db()
        times = [moment for (moment,) in self.events("created_at")]
        self.assertEqual((times[0], times[-1]), (booking.created_at, booking.cancelled_at))
        self.assertEqual(times, sorted(times))

    def test_reservation_given_back_has_an_event_for_each_active_seat(self):
        reference = self.hold(5, 6)
        first = Booking.objects.get(seat_number=5)
        self.post(f"/api/bookings/{first.pk}/cancel/")
        BookingEvent.objects.all().delete()
        self.post(f"/api/reservations/{reference}/cancel/")
        self.assertEvents((6, "cancelled", self.alice.pk, "phone-1"))

    def test_change_outside_a_request_has_no_request_id(self):
        box_office.book(show_id=self.show.pk, seat_number=5, by=self.alice)
        self.assertEvents((5, "booked", self.alice.pk, "-"))

    def test_seat_sold_and_cancelled_by_staff_names_them(self):
        counter = Client()
        counter.force_login(self.stella)
        counter.post(
            "/admin/booking/booking/add/",
            {"user": self.alice.pk, "show": self.show.pk, "seat_number": 5},
            headers={"X-Request-ID": "counter-1"},
        )
        booking = Booking.objects.get()
        counter.post(
            "/admin/booking/booking/",
            {"action": "cancel_selected", "_selected_action": [booking.pk], "confirmed": "1"},
            headers={"X-Request-ID": "counter-2"},
        )
        self.assertEvents(
            (5, "booked", self.stella.pk, "counter-1"),
            (5, "cancelled", self.stella.pk, "counter-2"),
        )

    def test_erased_account_stays_the_actor(self):
        self.alice.set_password("sesame-9-street")
        self.alice.save()
        box_office.book(show_id=self.show.pk, seat_number=5, by=self.alice)
        other = create_show(self.show.movie)
        box_office.book(show_id=other.pk, seat_number=6, by=self.alice)
        erase(user=self.alice, password="sesame-9-street")
        self.assertEqual(
            self.events("seat_number", "kind", "actor", "actor__username"),
            [
                (seat, kind, self.alice.pk, self.alice.username)
                for kind in ("booked", "cancelled")
                for seat in (5, 6)
            ],
        )
        self.assertTrue(self.alice.username.startswith("erased-"))
        by = set(Booking.objects.values_list("cancelled_by", flat=True))
        self.assertEqual(by, {self.alice.pk})

    def test_deleted_account_leaves_its_events_without_actor(self):
        sold = box_office.book(
            show_id=self.show.pk, seat_number=5, by=self.stella, customer=self.alice
        )
        box_office.cancel(booking=sold.booking, by=self.stella)
        User.objects.get(pk=self.stella.pk).delete()
        self.assertEvents((5, "booked", None, "-"), (5, "cancelled", None, "-"))
        self.assertIsNone(Booking.objects.get().cancelled_by_id)


class NoEventTests(EventTestCase):
    def test_extension_beyond_the_latest_end_has_one_event(self):
        held = create_hold(self.alice, self.show, 5)
        Booking.objects.update(created_at=held.held_until - settings.HOLD_AT_MOST)
        Booking.objects.update(held_until=held.held_until - timedelta(minutes=1))
        ends = [self.post(f"/api/reservations/{held.reference}/extend/") for _ in range(3)]
        self.assertEqual(len({each["expires_at"] for each in ends}), 1)
        self.assertEvents((5, "extended", self.alice.pk, "phone-1"))
        self.show.cancelled_at = timezone.now()
        self.show.save()
        refused = self.alice_client.post(f"/api/reservations/{held.reference}/extend/")
        self.assertEqual((refused.status_code, refused.json()["code"]), (400, "show_cancelled"))

    def test_change_of_nothing_has_no_event(self):
        booking = create_booking(self.alice, self.show, 5)
        self.post(f"/api/bookings/{booking.pk}/move/", {"seat_number": 5})
        self.post(f"/api/reservations/{booking.reference}/confirm/")
        self.assertEvents()

    def test_refusal_has_no_event(self):
        create_booking(self.bob, self.show, 5)
        mine = create_booking(self.alice, self.show, 6)
        cancelled = create_booking(self.alice, self.show, 7, status="cancelled")
        expired = create_hold(self.alice, self.show, 8, ends_in=-timedelta(seconds=1))
        for path, body in [
            (f"/api/shows/{self.show.pk}/book/", {"seat_number": 5}),
            (f"/api/shows/{self.show.pk}/reservations/", {"seat_numbers": [9, 5]}),
            (f"/api/bookings/{mine.pk}/move/", {"seat_number": 5}),
            (f"/api/bookings/{cancelled.pk}/cancel/", {}),
            (f"/api/reservations/{mine.reference}/extend/", {}),
            (f"/api/reservations/{expired.reference}/confirm/", {}),
        ]:
            with self.subTest(path):
                self.assertEqual(self.alice_client.post(path, body).status_code, 400)
        self.assertEvents()

    def test_rollback_leaves_no_event(self):
        booked = create_booking(self.alice, self.show, 5)
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            box_office.book(show_id=self.show.pk, seat_number=6, by=self.alice)
            box_office.move(booking=booked, seat_number=7, by=self.alice)
            raise ZeroDivisionError
        self.assertEvents()
        self.assertEqual(Booking.objects.count(), 1)

    def test_expired_hold_has_no_event(self):
        create_hold(self.bob, self.show, 5, ends_in=-timedelta(seconds=1))
        self.post(f"/api/shows/{self.show.pk}/book/", {"seat_number": 5})
        self.assertEvents((5, "booked", self.alice.pk, "phone-1"))

    def test_event_without_sense_is_refused(self):
        booking = create_booking(self.alice, self.show)
        event = {"booking": booking, "created_at": timezone.now(), "seat_number": 5}
        for values in [{"kind": "stolen"}, {"kind": "moved"}, {"kind": "booked", "moved_from": 4}]:
            with self.subTest(values), self.assertRaises(IntegrityError), transaction.atomic():
                BookingEvent.objects.create(**event, **values)


class DeletedActorTests(TransactionTestCase):
    def test_change_by_an_account_deleted_meanwhile_is_refused(self):
        """Staff may be deleted while their request runs; customers with bookings may not."""
        alice, gone, show = create_user("alice"), create_user("stella"), create_show()
        booked = create_booking(alice, show, 5)
        User.objects.filter(pk=gone.pk).delete()
        for change in [
            lambda: box_office.book(show_id=show.pk, seat_number=6, by=gone, customer=alice),
            lambda: box_office.move(booking=booked, seat_number=7, by=gone),
            lambda: box_office.cancel(booking=booked, by=gone),
        ]:
            with self.assertRaises(CustomerNotFound):
                change()
        self.assertEqual(Booking.objects.get(), booked)
        self.assertFalse(BookingEvent.objects.exists())


class StatementTests(EventTestCase):
    def test_reservation_of_any_size_writes_its_events_in_one_statement(self):
        for seats in ([1], [2, 3, 4]):
            # SAVEPOINT, lock, SELECT, three INSERTs, RELEASE.
            with self.subTest(seats), self.assertNumQueries(7):
                box_office.reserve(show_id=self.show.pk, seat_numbers=seats, by=self.alice)

    def test_cancellation_of_any_size_writes_its_events_in_one_statement(self):
        for seats in ([1], [2, 3, 4]):
            sold = box_office.reserve(show_id=self.show.pk, seat_numbers=seats, by=self.alice)
            reservation = Reservation.find(sold.reference)
            # SAVEPOINT, lock, SELECT, UPDATE, two INSERTs, RELEASE.
            with self.subTest(seats), self.assertNumQueries(7):
                box_office.cancel_reservation(reservation=reservation, by=self.alice)
