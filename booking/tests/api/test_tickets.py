from django.test import override_settings

from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    create_booking,
    create_hold,
    create_show,
    iso,
)
from booking.tickets import Ticket, code_of

NOT_YOURS = {"detail": "You do not have access to this booking.", "code": "not_yours"}
ONLY_HELD = {
    "detail": "These seats are only held. Confirm them first.",
    "code": "not_booked",
    "status": "held",
}
FILES = [  # ending, media type, first bytes
    ("ticket.pdf", "application/pdf", b"%PDF-"),
    ("ticket.png", "image/png", b"\x89PNG\r\n"),
    ("ticket.svg", "image/svg+xml", b"<svg "),
    ("calendar.ics", "text/calendar; charset=utf-8", b"BEGIN:VCALENDAR\r\n"),
]


def ticket_json(booking, **differences):
    return {
        "booking": booking.id,
        "reference": booking.reference,
        "seat_number": booking.seat_number,
        "seat_label": f"A{booking.seat_number}",
        "admitted_at": None,
        "code": code_of(Ticket.of(booking)),
        "svg": f"/api/bookings/{booking.id}/ticket.svg",
        "png": f"/api/bookings/{booking.id}/ticket.png",
        "pdf": f"/api/bookings/{booking.id}/ticket.pdf",
        "calendar": f"/api/bookings/{booking.id}/calendar.ics",
    } | differences


class TicketTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.booking = create_booking(self.alice, create_show())

    def get(self, ending, by=None, booking=None, **headers):
        booking = booking or self.booking
        return (by or self.alice_client).get(f"/api/bookings/{booking.id}/{ending}", **headers)

    def test_ticket_has_code_and_addresses(self):
        self.assertResponse(self.get("ticket/"), 200, ticket_json(self.booking))

    def test_ticket_of_checked_in_seat_says_so(self):
        admitted_at = self.booking.show.date_time
        Booking.objects.update(admitted_at=admitted_at)
        expected = ticket_json(self.booking, admitted_at=iso(admitted_at))
        self.assertResponse(self.get("ticket/"), 200, expected)

    def test_files_are_of_their_type_whatever_is_accepted(self):
        for ending, media_type, begin in FILES:
            for accept in ("*/*", media_type, "application/json", "text/html"):
                with self.subTest(ending=ending, accept=accept):
                    response = self.get(ending, HTTP_ACCEPT=accept)
                    self.assertEqual(response.status_code, 200, response.content)
                    self.assertEqual(response["Content-Type"], media_type)
                    self.assertEqual(response.content[: len(begin)], begin)
                    self.assertIn("no-store", response["Cache-Control"])

    def test_files_have_names(self):
        reference = self.booking.reference
        names = [self.get(ending)["Content-Disposition"] for ending, *_ in FILES]
        expected = [f"ticket-{reference}-A5.{form}" for form in ("pdf", "png", "svg")]
        expected = [f'inline; filename="{name}"' for name in [*expected, f"show-{reference}.ics"]]
        self.assertEqual(names, expected)

    def test_file_with_slash_is_unknown_endpoint(self):
        response = self.get("ticket.pdf/")
        not_found = {"detail": "No such endpoint.", "code": "not_found"}
        self.assertResponse(response, 404, not_found)

    def test_ticket_of_others_is_forbidden(self):
        for ending in ("ticket/", *(ending for ending, *_ in FILES)):
            with self.subTest(ending=ending):
                response = self.get(ending, by=self.bob_client, HTTP_ACCEPT="image/png")
                self.assertResponse(response, 403, NOT_YOURS)
                self.assertResponse(self.get(ending, by=self.client), 401, NO_TOKEN)

    def test_ticket_of_unknown_booking_is_404(self):
        for ending in ("ticket/", *(ending for ending, *_ in FILES)):
            with self.subTest(ending=ending):
                response = self.alice_client.get(f"/api/bookings/0/{ending}")
                self.assertResponse(response, 404, {"detail": "Not found.", "code": "not_found"})

    def test_ticket_of_hold_is_refused(self):
        held = create_hold(self.alice, self.booking.show, 6)
        for ending in ("ticket/", "ticket.pdf"):
            self.assertResponse(self.get(ending, booking=held), 400, ONLY_HELD)

    def test_ticket_of_cancelled_booking_is_refused(self):
        self.alice_client.post(f"/api/bookings/{self.booking.id}/cancel/")
        self.booking.refresh_from_db()
        cancelled = {
            "detail": "This booking was cancelled.",
            "code": "ticket_cancelled",
            "cancelled_at": iso(self.booking.cancelled_at),
            "show_cancelled": False,
        }
        for ending in ("ticket/", "ticket.png"):
            self.assertResponse(self.get(ending), 400, cancelled)

    def test_ticket_under_path_prefix_links_below_it(self):
        with override_settings(FORCE_SCRIPT_NAME="/cinema"):
            response = self.get("ticket/")
        self.assertEqual(response.json()["pdf"], f"/api/bookings/{self.booking.id}/ticket.pdf")


class ReservationTicketTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        show = create_show()
        self.bookings = [
            create_booking(self.alice, show, seat, reference="ABCDEFGH") for seat in (3, 4)
        ]

    def get(self, ending, by=None):
        return (by or self.alice_client).get(f"/api/reservations/ABCDEFGH/{ending}")

    def test_tickets_of_reservation_are_those_of_its_booked_seats(self):
        expected = {
            "reference": "ABCDEFGH",
            "tickets": [ticket_json(booking) for booking in self.bookings],
            "pdf": "/api/reservations/ABCDEFGH/ticket.pdf",
            "calendar": "/api/reservations/ABCDEFGH/calendar.ics",
        }
        self.assertResponse(self.get("ticket/"), 200, expected)
        Booking.objects.filter(seat_number=3).update(status="cancelled")
        expected["tickets"] = [ticket_json(self.bookings[1])]
        self.assertResponse(self.get("ticket/"), 200, expected)

    def test_files_of_reservation(self):
        for ending, media_type, begin in (FILES[0], FILES[3]):
            with self.subTest(ending=ending):
                response = self.get(ending)
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response["Content-Type"], media_type)
                self.assertEqual(response.content[: len(begin)], begin)
                self.assertResponse(self.get(ending, by=self.bob_client), 403, NOT_YOURS)

    def test_tickets_of_held_reservation_are_refused(self):
        Booking.objects.update(status="held", held_until=self.bookings[0].show.date_time)
        for ending in ("ticket/", "ticket.pdf"):
            self.assertResponse(self.get(ending), 400, ONLY_HELD)

    def test_tickets_of_reservation_take_the_same_queries_for_any_number_of_seats(self):
        with self.assertNumQueries(2):  # user, bookings
            self.assertEqual(len(self.get("ticket/").json()["tickets"]), 2)
        create_booking(self.alice, self.bookings[0].show, 5, reference="ABCDEFGH")
        with self.assertNumQueries(2):
            self.assertEqual(len(self.get("ticket/").json()["tickets"]), 3)
