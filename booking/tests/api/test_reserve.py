import time
from datetime import timedelta
from unittest import mock

from django.test import override_settings
from django.utils import timezone

from booking.box_office.queries import free_seats
from booking.models import Booking
from booking.models.clock import Now
from booking.tests.factories import (
    NO_TOKEN,
    NOT_FOUND,
    ApiTestCase,
    create_booking,
    create_hold,
    create_show,
    iso,
    reservation_json,
)


class ReserveTests(ApiTestCase):
    def reserve(self, show, by=None, **body):
        return (by or self.alice_client).post(f"/api/shows/{show.id}/reservations/", body)

    def test_several_seats_are_booked(self):
        hall = create_show(total_seats=30)
        response = self.reserve(hall, seat_numbers=[12, 5, 6])
        first, second, third = Booking.objects.order_by("seat_number")
        body = {
            "reference": first.reference,
            "user": self.alice.id,
            "show": response.json()["show"],
            "status": "booked",
            "bookings": [
                {"id": first.id, "seat_number": 5, "seat_label": "A5", "status": "booked"},
                {"id": second.id, "seat_number": 6, "seat_label": "A6", "status": "booked"},
                {"id": third.id, "seat_number": 12, "seat_label": "B2", "status": "booked"},
            ],
            "created_at": iso(first.created_at),
            "expires_at": None,
            "expires_in": None,
            "can_cancel": True,
            "cancel_until": iso(hall.date_time),
        }
        self.assertResponse(response, 201, body)
        self.assertEqual(response.json()["show"]["available_seats"], 27)
        self.assertEqual(len({each.reference for each in Booking.objects.all()}), 1)
        self.assertEqual(len({each.created_at for each in Booking.objects.all()}), 1)

    def test_seats_are_held(self):
        hall = create_show(total_seats=30)
        before = timezone.now()
        response = self.reserve(hall, seat_numbers=[5, 6], hold=True)
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

    def test_the_best_seats_are_picked(self):
        hall = create_show(total_seats=30)
        create_booking(self.bob, hall, 15)
        response = self.reserve(hall, count=3)
        self.assertEqual(response.status_code, 201)
        self.assertEqual([s["seat_label"] for s in response.json()["bookings"]], ["C4", "C5", "C6"])

    def test_no_two_reservations_share_a_reference(self):
        create_booking(self.bob, create_show(), reference="AAAAAAAA")
        chance = iter(["AAAAAAAA", "AAAAAAAA", "CCCCCCCC"])
        with mock.patch("booking.box_office.selling.new_reference", lambda: next(chance)):
            answer = self.reserve(create_show(), count=2)
        self.assertEqual((answer.status_code, answer.json()["reference"]), (201, "CCCCCCCC"))
        used = set(self.alice.bookings.values_list("reference", flat=True))
        self.assertEqual(used, {"CCCCCCCC"})

    def test_a_pick_takes_seats_whose_hold_has_lapsed(self):
        hall = create_show(total_seats=2)
        lapsed = create_hold(self.bob, hall, 1, ends_in=-timedelta(seconds=1))
        response = self.reserve(hall, count=2)
        self.assertEqual(response.status_code, 201)
        lapsed.refresh_from_db()
        self.assertEqual(lapsed.status, "expired")

    def test_a_seat_of_another_show_is_another_seat(self):
        hall = create_show()
        create_booking(self.bob, create_show(), 5)
        lapsed = create_hold(self.bob, create_show(), 5, ends_in=-timedelta(seconds=1))
        self.assertEqual(self.reserve(hall, seat_numbers=[5]).status_code, 201)
        self.assertEqual(self.reserve(hall, count=2).status_code, 201)
        lapsed.refresh_from_db()
        self.assertEqual(lapsed.status, "held")

    def test_a_full_hall_and_a_seat_that_it_does_not_have(self):
        full = create_show(total_seats=1)
        create_booking(self.bob, full, 1)
        sentence = "There is no seat 2 in this show. Seats are numbered from 1 to 1."
        beyond = {"seat_numbers": [sentence]}
        self.assertResponse(self.reserve(full, seat_numbers=[1, 2]), 400, beyond)

    def test_a_list_without_end_is_not_even_looked_at(self):
        answer = self.reserve(create_show(), seat_numbers=["x"] * 10_000)
        self.assertResponse(
            answer, 400, {"seat_numbers": ["You can take at most 10 seats at once."]}
        )

    def test_a_hold_that_lapses_while_seats_are_picked(self):
        """All of a reservation is as of one moment: at that one the last seat was held."""
        full = create_show(total_seats=2)
        create_booking(self.bob, full, 1)
        last = create_hold(self.bob, full, 2)

        def later(show, now):
            time.sleep(0.005)  # SQLite's clock has milliseconds
            Booking.objects.filter(pk=last.pk).update(held_until=Now())
            return free_seats(show, now)

        with mock.patch("booking.box_office.selling.free_seats", later):
            answer = self.reserve(full, count=1)
        sold_out = {"detail": "This show is sold out.", "code": "sold_out"}
        self.assertResponse(answer, 400, sold_out)

    def test_a_hold_ends_when_sales_close(self):
        """Nobody could confirm it later."""
        started = create_show(starts_in=-timedelta(minutes=4))
        with self.settings(SALES_CLOSE_AFTER_START=timedelta(minutes=10)):
            body = self.reserve(started, seat_numbers=[5], hold=True).json()
        self.assertEqual(body["expires_at"], body["show"]["bookable_until"])

    def test_forms_are_accepted(self):
        hall = create_show()
        address = f"/api/shows/{hall.id}/reservations/"
        form = "application/x-www-form-urlencoded"
        seats = self.alice_client.post(address, "seat_numbers=1&seat_numbers=2", content_type=form)
        count = self.alice_client.post(address, "count=2&hold=true", content_type=form)
        self.assertEqual(
            [
                (r.status_code, r.json()["status"], len(r.json()["bookings"]))
                for r in [seats, count]
            ],
            [(201, "booked", 2), (201, "held", 2)],
        )

    def test_all_or_none(self):
        hall = create_show(total_seats=20)
        create_booking(self.bob, hall, 6)
        create_hold(self.bob, hall, 7)
        create_booking(self.bob, create_show(total_seats=20), 4)
        taken = {
            "detail": "Some of these seats have just been taken.",
            "code": "seat_taken",
            "seat_numbers": [6, 7],
            "alternatives": [4, 9, 16, 17, 15],
        }
        self.assertResponse(self.reserve(hall, seat_numbers=[5, 6, 7, 8]), 400, taken)
        self.assertFalse(self.alice.bookings.exists())

    def test_more_than_are_left(self):
        hall = create_show(total_seats=3)
        create_booking(self.bob, hall, 2)
        too_few = {
            "detail": "Only 2 seats are left.",
            "code": "not_enough_seats",
            "available_seats": 2,
        }
        self.assertResponse(self.reserve(hall, count=3), 400, too_few)
        self.assertEqual(self.reserve(hall, count=2).status_code, 201)
        sold_out = {"detail": "This show is sold out.", "code": "sold_out"}
        self.assertResponse(self.reserve(hall, count=1), 400, sold_out)
        self.assertResponse(self.reserve(hall, seat_numbers=[1, 2]), 400, sold_out)

    def test_shows_that_sell_nothing(self):
        off = create_show(cancelled_at=timezone.now())
        closed = create_show(starts_in=-timedelta(days=1))
        for hall, code in [(off, "show_cancelled"), (closed, "sales_closed")]:
            for body in [{"seat_numbers": [1, 2]}, {"count": 2}, {"seat_numbers": [99]}]:
                with self.subTest(code, **body):
                    answer = self.reserve(hall, **body)
                    self.assertEqual((answer.status_code, answer.json()["code"]), (400, code))
        self.assertFalse(Booking.objects.exists())

    def test_what_cannot_be_asked_for(self):
        hall = create_show(total_seats=20)
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
                self.assertResponse(self.reserve(hall, **body), 400, errors)
        self.assertFalse(Booking.objects.exists())

    def test_an_unknown_show(self):
        response = self.alice_client.post("/api/shows/999/reservations/", {"count": 1})
        self.assertResponse(response, 404, NOT_FOUND)

    def test_without_a_token(self):
        self.assertResponse(self.reserve(create_show(), by=self.client, count=1), 401, NO_TOKEN)


