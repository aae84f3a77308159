import time
from datetime import timedelta
from unittest import mock

from django.utils import timezone

from booking import box_office
from booking.box_office.queries import free_seats
from booking.models import Booking, Show
from booking.models.clock import Now
from booking.tests.factories import (
    NO_TOKEN,
    NOT_FOUND,
    ApiTestCase,
    create_booking,
    create_hold,
    create_show,
    create_user,
    iso,
    reservation_json,
)


class ReserveTests(ApiTestCase):
    def reserve(self, show, by=None, **body):
        return (by or self.alice_client).post(f"/api/shows/{show.id}/reservations/", body)

    def test_reserve_several_seats_books_them(self):
        show = create_show(total_seats=30)
        response = self.reserve(show, seat_numbers=[12, 5, 6])
        first, second, third = Booking.objects.order_by("seat_number")
        body = {
            "reference": first.reference,
            "user": self.alice.id,
            "show": response.json()["show"],
            "status": "booked",
            "bookings": [
                {
                    "id": booking.id,
                    "seat_number": seat,
                    "seat_label": label,
                    "status": "booked",
                    "cancelled_by": None,
                }
                for booking, seat, label in [(first, 5, "A5"), (second, 6, "A6"), (third, 12, "B2")]
            ],
            "created_at": iso(first.created_at),
            "expires_at": None,
            "expires_in": None,
            "can_cancel": True,
            "cancel_until": iso(show.date_time),
            "show_cancelled": False,
        }
        self.assertResponse(response, 201, body)
        self.assertEqual(response.json()["show"]["available_seats"], 27)
        self.assertEqual(len({each.reference for each in Booking.objects.all()}), 1)
        self.assertEqual(len({each.created_at for each in Booking.objects.all()}), 1)

    def test_reserve_with_hold_holds_the_seats(self):
        show = create_show(total_seats=30)
        before = timezone.now()
        response = self.reserve(show, seat_numbers=[5, 6], hold=True)
        held = list(Booking.objects.order_by("seat_number"))
        expected = reservation_json(
            held,
            available_seats=28,
            status="held",
            expires_at=iso(held[0].held_until),
            expires_in=600,
            cancel_until=iso(held[0].held_until),
        )
        self.assertResponse(response, 201, expected)
        self.assertEqual(held[0].held_until, held[1].held_until)
        until = before + timedelta(minutes=10)
        self.assertLess(abs(held[0].held_until - until), timedelta(seconds=5))

    def test_reserve_by_count_picks_the_best_seats(self):
        show = create_show(total_seats=30)
        create_booking(self.bob, show, 15)
        response = self.reserve(show, count=3)
        self.assertEqual(response.status_code, 201)
        self.assertEqual([s["seat_label"] for s in response.json()["bookings"]], ["C4", "C5", "C6"])

    def test_reserve_with_used_reference_draws_another(self):
        create_booking(self.bob, create_show(), reference="AAAAAAAA")
        chance = iter(["AAAAAAAA", "AAAAAAAA", "CCCCCCCC"])
        with mock.patch("booking.box_office.selling.new_reference", lambda: next(chance)):
            response = self.reserve(create_show(), count=2)
        self.assertEqual((response.status_code, response.json()["reference"]), (201, "CCCCCCCC"))
        used = set(self.alice.bookings.values_list("reference", flat=True))
        self.assertEqual(used, {"CCCCCCCC"})

    def test_reserve_by_count_uses_seats_of_expired_holds(self):
        show = create_show(total_seats=2)
        expired = create_hold(self.bob, show, 1, ends_in=-timedelta(seconds=1))
        response = self.reserve(show, count=2)
        self.assertEqual(response.status_code, 201)
        expired.refresh_from_db()
        self.assertEqual(expired.status, "expired")

    def test_reserve_ignores_seats_of_other_shows(self):
        show = create_show()
        create_booking(self.bob, create_show(), 5)
        expired = create_hold(self.bob, create_show(), 5, ends_in=-timedelta(seconds=1))
        self.assertEqual(self.reserve(show, seat_numbers=[5]).status_code, 201)
        self.assertEqual(self.reserve(show, count=2).status_code, 201)
        expired.refresh_from_db()
        self.assertEqual(expired.status, "held")

    def test_reserve_unknown_seat_of_full_show_is_a_field_error(self):
        full = create_show(total_seats=1)
        create_booking(self.bob, full, 1)
        sentence = "There is no seat 2 in this show. Seats are numbered from 1 to 1."
        beyond = {"seat_numbers": [sentence]}
        self.assertResponse(self.reserve(full, seat_numbers=[1, 2]), 400, beyond)

    def test_reserve_with_very_long_list_is_one_field_error(self):
        response = self.reserve(create_show(), seat_numbers=["x"] * 10_000)
        self.assertResponse(
            response, 400, {"seat_numbers": ["You can take at most 10 seats at once."]}
        )

    def test_reserve_while_hold_expires_uses_one_time(self):
        """A reservation reads the time once, after the lock: the hold was active at that time."""
        full = create_show(total_seats=2)
        create_booking(self.bob, full, 1)
        last = create_hold(self.bob, full, 2)

        def later(show, now):
            time.sleep(0.005)  # SQLite's clock has milliseconds
            Booking.objects.filter(pk=last.pk).update(held_until=Now())
            return free_seats(show, now)

        with mock.patch("booking.box_office.selling.free_seats", later):
            response = self.reserve(full, count=1)
        sold_out = {"detail": "This show is sold out.", "code": "sold_out"}
        self.assertResponse(response, 400, sold_out)

    def test_reserve_with_hold_near_sales_close_expires_at_close(self):
        """A hold that expired later could not be confirmed."""
        started = create_show(starts_in=-timedelta(minutes=4))
        with self.settings(SALES_CLOSE_AFTER_START=timedelta(minutes=10)):
            body = self.reserve(started, seat_numbers=[5], hold=True).json()
        self.assertEqual(body["expires_at"], body["show"]["bookable_until"])

    def test_reserve_with_form_body_succeeds(self):
        show = create_show()
        path = f"/api/shows/{show.id}/reservations/"
        form = "application/x-www-form-urlencoded"
        seats = self.alice_client.post(path, "seat_numbers=1&seat_numbers=2", content_type=form)
        count = self.alice_client.post(path, "count=2&hold=true", content_type=form)
        self.assertEqual(
            [
                (r.status_code, r.json()["status"], len(r.json()["bookings"]))
                for r in [seats, count]
            ],
            [(201, "booked", 2), (201, "held", 2)],
        )

    def test_reserve_with_one_seat_taken_reserves_none(self):
        show = create_show(total_seats=20)
        create_booking(self.bob, show, 6)
        create_hold(self.bob, show, 7)
        create_booking(self.bob, create_show(total_seats=20), 4)
        taken = {
            "detail": "Some of these seats have just been taken.",
            "code": "seat_taken",
            "seat_numbers": [6, 7],
            "alternatives": [4, 9, 16, 17, 15],
        }
        self.assertResponse(self.reserve(show, seat_numbers=[5, 6, 7, 8]), 400, taken)
        self.assertFalse(self.alice.bookings.exists())

    def test_reserve_more_seats_than_are_left_is_refused(self):
        show = create_show(total_seats=3)
        create_booking(self.bob, show, 2)
        too_few = {
            "detail": "Only 2 seats are left.",
            "code": "not_enough_seats",
            "available_seats": 2,
        }
        self.assertResponse(self.reserve(show, count=3), 400, too_few)
        self.assertEqual(self.reserve(show, count=2).status_code, 201)
        sold_out = {"detail": "This show is sold out.", "code": "sold_out"}
        self.assertResponse(self.reserve(show, count=1), 400, sold_out)
        self.assertResponse(self.reserve(show, seat_numbers=[1, 2]), 400, sold_out)

    def test_reserve_in_cancelled_or_closed_show_is_refused(self):
        off = create_show(cancelled_at=timezone.now())
        closed = create_show(starts_in=-timedelta(days=1))
        for show, code in [(off, "show_cancelled"), (closed, "sales_closed")]:
            for body in [{"seat_numbers": [1, 2]}, {"count": 2}, {"seat_numbers": [99]}]:
                with self.subTest(code, **body):
                    response = self.reserve(show, **body)
                    self.assertEqual((response.status_code, response.json()["code"]), (400, code))
        self.assertFalse(Booking.objects.exists())

    def test_reserve_with_invalid_fields_is_refused(self):
        show = create_show(total_seats=20)
        one_of_both = {"non_field_errors": ["Send either seat_numbers or count."]}
        integer, from_one = ["Enter a whole number, such as 5."], ["Seats are numbered from 1."]
        at_least, at_most = (
            ["Choose at least 1 seat."],
            ["You can take at most 10 seats at once."],
        )
        cases = [
            ({}, one_of_both),
            ({"hold": True}, one_of_both),
            ({"seat_numbers": [1], "count": 1}, one_of_both),
            ({"seat_numbers": []}, {"seat_numbers": ["Choose at least 1 seat."]}),
            (
                {"seat_numbers": list(range(1, 12))},
                {"seat_numbers": ["You can take at most 10 seats at once."]},
            ),
            (
                {"seat_numbers": [5, 6, 5]},
                {"seat_numbers": ["Each seat can be listed only once."]},
            ),
            (
                {"seat_numbers": [20, 21]},
                {
                    "seat_numbers": [
                        "There is no seat 21 in this show. Seats are numbered from 1 to 20."
                    ]
                },
            ),
            ({"seat_numbers": [5, 0]}, {"seat_numbers": from_one}),
            ({"seat_numbers": [-1]}, {"seat_numbers": from_one}),
            (
                {"seat_numbers": [2**31]},
                {"seat_numbers": ["No show has that many seats."]},
            ),
            ({"seat_numbers": ["A1", 5.0]}, {"seat_numbers": integer}),
            ({"seat_numbers": [True]}, {"seat_numbers": integer}),
            ({"seat_numbers": [[5]]}, {"seat_numbers": integer}),
            (
                {"seat_numbers": 5},
                {"seat_numbers": ['Expected a list of items but got type "int".']},
            ),
            (
                {"seat_numbers": "56"},
                {"seat_numbers": ['Expected a list of items but got type "str".']},
            ),
            ({"seat_numbers": None}, {"seat_numbers": ["This field may not be null."]}),
            ({"count": 0}, {"count": at_least}),
            ({"count": -1}, {"count": at_least}),
            ({"count": 11}, {"count": at_most}),
            ({"count": 1.5}, {"count": integer}),
            ({"count": "many"}, {"count": integer}),
            ({"count": True}, {"count": integer}),
            ({"count": None}, {"count": ["This field may not be null."]}),
            ({"count": 1, "hold": "perhaps"}, {"hold": ["Must be a valid boolean."]}),
            ({"count": 1, "hold": None}, {"hold": ["This field may not be null."]}),
        ]
        for body, errors in cases:
            with self.subTest(body):
                self.assertResponse(self.reserve(show, **body), 400, errors)
        self.assertFalse(Booking.objects.exists())

    def test_reserve_in_unknown_show_returns_404(self):
        response = self.alice_client.post("/api/shows/1000000/reservations/", {"count": 1})
        self.assertResponse(response, 404, NOT_FOUND)

    def test_reserve_without_token_returns_401(self):
        self.assertResponse(self.reserve(create_show(), by=self.client, count=1), 401, NO_TOKEN)


