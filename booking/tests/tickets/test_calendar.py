"""Calendar files are read by vobject, which has nothing in common with what writes them."""

from datetime import UTC, datetime, timedelta

import vobject
from django.test import TestCase, override_settings

from booking import box_office
from booking.models import Reservation, Show
from booking.tests.factories import create_booking, create_movie, create_show, create_user
from booking.tickets import calendar_of

STARTS = datetime(2083, 10, 30, 18, 15, tzinfo=UTC)  # the night in which summer time ends in Berlin


@override_settings(
    TIME_ZONE="Europe/Berlin", CINEMA_NAME="Kino Babylon", CINEMA_ADDRESS="Platz 1, Berlin"
)
class CalendarTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice, cls.stella = create_user("alice"), create_user("stella", is_staff=True)
        cls.show = create_show(create_movie("Metropolis; a movie, 1927"), date_time=STARTS)
        cls.bookings = [
            create_booking(cls.alice, cls.show, seat, reference="ABCDEFGH") for seat in (5, 6)
        ]

    def content(self):
        return calendar_of(Reservation.find("ABCDEFGH"))

    def event(self):
        calendar = vobject.readOne(self.content().decode())
        calendar.validate(raiseException=True)
        self.assertEqual(calendar.method.value, "PUBLISH")
        return calendar.vevent

    def test_event_has_the_show_in_the_cinemas_zone(self):
        event = self.event()
        self.assertEqual(event.dtstart.value, STARTS)
        self.assertEqual(event.dtstart.value.strftime("%d.%m. %H:%M"), "30.10. 20:15")
        self.assertEqual(event.dtend.value, STARTS + timedelta(minutes=153))
        self.assertEqual(event.summary.value, "Metropolis; a movie, 1927")
        self.assertEqual(event.location.value, "Kino Babylon, Screen 1, Platz 1, Berlin")
        self.assertEqual(event.description.value, "2 seats: A5, A6. Reference ABCDEFGH.")
        self.assertEqual(event.status.value, "CONFIRMED")
        self.assertEqual(event.sequence.value, "0")

    def test_file_is_as_rfc_5545_wants_it(self):
        Show.objects.update(screen_name="Großer Saal „Fritz Lang“ " * 3)
        content = self.content()
        lines = content.split(b"\r\n")
        self.assertEqual((lines[0], lines[-2:]), (b"BEGIN:VCALENDAR", [b"END:VCALENDAR", b""]))
        self.assertNotIn(b"\n", content.replace(b"\r\n", b""))
        self.assertLessEqual(max(map(len, lines)), 75)
        for name in (
            b"BEGIN:VTIMEZONE",
            b"TZID:Europe/Berlin",
            b"DTSTAMP:",
            b"SEQUENCE:",
            b"PRODID:",
        ):
            self.assertEqual(content.count(b"\r\n" + name), 1, name)
        self.event()

    def test_line_breaks_in_names_stay_inside_their_line(self):
        self.show.movie.title = "A\r\nEND:VEVENT\r\nBEGIN:VALARM"
        self.show.movie.save()
        self.assertEqual(self.content().count(b"\r\nBEGIN:VALARM"), 0)
        self.event()

    def test_in_utc_no_zone_is_needed(self):
        with override_settings(TIME_ZONE="UTC"):
            content = self.content()
        self.assertIn(b"\r\nDTSTART:20831030T181500Z\r\n", content)
        self.assertNotIn(b"VTIMEZONE", content)

    def test_uid_stays_and_sequence_grows_with_each_change(self):
        changes = [
            lambda: box_office.move(
                booking=self.bookings[0], seat_number=7, by=self.stella, as_staff=True
            ),
            lambda: box_office.schedule([self.edited_show()]),
            lambda: box_office.cancel(booking=self.bookings[1], by=self.alice),
            lambda: box_office.call_off(show=self.show, by=self.stella, reason="fire"),
        ]
        found = [self.event()]
        for change in changes:
            change()
            found.append(self.event())
        self.assertEqual(len({event.uid.value for event in found}), 1)
        sequences = [int(event.sequence.value) for event in found]
        self.assertEqual(sequences, sorted(set(sequences)))
        self.assertEqual(
            [event.description.value for event in found],
            [
                "2 seats: A5, A6. Reference ABCDEFGH.",
                "2 seats: A6, A7. Reference ABCDEFGH.",
                "2 seats: A6, A7. Reference ABCDEFGH.",
                "1 seat: A7. Reference ABCDEFGH.",
                "Cancelled. Reference ABCDEFGH.",
            ],
        )
        self.assertEqual([e.status.value for e in found], ["CONFIRMED"] * 4 + ["CANCELLED"])
        self.assertEqual(found[1].dtstart.value, STARTS)
        self.assertEqual(found[2].dtstart.value, STARTS + timedelta(hours=1))

    def edited_show(self):
        show = Show.objects.get(pk=self.show.pk)
        show.date_time += timedelta(hours=1)
        return show

    def test_other_reservations_have_other_uids(self):
        uid = self.event().uid.value
        create_booking(self.alice, self.show, 9, reference="HGFEDCBA")
        other = vobject.readOne(calendar_of(Reservation.find("HGFEDCBA")).decode())
        self.assertNotEqual(other.vevent.uid.value, uid)

    def test_calendar_takes_three_queries_for_any_number_of_seats(self):
        for seats in (2, 3):
            with self.assertNumQueries(3):
                self.assertIn(b"%d seats" % seats, self.content())
            if seats == 2:
                create_booking(self.alice, self.show, 9, reference="ABCDEFGH")