class LimitTests(ApiTestCase):
    """At most ten active seats of a show for one customer, however they are taken."""

    def too_many(self, seats):
        return {
            "detail": f"You can book at most 10 seats for a show, and you already have {seats}.",
            "code": "too_many_seats",
            "limit": 10,
            "seats": seats,
        }

    def test_ten_and_no_more(self):
        hall = create_show(total_seats=40)
        address = f"/api/shows/{hall.id}/reservations/"
        for seat in range(1, 8):
            create_booking(self.alice, hall, seat)
        create_hold(self.alice, hall, 8)
        create_hold(self.alice, hall, 9, ends_in=-timedelta(seconds=1))
        create_booking(self.alice, hall, 10, status="cancelled")
        create_booking(self.alice, create_show(), 1)
        self.assertResponse(self.alice_client.post(address, {"count": 3}), 400, self.too_many(8))
        self.assertResponse(
            self.alice_client.post(address, {"seat_numbers": [20, 21, 22]}), 400, self.too_many(8)
        )
        self.assertEqual(
            self.alice_client.post(address, {"count": 2, "hold": True}).status_code, 201
        )
        one_more = self.alice_client.post(f"/api/shows/{hall.id}/book/", {"seat_number": 40})
        self.assertResponse(one_more, 400, self.too_many(10))
        self.assertEqual(self.bob_client.post(address, {"count": 10}).status_code, 201)

    def test_the_limit_is_a_setting(self):
        hall = create_show(total_seats=40)
        with self.settings(MAX_SEATS_PER_CUSTOMER=1):
            address = f"/api/shows/{hall.id}/book/"
            self.assertEqual(self.alice_client.post(address, {"seat_number": 1}).status_code, 201)
            self.assertEqual(self.alice_client.post(address, {"seat_number": 2}).status_code, 400)