class LimitTests(ApiTestCase):
    """A customer may have at most ten active seats of a show, booked or held."""

    def too_many(self, seats):
        return {
            "detail": f"You can book at most 10 seats for a show, and you already have {seats}.",
            "code": "too_many_seats",
            "limit": 10,
            "seats": seats,
        }

    def test_reserve_more_than_ten_active_seats_is_refused(self):
        show = create_show(total_seats=40)
        path = f"/api/shows/{show.id}/reservations/"
        for seat in range(1, 8):
            create_booking(self.alice, show, seat)
        create_hold(self.alice, show, 8)
        create_hold(self.alice, show, 9, ends_in=-timedelta(seconds=1))
        create_booking(self.alice, show, 10, status="cancelled")
        create_booking(self.alice, create_show(), 1)
        self.assertResponse(self.alice_client.post(path, {"count": 3}), 400, self.too_many(8))
        self.assertResponse(
            self.alice_client.post(path, {"seat_numbers": [20, 21, 22]}), 400, self.too_many(8)
        )
        self.assertEqual(self.alice_client.post(path, {"count": 2, "hold": True}).status_code, 201)
        one_more = self.alice_client.post(f"/api/shows/{show.id}/book/", {"seat_number": 40})
        self.assertResponse(one_more, 400, self.too_many(10))
        self.assertEqual(self.bob_client.post(path, {"count": 10}).status_code, 201)

    def test_book_with_lower_limit_setting_is_refused(self):
        show = create_show(total_seats=40)
        with self.settings(MAX_SEATS_PER_CUSTOMER=1):
            path = f"/api/shows/{show.id}/book/"
            self.assertEqual(self.alice_client.post(path, {"seat_number": 1}).status_code, 201)
            self.assertEqual(self.alice_client.post(path, {"seat_number": 2}).status_code, 400)


