"""Many buyers at the same moment, with real threads, each with its own database connection.

Every race is run again with its guards taken away, and must then go wrong: otherwise it would
prove nothing.
"""

from unittest import mock

from django.contrib.auth.models import User
from django.test import Client, TransactionTestCase
from django.utils import timezone

from booking.models import Booking
from booking.models.prepared import ask_together
from booking.tests.concurrency.racing import DONE, at_once, no_constraint, no_lock, outcomes
from booking.tests.factories import booking, client_of, person, show

BUYERS = 32


class RaceTests(TransactionTestCase):
    def setUp(self):
        self.buyers = [person(f"buyer{number}") for number in range(BUYERS)]
        self.clients = [client_of(buyer) for buyer in self.buyers]

    def book(self, client, show, seat_number):
        return lambda: client.post(f"/api/shows/{show.id}/book/", {"seat_number": seat_number})

    def race_for_one_seat(self):
        """Everybody wants seat 5."""
        tomorrow = show(total_seats=BUYERS)
        return at_once([self.book(client, tomorrow, 5) for client in self.clients])

    def assertSoldOnce(self, answers):
        self.assertEqual(outcomes(answers), {DONE: 1, "seat_taken": BUYERS - 1})
        (winner,) = [each.json() for each in answers if each.status_code == 201]
        self.assertEqual(
            list(Booking.objects.active().values_list("id", "seat_number")), [(winner["id"], 5)]
        )

    def test_one_seat(self):
        self.assertSoldOnce(self.race_for_one_seat())

    def test_one_seat_with_the_lock_alone(self):
        with no_constraint():
            self.assertSoldOnce(self.race_for_one_seat())

    def test_one_seat_with_the_constraint_alone(self):
        with no_lock():
            self.assertSoldOnce(self.race_for_one_seat())

    def test_one_seat_without_either_is_sold_twice(self):
        with no_constraint(), no_lock():
            answers = self.race_for_one_seat()
            with self.assertRaises(AssertionError):
                self.assertSoldOnce(answers)
            self.assertGreater(outcomes(answers)[DONE], 1)
            self.assertGreater(Booking.objects.active().filter(seat_number=5).count(), 1)

    def test_a_seat_for_everybody(self):
        tomorrow = show(total_seats=BUYERS)
        answers = at_once(
            [self.book(client, tomorrow, seat) for seat, client in enumerate(self.clients, 1)]
        )
        self.assertEqual(outcomes(answers), {DONE: BUYERS})
        self.assertEqual(
            sorted(Booking.objects.active().values_list("user", "seat_number")),
            sorted((buyer.id, seat) for seat, buyer in enumerate(self.buyers, 1)),
        )
        # Each was told how many were left when it was its turn.
        left = sorted(each.json()["show"]["available_seats"] for each in answers)
        self.assertEqual(left, list(range(BUYERS)))

    def test_more_buyers_than_seats(self):
        """Two buyers for each seat: all are sold, and the others go away empty-handed."""
        tomorrow = show(total_seats=BUYERS // 2)
        answers = at_once(
            [self.book(each, tomorrow, n // 2 + 1) for n, each in enumerate(self.clients)]
        )
        told = outcomes(answers)
        self.assertEqual(told[DONE], BUYERS // 2)
        self.assertEqual(told["seat_taken"] + told["sold_out"], BUYERS // 2)
        self.assertEqual(
            sorted(Booking.objects.active().values_list("seat_number", flat=True)),
            list(range(1, BUYERS // 2 + 1)),
        )

    def race_of_cancelling_and_booking(self):
        """One gives seat 5 back, and presses twice; all others want it."""
        tomorrow = show(total_seats=BUYERS)
        given_back = booking(self.buyers[0], tomorrow, 5)

        def cancel():
            return self.clients[0].post(f"/api/bookings/{given_back.id}/cancel/")

        bookers = [self.book(client, tomorrow, 5) for client in self.clients[1:]]
        answers = at_once([cancel, cancel, *bookers])
        return answers[:2], answers[2:]

    def assertGivenBackOnceAndSoldOnce(self, cancelled, booked):
        self.assertEqual(outcomes(cancelled), {DONE: 1, "already_cancelled": 1})
        sold = outcomes(booked)[DONE]
        self.assertIn(sold, [0, 1])  # none, if all of them came before the seat was free
        self.assertEqual(outcomes(booked)["seat_taken"], len(booked) - sold)
        self.assertEqual(Booking.objects.active().count(), sold)
        self.assertEqual(Booking.objects.filter(status="cancelled").count(), 1)

    def test_cancelling_against_booking(self):
        self.assertGivenBackOnceAndSoldOnce(*self.race_of_cancelling_and_booking())

    def test_cancelling_against_booking_without_guards_goes_wrong(self):
        with no_constraint(), no_lock():
            cancelled, booked = self.race_of_cancelling_and_booking()
            with self.assertRaises(AssertionError):
                self.assertGivenBackOnceAndSoldOnce(cancelled, booked)
            # Not for any other reason than that something was done twice.
            twice = outcomes(cancelled)[DONE] == 2 or outcomes(booked)[DONE] > 1
            self.assertTrue(twice, (outcomes(cancelled), outcomes(booked)))

    def test_shrinking_a_hall_against_booking_its_last_seats(self):
        """Whoever comes first: no seat is sold that the hall does not have."""
        hall = show(total_seats=BUYERS)
        boss = Client()
        boss.force_login(User.objects.create_superuser("boss"))
        local = timezone.localtime(hall.date_time)
        form = {
            "movie": hall.movie_id,
            "screen_name": "Screen 1",
            "date_time_0": local.strftime("%Y-%m-%d"),
            "date_time_1": local.strftime("%H:%M:%S"),
            "total_seats": 5,
            "seats_per_row": 10,
        }
        bookers = [
            self.book(client, hall, seat) for seat, client in enumerate(self.clients[5:20], 6)
        ]
        shrinker = lambda: boss.post(f"/admin/booking/show/{hall.id}/change/", form)  # noqa: E731
        shrunk, *booked = at_once([shrinker, *bookers])
        hall.refresh_from_db()
        sold = sum(each.status_code == 201 for each in booked)
        if shrunk.status_code == 302:
            self.assertEqual((hall.total_seats, sold), (5, 0))
        else:
            self.assertEqual((shrunk.status_code, hall.total_seats), (200, BUYERS))
            self.assertGreater(sold, 0)
        refused = {each.status_code for each in booked} - {201}
        self.assertLessEqual(refused, {400})

    def test_a_customer_who_is_deleted_while_the_booking_waits(self):
        """The user's row goes after the token was checked; only the commit notices."""
        tomorrow = show()

        def wait(show_id, *then):
            answers = ask_together(*then)
            self.buyers[0].delete()
            return answers

        with mock.patch("booking.box_office.selling.wait_for_turn", wait):
            answer = self.book(self.clients[0], tomorrow, 5)()
        gone = {"detail": "This account no longer exists.", "code": "user_not_found"}
        self.assertEqual((answer.status_code, answer.json()), (401, gone))
        self.assertFalse(Booking.objects.exists())