class HoldAgainTests(ApiTestCase):
    """Seats that one has let lapse may be held again, but once a minute only."""

    def setUp(self):
        super().setUp()
        self.hall = create_show(total_seats=40)

    def hold(self, *seats, by=None):
        body = {"seat_numbers": seats, "hold": True}
        return (by or self.alice_client).post(f"/api/shows/{self.hall.id}/reservations/", body)

    def let_lapse(self):
        just_now = timezone.now() - timedelta(seconds=1)
        Booking.objects.filter(status="held").update(held_until=just_now)

    def later(self, **time):
        for each in Booking.objects.all():
            each.created_at -= timedelta(**time)
            each.held_until -= timedelta(**time)
            each.save()

    def test_once_at_once_but_not_twice_a_minute(self):
        self.assertEqual(self.hold(5, 6).status_code, 201)
        self.let_lapse()
        self.assertEqual(self.hold(6, 7).status_code, 201)
        self.let_lapse()
        refused = self.hold(7)
        self.assertResponse(
            refused,
            400,
            {
                "detail": "You held seats for this show a moment ago and the time ran out. "
                f"You can hold again in {refused.json()['retry_after']} seconds, or book now.",
                "code": "held_too_soon",
                "seat_numbers": [7],
                "retry_after": refused.json()["retry_after"],
            },
        )
        self.assertIn(refused.json()["retry_after"], range(50, 61))
        self.later(seconds=61)
        self.assertEqual(self.hold(7).status_code, 201)

    def test_it_does_not_hinder_the_others_or_other_seats_or_booking(self):
        self.hold(5)
        self.let_lapse()
        self.hold(5)
        self.let_lapse()
        self.assertEqual(self.hold(5).json()["code"], "held_too_soon")
        self.assertEqual(self.hold(9).status_code, 201)
        self.assertEqual(self.hold(5, by=self.bob_client).status_code, 201)
        self.let_lapse()
        booked = self.alice_client.post(f"/api/shows/{self.hall.id}/book/", {"seat_number": 5})
        self.assertEqual(booked.status_code, 201)

    def test_picks_go_around_those_seats(self):
        """Nobody who asks for any seats is refused while there are others."""
        pick = {"count": 2, "hold": True}
        address = f"/api/shows/{self.hall.id}/reservations/"
        picked = []
        for _ in range(3):
            answer = self.alice_client.post(address, pick)
            self.assertEqual(answer.status_code, 201, answer.content)
            picked.append([each["seat_number"] for each in answer.json()["bookings"]])
            self.let_lapse()
        self.assertEqual(picked[0], picked[1])
        self.assertFalse(set(picked[1]) & set(picked[2]))

    def test_picks_are_refused_when_there_are_no_others(self):
        self.hall = create_show(total_seats=2)
        for _ in range(2):
            self.assertEqual(self.hold(1, 2).status_code, 201)
            self.let_lapse()
        address = f"/api/shows/{self.hall.id}/reservations/"
        refused = self.alice_client.post(address, {"count": 1, "hold": True}).json()
        self.assertEqual((refused["code"], refused["seat_numbers"]), ("held_too_soon", [1, 2]))
        self.assertEqual(self.alice_client.post(address, {"count": 1}).status_code, 201)

    def test_who_gave_a_hold_back_has_not_let_it_lapse(self):
        self.hold(5)
        self.let_lapse()
        again = self.hold(5).json()
        self.alice_client.post(f"/api/reservations/{again['reference']}/cancel/")
        self.assertEqual(self.hold(5).status_code, 201)

    def test_long_ago_is_not_just_now(self):
        self.hold(5)
        self.let_lapse()
        self.later(minutes=31)
        self.hold(5)
        Booking.objects.filter(status="held").update(status="expired")
        self.assertEqual(self.hold(5).status_code, 201)

    def test_another_show_is_another_matter(self):
        other = create_show(total_seats=40)
        for _ in range(2):
            self.hold(5)
            self.let_lapse()
        address = f"/api/shows/{other.id}/reservations/"
        answer = self.alice_client.post(address, {"seat_numbers": [5], "hold": True})
        self.assertEqual(answer.status_code, 201)

    def test_how_long_is_a_setting(self):
        self.hold(5)
        self.let_lapse()
        self.hold(5)
        self.let_lapse()
        with override_settings(HOLD_AGAIN_AFTER=timedelta(0)):
            self.assertEqual(self.hold(5).status_code, 201)