class LimitOfAllShowsTests(ApiTestCase):
    """A customer may have at most fifty active seats of all shows to come."""

    def setUp(self):
        super().setUp()
        self.show = create_show(total_seats=40)

    def have_seats(self, number, *, user=None, **more):
        show = create_show(total_seats=100, **more)
        for seat in range(1, 1 + number):
            create_booking(user or self.alice, show, seat)
        return show

    def reserve(self, count, **more):
        path = f"/api/shows/{self.show.id}/reservations/"
        return self.alice_client.post(path, {"count": count, **more})

    def too_many(self, seats):
        return {
            "detail": "You can have at most 50 seats for shows to come, "
            f"and you already have {seats}.",
            "code": "too_many_seats",
            "limit": 50,
            "seats": seats,
        }

    def test_more_than_fifty_seats_of_shows_to_come_are_refused(self):
        self.have_seats(30)
        other = self.have_seats(17)
        create_hold(self.alice, other, 90)
        self.assertResponse(self.reserve(3), 400, self.too_many(48))
        self.assertResponse(self.reserve(3, hold=True), 400, self.too_many(48))
        self.assertEqual(self.reserve(2).status_code, 201)
        one_more = self.alice_client.post(f"/api/shows/{self.show.id}/book/", {"seat_number": 40})
        self.assertResponse(one_more, 400, self.too_many(50))

    def test_other_seats_do_not_count(self):
        self.have_seats(40)
        self.have_seats(20, user=self.bob)
        self.have_seats(20, starts_in=-timedelta(minutes=1))
        self.have_seats(20, cancelled_at=timezone.now())
        show = create_show(total_seats=40)
        create_hold(self.alice, show, 1, ends_in=-timedelta(seconds=1))
        create_booking(self.alice, show, 2, status="cancelled")
        create_booking(self.alice, show, 3, status="expired")
        self.assertEqual(self.reserve(10).status_code, 201)

    def test_seat_of_show_that_has_started_can_be_bought_at_the_limit(self):
        self.have_seats(50)
        Show.objects.filter(pk=self.show.pk).update(date_time=timezone.now())
        self.assertEqual(self.reserve(1).status_code, 201)

    def test_limit_of_the_show_comes_first(self):
        self.have_seats(50)
        for seat in range(1, 10):
            create_booking(self.alice, self.show, seat)
        self.assertEqual(self.reserve(2).json()["limit"], 10)

    def test_limit_is_a_setting(self):
        self.have_seats(50)
        with self.settings(MAX_SEATS_PER_CUSTOMER_IN_ALL=51):
            self.assertEqual(self.reserve(1).status_code, 201)
            self.assertEqual(self.reserve(1).json()["limit"], 51)

    def test_staff_sell_without_limit(self):
        self.have_seats(50)
        stella = create_user("stella", is_staff=True)
        box_office.reserve(show_id=self.show.pk, by=stella, customer=self.alice, count=10)
        self.assertEqual(Booking.objects.active().of_user(self.alice.pk).count(), 60)
