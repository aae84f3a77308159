"""Each invariant is broken by SQL, past the box office and the constraints."""

from datetime import timedelta

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from booking import box_office
from booking.models import Booking, IdempotencyKey, Mail, Reservation, Screen, Session, Show
from booking.models.booking_events import BookingEvent
from booking.tests.audit.breaking import (
    POSTGRESQL,
    AuditTestCase,
    broken,
    drop,
    execute,
    without_constraints,
)
from booking.tests.factories import create_screen, create_show, create_user
from movie_booking.environment import NO_MAIL

QUERIES = 60 if POSTGRESQL else 250  # with one slice of each table; mostly introspection


class BrokenTablesTests(AuditTestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice, cls.bob = create_user("alice", email="alice@home.example"), create_user("bob")
        cls.screen = create_screen(layout="ss.ss\nsx.xs")
        cls.show = create_show(screen=cls.screen)
        reserve = {"show_id": cls.show.pk, "by": cls.alice}
        cls.reservation = box_office.reserve(seat_numbers=[1, 2], **reserve)
        cls.hold = box_office.reserve(seat_numbers=[3, 4], hold=True, **reserve)
        cls.other_show = create_show(cls.show.movie, starts_in=timedelta(days=2))
        box_office.book(show_id=cls.other_show.pk, seat_number=1, by=cls.bob)
        cls.one, cls.two = (each.booking.pk for each in cls.reservation.bookings)
        cls.held = cls.hold.bookings[0].booking.pk

    def setUp(self):
        self.assertEqual(broken(), {})

    def break_booking(self, pk, **values):
        assigned = ", ".join(f"{name} = %s" for name in values)
        sql = f"UPDATE booking_booking SET {assigned} WHERE id = %s"  # noqa: S608 constants
        execute(sql, *values.values(), pk)

    def test_seat_sold_twice_is_named_with_both_bookings(self):
        with without_constraints(("booking_booking", "one_active_booking_per_seat")):
            self.break_booking(self.two, seat_number=1)
        words = f"seat 1 of show {self.show.pk}: 2 bookings, the first is {self.one}, the last"
        self.assertNamed("no_seat_is_sold_twice", words)
        self.assertNamed("no_seat_is_sold_twice", words, self.show.pk)
        self.assertEqual(broken(self.other_show.pk), {})

    def test_seat_beyond_the_last_is_named(self):
        self.break_booking(self.one, seat_number=9)
        self.assertNamed("active_seats_exist", f"booking {self.one} (show {self.show.pk}, seat 9")

    def test_seat_zero_is_named(self):
        with without_constraints(("booking_booking", "seat_numbers_start_at_one")):
            if POSTGRESQL:
                drop("booking_booking", "booking_booking_seat_number_check")
            self.break_booking(self.one, seat_number=0)
            self.assertNamed("active_seats_exist", "seat 0")

    def test_cancelled_seat_beyond_the_last_is_allowed(self):
        booking = self.reservation.bookings[0].booking
        box_office.cancel(booking=booking, by=self.alice)
        execute("UPDATE booking_booking SET seat_number = 9 WHERE id = %s", self.one)
        execute("UPDATE booking_bookingevent SET seat_number = 9 WHERE booking_id = %s", self.one)
        self.assertEqual(broken(), {})

    def test_show_with_more_bookings_than_seats_is_named(self):
        execute("UPDATE booking_show SET total_seats = 3 WHERE id = %s", self.show.pk)
        self.assertNamed("no_show_is_oversold", f"show {self.show.pk}: 4 of 3 seats are taken")

    def test_reservation_of_two_customers_is_named(self):
        self.break_booking(self.two, user_id=self.bob.pk)
        self.assertNamed("a_reservation_has_one_customer_and_show", self.reservation.reference)

    def test_reservation_in_two_shows_is_named_for_either_show(self):
        self.break_booking(self.two, show_id=self.other_show.pk)
        for show in (self.show, self.other_show):
            self.assertNamed(
                "a_reservation_has_one_customer_and_show", self.reservation.reference, show.pk
            )

    def test_reservation_made_at_two_times_is_named(self):
        self.break_booking(self.two, created_at=timezone.now() - timedelta(seconds=9))
        self.assertNamed("a_reservation_has_one_customer_and_show", self.reservation.reference)

    def test_hold_that_ends_seat_by_seat_is_named(self):
        self.break_booking(self.held, held_until=timezone.now() + timedelta(seconds=9))
        self.assertNamed("holds_of_a_reservation_end_together", self.hold.reference)

    def test_status_that_contradicts_a_time_is_named(self):
        now = timezone.now()
        for pk, values in [
            (self.one, {"held_until": now}),
            (self.one, {"cancelled_at": now}),
            (self.one, {"status": "cancelled"}),
            (self.one, {"cancelled_by_id": self.alice.pk}),
            (self.one, {"admitted_by_id": self.alice.pk}),
            (self.one, {"status": "unknown"}),
            (self.held, {"held_until": None}),
            (self.held, {"admitted_at": now}),
            (self.held, {"status": "expired"}),  # before its end
            (self.held, {"status": "booked"}),
        ]:
            names = ("a_hold_has_an_end", "only_sold_seats_are_admitted", "booking_status_is_known")
            with self.subTest(values), transaction.atomic():
                with without_constraints(*(("booking_booking", name) for name in names)):
                    self.break_booking(pk, **values)
                self.assertNamed("statuses_agree_with_times", f"booking {pk} ")
                transaction.set_rollback(True)

    def test_times_out_of_order_are_named(self):
        now, hour = timezone.now(), timedelta(hours=1)
        cancelled = {"status": "cancelled", "cancelled_at": now}
        for pk, values in [
            (self.one, {"status": "cancelled", "cancelled_at": now - hour}),
            (self.one, {"status": "cancelled", "cancelled_at": now + hour}),
            (self.one, {**cancelled, "admitted_at": now + timedelta(seconds=9)}),
            (self.one, {"admitted_at": now + hour}),
            (self.one, {"created_at": now + hour}),
            (self.held, {"held_until": now - hour}),
            (self.held, {"status": "cancelled", "cancelled_at": now + hour}),
        ]:
            with self.subTest(values), transaction.atomic():
                self.break_booking(pk, **values)
                self.assertNamed("times_are_in_order", f"booking {pk} ")
                transaction.set_rollback(True)

    def test_booking_that_its_events_do_not_explain_is_named(self):
        for change in [
            "DELETE FROM booking_bookingevent",
            "UPDATE booking_bookingevent SET kind = 'held'",
            "UPDATE booking_bookingevent SET seat_number = 5",
            "UPDATE booking_bookingevent SET kind = 'confirmed'",
        ]:
            with self.subTest(change), transaction.atomic():
                execute(f"{change} WHERE booking_id = %s", self.two)
                self.assertNamed("events_explain_the_booking", f"booking {self.two}: ")
                transaction.set_rollback(True)

    def test_booking_with_another_time_than_its_event_is_named(self):
        booking = self.reservation.bookings[1].booking
        box_office.cancel(booking=booking, by=self.alice)
        later = timezone.now() + timedelta(seconds=9)
        for name, words in [("created_at", "first event"), ("cancelled_at", "cancellation")]:
            with self.subTest(name), transaction.atomic():
                self.break_booking(self.two, **{name: later})
                self.assertNamed("events_explain_the_booking", words)
                transaction.set_rollback(True)

    def test_events_out_of_order_are_named(self):
        hold = Reservation.find(self.hold.reference)
        box_office.confirm(reservation=hold, by=self.alice)
        self.assertEqual(broken(), {})
        BookingEvent.objects.filter(booking=self.held, kind="confirmed").update(
            created_at=timezone.now() - timedelta(hours=1)
        )
        self.assertNamed("events_explain_the_booking", f"booking {self.held}: ")

    def test_booking_from_before_the_first_event_may_have_none(self):
        old = Booking.objects.create(
            user=self.bob,
            show=self.show,
            seat_number=5,
            created_at=timezone.now() - timedelta(days=400),
        )
        self.assertEqual(broken(), {})
        self.break_booking(old.pk, created_at=timezone.now())
        self.assertNamed("events_explain_the_booking", f"booking {old.pk}: ")

    def test_show_that_differs_from_its_layout_is_named(self):
        for field, value in [
            ("total_seats", 9),
            ("seats_per_row", 3),
            ("seat_letters", "ssssssss"),
            ("layout", "no drawing"),
        ]:
            with self.subTest(field), transaction.atomic():
                Show.objects.filter(pk=self.show.pk).update(**{field: value})
                self.assertNamed("shows_agree_with_their_layout", f"show {self.show.pk}: ")
                self.assertNamed("shows_agree_with_their_layout", "", self.show.pk)
                transaction.set_rollback(True)

    def test_seat_letters_without_a_layout_are_named(self):
        Show.objects.filter(pk=self.other_show.pk).update(seat_letters="ss")
        self.assertNamed("shows_agree_with_their_layout", f"show {self.other_show.pk}: ")

    def test_layout_of_a_screen_that_is_not_valid_is_named(self):
        for layout in ("no drawing", "\nss"):
            Screen.objects.filter(pk=self.screen.pk).update(layout=layout)
            self.assertNamed("layouts_of_screens_are_valid", f"screen {self.screen.pk}")

    def test_search_key_of_another_title_is_named(self):
        movie = self.show.movie
        execute("UPDATE booking_movie SET title_key = 'x' WHERE id = %s", movie.pk)
        self.assertNamed("search_keys_agree_with_movies", f"movie {movie.pk}: title_key")

    def test_idempotency_key_without_a_response_is_named(self):
        key = IdempotencyKey.objects.create(user=self.bob, key="k", fingerprint="f")
        self.assertNamed("idempotency_keys_have_a_response", f"key {key.pk} of user {self.bob.pk}")

    def test_session_that_contradicts_itself_is_named(self):
        now, day = timezone.now(), timedelta(days=1)
        right = {"user": self.bob, "token_id": "t", "created_at": now, "expires_at": now + day}
        session = Session.objects.create(**right)
        self.assertEqual(broken(), {})
        for wrong in [
            {"expires_at": now},
            {"refreshed_at": now - day},
            {"previous_token_id": "t"},
        ]:
            with self.subTest(wrong), transaction.atomic():
                Session.objects.update(**wrong)
                self.assertNamed("sessions_are_consistent", f"session {session.pk} ")
                transaction.set_rollback(True)

    def test_mail_that_waits_for_three_days_is_named(self):
        mail = Mail.objects.get()
        Mail.objects.update(created_at=timezone.now() - timedelta(days=3))
        self.assertNamed("mails_are_sent_or_given_up", f"mail {mail.pk} (booked)")
        with self.settings(EMAIL_BACKEND=NO_MAIL):
            self.assertEqual(broken(), {})
        Mail.objects.update(failed_at=timezone.now())
        self.assertEqual(broken(), {})

    def test_mail_of_no_reservation_is_named(self):
        mail = Mail.objects.create(kind="booked", reference="NOBODY23")
        self.assertNamed("mails_belong_to_a_reservation", f"mail {mail.pk} of reference NOBODY23")

    def test_query_count_does_not_grow_with_rows(self):
        with CaptureQueriesContext(connection) as first:
            broken()
        Booking.objects.bulk_create(
            Booking(user=self.bob, show=create_show(self.show.movie), seat_number=1)
            for _ in range(20)
        )
        Mail.objects.bulk_create(Mail(kind="booked", reference=f"R{n}") for n in range(20))
        with self.assertNumQueries(len(first)):
            broken()
        self.assertLessEqual(len(first), QUERIES)
