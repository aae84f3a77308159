from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.test import override_settings

from booking import box_office
from booking.models import Show
from booking.tests.api.test_check_in import CheckInTestCase
from booking.tests.factories import NO_TOKEN, create_booking, create_hold, create_show, iso
from booking.tickets import Ticket, code_of


class AdmissionListTests(CheckInTestCase):
    def list(self, by=None, **parameters):
        return (by or self.door).get(f"/api/shows/{self.show.id}/admissions/", parameters)

    def ticket_json(self, booking, **differences):
        code = code_of(Ticket.of(booking))
        return {
            "booking": booking.id,
            "reference": booking.reference,
            "seat_number": booking.seat_number,
            "seat_label": f"A{booking.seat_number}",
            "customer_name": "",
            "hashes": [sha256(code.encode()).hexdigest()],
            "admitted_at": None,
            "admitted_by": None,
        } | differences

    def list_json(self, *tickets, cursor="0", booked=1, admitted=0, gone=()):
        return {
            "show": self.show.id,
            "movie": "Metropolis",
            "screen_name": "Screen 1",
            "date_time": iso(self.show.date_time),
            "doors_open_at": iso(self.show.date_time - settings.DOORS_OPEN),
            "cancelled_at": None,
            "booked": booked,
            "admitted": admitted,
            "cursor": cursor,
            "tickets": list(tickets),
            "gone": list(gone),
        }

    def test_list_has_booked_seats_by_number(self):
        first = create_booking(self.bob, self.show, 2, note="red coat")
        create_hold(self.alice, self.show, 3)
        create_booking(self.alice, self.show, 4, status="cancelled")
        create_booking(self.alice, create_show(), 6)
        expected = self.list_json(
            self.ticket_json(first, customer_name="red coat"),
            self.ticket_json(self.booking),
            booked=2,
        )
        self.assertResponse(self.list(), 200, expected)

    def test_list_says_who_is_in(self):
        self.check_in()
        self.booking.refresh_from_db()
        in_ = {"admitted_at": iso(self.booking.admitted_at), "admitted_by": "stella"}
        response = self.list()
        cursor = response.json()["cursor"]
        expected = self.list_json(self.ticket_json(self.booking, **in_), cursor=cursor, admitted=1)
        self.assertResponse(response, 200, expected)
        self.assertGreater(int(cursor), 0)

    def test_since_has_only_what_has_changed(self):
        others = [create_booking(self.bob, self.show, seat) for seat in (1, 2, 3, 4)]
        cursor = self.list().json()["cursor"]
        self.assertEqual(self.list(since=cursor).json()["tickets"], [])
        self.check_in(others[0])
        box_office.cancel(booking=others[1], by=self.bob)
        box_office.move(booking=others[2], seat_number=7, by=self.bob)
        new = box_office.book(show_id=self.show.id, seat_number=8, by=self.alice).booking
        for booking in others:
            booking.refresh_from_db()
        response = self.list(since=cursor)
        new_cursor = response.json()["cursor"]
        in_ = {"admitted_at": iso(others[0].admitted_at), "admitted_by": "stella"}
        expected = self.list_json(
            self.ticket_json(others[0], **in_),
            self.ticket_json(others[2]),
            self.ticket_json(new),
            cursor=new_cursor,
            booked=5,
            admitted=1,
            gone=[others[1].id],
        )
        self.assertResponse(response, 200, expected)
        self.undo(others[0])
        last = self.list(since=new_cursor).json()
        self.assertEqual(last["tickets"], [self.ticket_json(others[0])])
        self.assertEqual((last["gone"], last["admitted"]), ([], 0))

    def test_hash_is_given_for_each_key(self):
        ticket = Ticket.of(self.booking)
        with override_settings(TICKET_KEYS=["new", "old"]):
            [listed] = self.list().json()["tickets"]
        codes = [code_of(ticket, key) for key in ("new", "old")]
        self.assertEqual(listed["hashes"], [sha256(each.encode()).hexdigest() for each in codes])

    def test_gate_that_lost_to_an_earlier_scan_sees_it_in_the_list(self):
        self.start_in(-10)
        self.check_in()
        cursor = self.list().json()["cursor"]
        self.booking.refresh_from_db()
        earlier = self.booking.admitted_at - timedelta(minutes=5)
        self.check_in(scanned_at=iso(earlier))
        [changed] = self.list(since=cursor).json()["tickets"]
        self.assertEqual(changed["admitted_at"], iso(earlier))

    def test_etag_changes_with_the_list_only(self):
        first = self.list()
        self.assertIn("no-store", first["Cache-Control"])
        url = f"/api/shows/{self.show.id}/admissions/"
        again = self.door.get(url, HTTP_IF_NONE_MATCH=first["ETag"])
        self.assertEqual((again.status_code, again.content), (304, b""))
        self.check_in()
        self.assertEqual(self.door.get(url, HTTP_IF_NONE_MATCH=first["ETag"]).status_code, 200)

    def test_list_of_cancelled_show_says_so(self):
        box_office.call_off(show=self.show, by=self.stella, reason="fire")
        body = self.list().json()
        self.assertEqual(body["tickets"], [])
        self.assertEqual(body["cancelled_at"], iso(Show.objects.get(pk=self.show.pk).cancelled_at))

    def test_list_for_customers_is_forbidden(self):
        response = self.list(by=self.alice_client)
        self.assertEqual(
            (response.status_code, response.json()["code"]), (403, "permission_denied")
        )
        self.assertResponse(self.list(by=self.client), 401, NO_TOKEN)

    def test_list_of_unknown_show_is_404(self):
        response = self.door.get("/api/shows/0/admissions/")
        self.assertResponse(response, 404, {"detail": "Not found.", "code": "not_found"})

    def test_bad_parameters_are_400(self):
        for name, value in [
            *(("since", value) for value in ("x", "-1", "1.5", str(2**63), "\x00", "٥")),
            ("colour", "1"),
        ]:
            with self.subTest(name=name, value=value):
                response = self.list(**{name: value})
                self.assertEqual(response.status_code, 400)
                self.assertEqual(set(response.json()), {name, "codes"})
        self.assertEqual(self.list(since="").status_code, 200)

    def test_list_takes_the_same_queries_for_any_number_of_seats(self):
        """User, two for the permission, show, newest event, counts, bookings."""
        for seats in (1, 3):
            for parameters in ({}, {"since": "0"}):
                with self.assertNumQueries(7):
                    self.assertEqual(self.list(**parameters).json()["booked"], seats)
            if seats == 1:
                create_booking(self.bob, self.show, 2)
                create_booking(self.bob, self.show, 3)
