"""Mails about bookings: the mail for each change of a reservation."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test import TestCase, override_settings
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar
from pypdfium2 import PdfDocument

from booking import accounts, box_office
from booking.exceptions import NoSuchSeat
from booking.mail import Sent, send_waiting, write_reminders
from booking.models import Booking, Mail, Profile, Show
from booking.tests.factories import create_movie, create_show, create_user
from booking.tests.mail.inbox import InboxMixin, text_of

STARTS = datetime(2040, 11, 27, 19, 15, tzinfo=UTC)


@override_settings(TIME_ZONE="Europe/Berlin")
class ReservationMailCase(InboxMixin, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice", email="alice@example.com", first_name="Ada")
        cls.stella = create_user("stella", is_staff=True)
        cls.show = create_show(create_movie(), date_time=STARTS, total_seats=50)

    def reserve(self, *seats, **more):
        by = more.pop("by", self.alice)
        return box_office.reserve(show_id=self.show.pk, by=by, seat_numbers=list(seats), **more)

    def mails(self):
        """The messages that are sent now."""
        self.inbox.messages.clear()
        send_waiting()
        return [message for _, _, message in self.inbox.messages]

    def mail(self):
        [message] = self.mails()
        return message

    def bookings(self, reservation):
        return Booking.objects.filter(reference=reservation.reference).order_by("seat_number")


class ReservationMailTests(ReservationMailCase):
    def test_greeting_has_no_link_or_text_of_a_stranger(self):
        """A stranger who signs up with another address must not be able to send text to it."""
        self.reserve(1)
        for first_name, username, greeting in (
            ("Ada", "alice", "Hello Ada,"),
            ("J. R.", "alice", "Hello J. R.,"),
            ("win at evil.example", "alice", "Hello alice,"),
            ("https://evil", "www.evil.example", "Hello,"),
            ("evil\u3002example", "alice@evil", "Hello,"),
            ("Call this number at once. " * 4, "a" * 51, "Hello,"),
            ("", "alice", "Hello alice,"),
        ):
            with self.subTest(first_name, username=username):
                User.objects.update_or_create(
                    pk=self.alice.pk, defaults={"first_name": first_name, "username": username}
                )
                Mail.objects.update(sent_at=None)
                mail = self.mail()
                self.assertIn(f"\n{greeting}\n", text_of(mail))
                self.assertIn(f"<p>{greeting}</p>", mail.get_body(["html"]).get_content())

    def test_booking_is_confirmed_with_tickets_and_calendar_file(self):
        reservation = self.reserve(14, 15)
        mail = self.mail()
        self.assertEqual(mail["To"], "alice@example.com")
        self.assertEqual(mail["Subject"], "Your tickets: Metropolis, Tue 27 Nov, 20:15")
        self.assertEqual(
            text_of(mail),
            "Your tickets\n\n"
            "Hello Ada,\n\n"
            "Your seats are booked. The tickets are attached: show them at the door, on\n"
            "your phone or printed.\n\n"
            "Metropolis\n"
            "Tuesday, 27 November 2040, 20:15 (Europe/Berlin)\n"
            "Screen 1\n"
            "Seats B4, B5\n"
            "Doors open at 19:15\n"
            f"Reference {reservation.reference}\n\n"
            "-- \nKino Babylon\nPlatz 1, Berlin\n\n",
        )
        html = mail.get_body(["html"]).get_content()
        self.assertIn(f'<b class="reference">{reservation.reference}</b>', html)
        self.assertIn("Seats <b>B4, B5</b>", html)
        tickets, calendar = mail.iter_attachments()
        self.assertEqual(
            (tickets.get_content_type(), tickets.get_filename()),
            ("application/pdf", f"ticket-{reservation.reference}.pdf"),
        )
        self.assertEqual(len(PdfDocument(tickets.get_content())), 2)
        self.assertEqual(calendar.get_content_type(), "text/calendar")
        [event] = Calendar.from_ical(calendar.get_content()).walk("VEVENT")
        self.assertEqual((event["STATUS"], event["SUMMARY"]), ("CONFIRMED", "Metropolis"))

    def test_hold_is_not_mailed_until_it_is_confirmed(self):
        held = self.reserve(14, 15, hold=True)
        self.assertEqual(self.mails(), [])
        box_office.extend(reservation=held, by=self.alice)
        self.assertEqual(self.mails(), [])
        box_office.confirm(reservation=held, by=self.alice)
        self.assertIn("Seats B4, B5\n", text_of(self.mail()))

    def test_hold_that_is_moved_or_released_is_not_mailed(self):
        held = self.reserve(14, hold=True)
        [booking] = self.bookings(held)
        box_office.move(booking=booking, seat_number=16, by=self.alice)
        box_office.cancel_reservation(reservation=held, by=self.alice)
        self.assertEqual(Mail.objects.count(), 0)

    def test_every_verb_writes_its_mail(self):
        reservation = self.reserve(14, 15)
        self.mails()
        first, second = self.bookings(reservation)
        box_office.move(booking=first, seat_number=21, by=self.alice)
        mail = self.mail()
        self.assertEqual(mail["Subject"], "Your booking was changed: Metropolis, Tue 27 Nov, 20:15")
        self.assertIn("Your booking was changed. The tickets for the seats", text_of(mail))
        self.assertIn("Seats B5, C1\n", text_of(mail))
        box_office.cancel(booking=second, by=self.stella, as_staff=True, reason="broken seat")
        text = text_of(self.mail())
        self.assertIn("Your booking was changed by the cinema.", text)
        self.assertIn("Seat C1\nDoors open at 19:15\nCancelled: B5\n", text)
        self.assertNotIn("broken", text)  # the reason is for the history
        box_office.cancel(booking=first, by=self.alice)
        mail = self.mail()
        self.assertEqual(
            mail["Subject"], "Your booking was cancelled: Metropolis, Tue 27 Nov, 20:15"
        )
        self.assertIn("\nCancelled: C1, B5\nReference", text_of(mail).replace("B5, C1", "C1, B5"))
        [calendar] = mail.iter_attachments()  # and no ticket
        [event] = Calendar.from_ical(calendar.get_content()).walk("VEVENT")
        self.assertEqual(event["STATUS"], "CANCELLED")

    def test_show_called_off_is_mailed_once_for_each_reservation(self):
        self.reserve(1, 2, 3)
        bob = create_user("bob", email="bob@example.com")
        self.reserve(4, by=bob)
        self.reserve(5, by=bob)
        self.reserve(6, by=create_user("carol"))  # without an address
        self.reserve(7, by=bob, hold=True)
        self.mails()
        box_office.call_off(show=self.show, by=self.stella, reason="projector")
        mails = self.mails()
        self.assertEqual(
            sorted(mail["To"] for mail in mails),
            ["alice@example.com", "bob@example.com", "bob@example.com"],
        )
        self.assertEqual(
            {mail["Subject"] for mail in mails},
            {"The show was called off: Metropolis, Tue 27 Nov, 20:15"},
        )
        self.assertIn("We are sorry: the cinema has called the show off", text_of(mails[0]))

    def test_show_moved_to_another_time_or_screen_is_mailed(self):
        self.reserve(1)
        self.mails()
        for change, subject in (
            ({"total_seats": 60}, None),
            ({"date_time": STARTS + timedelta(hours=1)}, "Metropolis, Tue 27 Nov, 21:15"),
            ({"screen_name": "Screen 2"}, "Metropolis, Tue 27 Nov, 21:15"),
            ({"date_time": STARTS - timedelta(days=40_000)}, "Metropolis, "),
            ({"screen_name": "Screen 3"}, None),  # of a show that is over
        ):
            with self.subTest(change):
                show = Show.objects.get(pk=self.show.pk)
                for name, value in change.items():
                    setattr(show, name, value)
                box_office.schedule([show])
                subjects = [mail["Subject"] for mail in self.mails()]
                if subject is None:
                    self.assertEqual(subjects, [])
                else:
                    self.assertEqual(len(subjects), 1)
                    self.assertTrue(subjects[0].startswith(f"New time or screen: {subject}"))

    def test_rollback_takes_the_mail_along(self):
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            self.reserve(1)
            1 / 0  # noqa: B018
        self.assertEqual(self.mails(), [])
        with self.assertRaises(NoSuchSeat):
            self.reserve(51)
        self.assertEqual(self.mails(), [])

    def test_what_changes_again_before_it_is_sent_is_sent_once_as_it_is_then(self):
        reservation = self.reserve(14, 15)
        first, second = self.bookings(reservation)
        box_office.move(booking=first, seat_number=21, by=self.alice)
        box_office.cancel(booking=second, by=self.alice)
        mail = self.mail()
        self.assertEqual(mail["Subject"], "Your tickets: Metropolis, Tue 27 Nov, 20:15")
        self.assertIn("Seat C1\n", text_of(mail))
        sent = [(each.kind, each.state, each.recipient) for each in Mail.objects.order_by("pk")]
        kinds = ["booked", "changed", "cancelled"]
        self.assertEqual(sent, [(kind, "sent", "alice@example.com") for kind in kinds])
        self.assertEqual(self.mails(), [])
        other = self.reserve(30)
        box_office.cancel_reservation(reservation=other, by=self.alice)
        self.assertTrue(self.mail()["Subject"].startswith("Your booking was cancelled"))

    def test_change_while_a_mail_is_sent_is_mailed_afterwards(self):
        """The worker has read the reservation; its mail does not stand for what comes later."""
        [booking] = self.bookings(self.reserve(14))
        [mail] = Mail.objects.all()
        self.assertTrue(mail.claim())
        along = mail.sent_along()
        box_office.move(booking=booking, seat_number=21, by=self.alice)
        self.assertEqual(self.mails(), [])  # the newer one waits for the older one
        mail.note_sent(along, to="alice@example.com")
        self.assertIn("Seat C1\n", text_of(self.mail()))

    def test_mail_waits_for_an_older_one_of_its_reservation_only(self):
        reservation = self.reserve(14)
        self.assertTrue(Mail.objects.get().claim())
        box_office.cancel_reservation(reservation=reservation, by=self.alice)
        self.reserve(15)
        self.assertIn("Seat B5\n", text_of(self.mail()))
        Mail.objects.update(leased_until=datetime.now(UTC))  # that worker has died
        self.assertTrue(self.mail()["Subject"].startswith("Your booking was cancelled"))

    def test_booking_of_a_show_that_is_over_is_not_confirmed(self):
        """Of a worker that was away, or if EMAIL_URL was set only now."""
        self.reserve(1)
        over = datetime.now(UTC) - timedelta(days=1)
        Show.objects.filter(pk=self.show.pk).update(date_time=over)
        self.assertEqual(self.mails(), [])
        self.assertFalse(Mail.objects.exists())

    def test_address_is_that_of_the_moment_when_it_is_sent(self):
        self.reserve(14)
        User.objects.filter(pk=self.alice.pk).update(email="ada@example.com")
        self.assertEqual(self.mail()["To"], "ada@example.com")
        self.assertEqual(Mail.objects.get().recipient, "ada@example.com")
        self.reserve(15)
        User.objects.filter(pk=self.alice.pk).update(email="")
        self.assertEqual(self.mails(), [])
        self.assertFalse(Mail.objects.filter(sent_at=None).exists())

    def test_seat_sold_at_the_counter_is_mailed_to_the_customer(self):
        self.reserve(14, by=self.stella, customer=self.alice)
        walk_in = accounts.reserved_account(accounts.WALK_IN)
        self.reserve(15, by=self.stella, customer=walk_in)
        self.assertEqual(self.mail()["To"], "alice@example.com")

    def test_title_with_line_breaks_and_html_stays_a_title(self):
        movie = create_movie("A\r\nBcc: all@example.com <b>&")
        show = create_show(movie, date_time=STARTS)
        box_office.book(show_id=show.pk, seat_number=1, by=self.alice)
        mail = self.mail()
        subject = "Your tickets: A Bcc: all@example.com <b>&, Tue 27 Nov, 20:15"
        self.assertEqual(mail["Subject"], subject)
        self.assertIsNone(mail["Bcc"])
        self.assertIn("&lt;b&gt;&amp;", mail.get_body(["html"]).get_content())

    def test_called_off_premiere_of_ten_thousand_mails(self):
        premiere = create_show(self.show.movie, date_time=STARTS, total_seats=10_000)
        now = datetime.now(UTC)
        Booking.objects.bulk_create(
            Booking(user=self.alice, show=premiere, seat_number=seat, created_at=now)
            for seat in range(1, 10_001)
        )
        with CaptureQueriesContext(connection) as queries:
            box_office.call_off(show=premiere, by=self.stella, reason="projector")
        self.assertLess(len(queries), 30)
        references = Mail.objects.values_list("reference", flat=True)
        expected = Booking.objects.filter(show=premiere).values_list("reference", flat=True)
        self.assertEqual(sorted(references), sorted(set(expected)))


class OptionTests(ReservationMailCase):
    def test_customer_without_wish_for_mail_hears_of_changes_only(self):
        Profile.objects.create(user=self.alice, mail_bookings=False)
        reservation = self.reserve(14)
        self.assertEqual(self.mails(), [])
        box_office.cancel_reservation(reservation=reservation, by=self.alice)
        self.assertTrue(self.mail()["Subject"].startswith("Your booking was cancelled"))

    @override_settings(MAIL_ONLY_VERIFIED=True)
    def test_only_verified_addresses_if_so_set(self):
        self.reserve(14)
        self.assertEqual(self.mails(), [])
        Profile.objects.create(user=self.alice, verified_email="ALICE@example.com")
        self.reserve(15)
        self.assertEqual(self.mail()["To"], "alice@example.com")
        User.objects.filter(pk=self.alice.pk).update(email="new@example.com")
        self.reserve(16)
        self.assertEqual(self.mails(), [])

    def test_erased_account_leaves_no_mail(self):
        self.alice.set_password("paper-moon-1973")
        self.alice.save()
        self.reserve(14)
        self.mails()
        self.reserve(15)
        accounts.erase(user=self.alice, password="paper-moon-1973")
        self.assertEqual(self.mails(), [])
        self.assertEqual(Mail.objects.count(), 0)


@override_settings(REMINDER_BEFORE=timedelta(hours=4))
class ReminderTests(ReservationMailCase):
    def setUp(self):
        super().setUp()
        self.now = datetime.now(UTC)
        self.soon = create_show(self.show.movie, date_time=self.now + timedelta(hours=3))

    def booked(self, show=None, *, hours_ago=24, **more):
        fields = {"user": self.alice, "show": show or self.soon, "seat_number": 1}
        created_at = self.now - timedelta(hours=hours_ago)
        return Booking.objects.create(**fields | {"created_at": created_at} | more)

    def test_reservation_is_reminded_once(self):
        self.booked(reference="AAAA2222")
        self.booked(reference="AAAA2222", seat_number=2)
        self.assertEqual((write_reminders(), write_reminders()), (1, 0))
        mail = self.mail()
        self.assertTrue(mail["Subject"].startswith("Reminder: Metropolis, "))
        self.assertIn("Your show starts soon.", text_of(mail))
        self.assertEqual(len(list(mail.iter_attachments())), 2)
        self.assertEqual(write_reminders(), 0)

    def test_reminder_that_another_mail_replaced_is_not_written_again(self):
        booking = self.booked(reference="AAAA2222")
        Mail.objects.create(kind="changed", reference=booking.reference)
        self.assertEqual(write_reminders(), 1)
        self.assertTrue(self.mail()["Subject"].startswith("Your booking was changed"))
        self.assertEqual((write_reminders(), self.mails()), (0, []))

    def test_others_are_not_reminded(self):
        later = create_show(self.show.movie, date_time=self.now + timedelta(hours=5))
        begun = create_show(self.show.movie, date_time=self.now - timedelta(minutes=1))
        called_off = create_show(
            self.show.movie, date_time=self.now + timedelta(hours=2), cancelled_at=self.now
        )
        for show in (later, begun, called_off):
            self.booked(show)
        self.booked(status="cancelled", seat_number=2)
        self.booked(status="held", seat_number=3, held_until=self.now + timedelta(hours=1))
        self.booked(seat_number=4, hours_ago=0.5)  # within the four hours
        self.assertEqual(write_reminders(), 0)
        with self.settings(REMINDER_BEFORE=timedelta(0)):
            self.booked(seat_number=5)
            self.assertEqual(write_reminders(), 0)

    def test_reminder_that_nobody_wants_is_not_written(self):
        """Otherwise it would be written and deleted again every few seconds."""
        self.booked()
        with self.settings(MAIL_ONLY_VERIFIED=True):
            self.assertEqual(write_reminders(), 0)
            Profile.objects.create(user=self.alice, verified_email="Alice@example.com")
            Profile.objects.filter(user=self.alice).update(mail_bookings=False)
            self.assertEqual(write_reminders(), 0)
        for fields in ({"is_active": False}, {"is_active": True, "email": ""}):
            User.objects.filter(pk=self.alice.pk).update(**fields)
            Profile.objects.filter(user=self.alice).update(mail_bookings=True)
            self.assertEqual(write_reminders(), 0)
        User.objects.filter(pk=self.alice.pk).update(email="alice@example.com")
        with self.settings(MAIL_ONLY_VERIFIED=True):
            self.assertEqual((write_reminders(), write_reminders()), (1, 0))

    def test_reminder_of_a_booking_cancelled_since_is_not_sent(self):
        booking = self.booked()
        write_reminders()
        Booking.objects.filter(pk=booking.pk).update(status="cancelled", cancelled_at=self.now)
        self.assertEqual(send_waiting(), Sent(1, 0))
        self.assertEqual(self.inbox.messages, [])

    def test_reminder_that_waited_until_the_show_began_is_not_sent(self):
        self.booked()
        write_reminders()
        Show.objects.filter(pk=self.soon.pk).update(date_time=self.now)
        self.assertEqual(self.mails(), [])

    def test_show_moved_to_another_day_is_reminded_again(self):
        self.booked(reference="AAAA2222")
        write_reminders()
        self.mails()
        show = Show.objects.get(pk=self.soon.pk)
        show.date_time = self.now + timedelta(hours=3, minutes=30)
        box_office.schedule([show])
        self.assertEqual(write_reminders(), 1)
        self.assertTrue(self.mail()["Subject"].startswith("New time or screen"))  # says both
