from datetime import timedelta
from unittest import mock

from django.test import override_settings
from django.utils import timezone

from booking.box_office.queries import explain_taken_seats
from booking.models import Booking
from booking.tests.factories import (
    NO_TOKEN,
    NOT_FOUND,
    ApiTestCase,
    booking_json,
    create_booking,
    create_hold,
    create_show,
    iso,
    movie_json,
)


@override_settings(SALES_CLOSE_AFTER_START=timedelta(minutes=10))
class BookTests(ApiTestCase):
    def book(self, show, seat_number=5, by=None):
        return (by or self.alice_client).post(
            f"/api/shows/{show.id}/book/", {"seat_number": seat_number}
        )

    def test_book_free_seat_returns_the_booking(self):
        show = create_show(total_seats=30, seats_per_row=12)
        response = self.book(show, 14)
        sold = Booking.objects.get()
        body = {
            "id": sold.id,
            "reference": sold.reference,
            "user": self.alice.id,
            "show": {
                "id": show.id,
                "movie": movie_json(show.movie),
                "screen_name": "Screen 1",
                "date_time": iso(show.date_time),
                "ends_at": iso(show.date_time + timedelta(minutes=153)),
                "total_seats": 30,
                "seats_per_row": 12,
                "available_seats": 29,
                "is_bookable": True,
                "bookable_until": iso(show.date_time + timedelta(minutes=10)),
                "cancelled_at": None,
            },
            "seat_number": 14,
            "seat_label": "B2",
            "status": "booked",
            "created_at": iso(sold.created_at),
            "cancelled_at": None,
            "expires_at": None,
            "expires_in": None,
            "can_cancel": True,
            "cancel_until": iso(show.date_time),
            "cancelled_by": None,
            "show_cancelled": False,
            "admitted_at": None,
        }
        self.assertResponse(response, 201, body)
        self.assertEqual((sold.user, sold.show, sold.seat_number), (self.alice, show, 14))
        self.assertLess(abs(sold.created_at - timezone.now()), timedelta(seconds=5))
        self.assertEqual(len(sold.reference), 8)
        self.assertFalse(set(sold.reference) & set("0O1IL2Z5S8B"))  # look-alikes
        self.assertRegex(sold.reference, "^[A-Z0-9]+$")

    def test_book_with_form_body_succeeds(self):
        show = create_show()
        path = f"/api/shows/{show.id}/book/"
        multipart = self.alice_client.post(path, {"seat_number": "5"}, format="multipart")
        urlencoded = self.alice_client.post(
            path, "seat_number=6", content_type="application/x-www-form-urlencoded"
        )
        self.assertEqual((multipart.status_code, multipart.json()["seat_number"]), (201, 5))
        self.assertEqual((urlencoded.status_code, urlencoded.json()["seat_number"]), (201, 6))

    def test_book_last_seat_returns_zero_available_seats(self):
        show = create_show(total_seats=1)
        response = self.book(show, 1)
        expected = booking_json(Booking.objects.get(), available_seats=0)
        expected["show"]["is_bookable"] = False
        self.assertResponse(response, 201, expected)

    def test_book_booked_seat_is_refused_with_alternatives(self):
        show = create_show()
        create_booking(self.bob, create_show(), 4)
        create_booking(self.bob, show, 5)
        create_booking(self.bob, show, 6)
        taken = {
            "detail": "This seat has just been taken.",
            "code": "seat_taken",
            "seat_numbers": [5],
            "alternatives": [4, 3, 7, 2, 8],
        }
        self.assertResponse(self.book(show, 5), 400, taken)
        self.assertResponse(self.book(show, 5, by=self.bob_client), 400, taken)
        self.assertEqual(Booking.objects.count(), 3)

    def test_book_held_seat_is_refused_with_alternatives(self):
        show = create_show(total_seats=2)
        create_hold(self.bob, show, 1)
        taken = {
            "detail": "This seat has just been taken.",
            "code": "seat_taken",
            "seat_numbers": [1],
            "alternatives": [2],
        }
        self.assertResponse(self.book(show, 1), 400, taken)

    def test_book_seat_of_expired_hold_succeeds(self):
        show = create_show()
        expired = create_hold(self.bob, show, 5, ends_in=-timedelta(seconds=1))
        other = create_hold(self.bob, show, 6, ends_in=-timedelta(seconds=1))
        in_other_show = create_hold(self.bob, create_show(), 5, ends_in=-timedelta(seconds=1))
        response = self.book(show, 5)
        sold = Booking.objects.get(status="booked")
        self.assertResponse(response, 201, booking_json(sold, available_seats=9))
        for each, status in [(expired, "expired"), (other, "held"), (in_other_show, "held")]:
            each.refresh_from_db()
            self.assertEqual(each.status, status)

    def test_book_cancelled_seat_succeeds(self):
        show = create_show(total_seats=1)
        create_booking(self.bob, show, 1, status="cancelled")
        self.assertEqual(self.book(show, 1).status_code, 201)
        self.assertEqual(
            sorted(Booking.objects.values_list("user", "status")),
            sorted([(self.bob.id, "cancelled"), (self.alice.id, "booked")]),
        )

    def test_book_any_seat_of_full_show_is_sold_out(self):
        """The code is sold_out, not seat_taken, whichever seat is requested."""
        full = create_show(total_seats=2)
        create_booking(self.bob, full, 1)
        create_hold(self.bob, full, 2)
        sold_out = {"detail": "This show is sold out.", "code": "sold_out"}
        self.assertResponse(self.book(full, 1), 400, sold_out)
        self.assertResponse(self.book(full, 2, by=self.bob_client), 400, sold_out)

    def test_book_after_sales_have_closed_is_refused(self):
        nearly = create_show(starts_in=-timedelta(minutes=9, seconds=50))
        closed = create_show(starts_in=-timedelta(minutes=10, seconds=1))
        sales_closed = {
            "detail": "Sales for this show have closed.",
            "code": "sales_closed",
            "bookable_until": iso(closed.date_time + timedelta(minutes=10)),
        }
        self.assertEqual(self.book(nearly).status_code, 201)
        self.assertResponse(self.book(closed), 400, sales_closed)

    def test_book_with_later_sales_close_setting_succeeds(self):
        started = create_show(starts_in=-timedelta(minutes=15))
        with self.settings(SALES_CLOSE_AFTER_START=timedelta(minutes=20)):
            self.assertEqual(self.book(started).status_code, 201)

    def test_book_seat_of_cancelled_show_is_refused(self):
        off = create_show(cancelled_at=timezone.now())
        cancelled = {
            "detail": "This show has been cancelled.",
            "code": "show_cancelled",
            "cancelled_at": iso(off.cancelled_at),
        }
        self.assertResponse(self.book(off), 400, cancelled)

    def test_book_seat_beyond_the_last_is_refused(self):
        show = create_show(total_seats=10)
        for seat_number in [11, 2**31 - 1]:
            with self.subTest(seat_number):
                sentence = f"There is no seat {seat_number} in this show. "
                beyond = {"seat_number": [f"{sentence}Seats are numbered from 1 to 10."]}
                self.assertResponse(self.book(show, seat_number), 400, beyond)
        self.assertEqual(self.book(show, 10).status_code, 201)
        full = create_show(total_seats=1)
        create_booking(self.bob, full, 1)
        sentence = "There is no seat 2 in this show. Seats are numbered from 1 to 1."
        beyond = {"seat_number": [sentence]}
        self.assertResponse(self.book(full, 2), 400, beyond)

    def test_book_seat_of_unknown_show_returns_404(self):
        self.assertResponse(
            self.alice_client.post("/api/shows/1000000/book/", {"seat_number": 5}), 404, NOT_FOUND
        )

    def test_book_without_token_returns_401(self):
        self.assertResponse(self.book(create_show(), by=self.client), 401, NO_TOKEN)
        self.assertFalse(Booking.objects.exists())

    def test_book_seat_taken_after_check_is_refused_by_constraint(self):
        """The seat is taken between the check and the INSERT."""
        show = create_show()

        def take_the_seat(sale):
            create_booking(self.bob, sale.snapshot.show, 10)

        with mock.patch("booking.box_office.selling.require_seats_free", take_the_seat):
            response = self.book(show, 10)
        taken = {
            "detail": "This seat has just been taken.",
            "code": "seat_taken",
            "seat_numbers": [10],
            "alternatives": [9, 8, 7, 6, 5],
        }
        self.assertResponse(response, 400, taken)
        self.assertFalse(Booking.objects.exists())

    def test_book_seat_freed_after_the_refusal_is_tried_again_and_booked(self):
        """The alternatives are read without the lock: by then the wanted seat may be free."""
        show = create_show()
        taken = create_booking(self.bob, show, 5)

        def free_the_seat_first(show_id, wanted):
            Booking.objects.filter(pk=taken.pk).update(status="cancelled")
            return explain_taken_seats(show_id, wanted)

        with mock.patch("booking.box_office.locking.explain_taken_seats", free_the_seat_first):
            response = self.book(show, 5)
        booked = Booking.objects.get(user=self.alice)
        self.assertResponse(response, 201, booking_json(booked, available_seats=9))
