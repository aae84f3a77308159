"""Races for several seats: no partial reservation, no seat sold twice, no unjustified refusal.

Real threads, each with a database connection of its own.
"""

import random
import time
from collections import Counter
from datetime import datetime, timedelta
from threading import Event, Thread

from django.conf import settings
from django.db import connection, connections
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from booking.models import Booking
from booking.tests.concurrency.racing import (
    DONE,
    at_once,
    no_constraint,
    no_lock,
    outcomes,
    without_time_limits,
)
from booking.tests.factories import api_client, create_show, create_user

CUSTOMERS = 64
SEATS = 40


class ReservationRaceTests(TransactionTestCase):
    def setUp(self):
        self.show = create_show(total_seats=SEATS)
        self.clients = [api_client(create_user(f"customer{number}")) for number in range(CUSTOMERS)]

    def reserve(self, client, **body):
        return lambda: client.post(f"/api/shows/{self.show.id}/reservations/", body)

    def assertNoSeatTwiceAndNoPartOfAReservation(self, responses):
        sold = {}
        for response in responses:
            if response.status_code == 201:
                seats = {each["seat_number"]: each["id"] for each in response.json()["bookings"]}
                self.assertFalse(sold.keys() & seats.keys())
                sold |= seats
        stored = Booking.objects.active().values_list("seat_number", "id")
        self.assertEqual(dict(stored), sold)
        self.assertEqual(Booking.objects.count(), len(sold))

    def race_for_overlapping_seats(self, common=()):
        """Each customer books or holds one to four random seats, and the common ones."""
        rng = random.Random(40)
        wanted = [
            list({*common, *rng.sample(range(1, SEATS + 1), rng.randint(1, 4))})
            for _ in range(CUSTOMERS)
        ]
        responses = at_once(
            [
                self.reserve(client, seat_numbers=seats, hold=rng.random() < 0.5)
                for client, seats in zip(self.clients, wanted, strict=True)
            ]
        )
        return responses, wanted

    def assertEveryRefusalIsJustified(self, responses, wanted):
        """A refusal names only seats whose sale to another customer had begun before it."""
        sent_at = {}  # by seat: when the request that got it was sent
        for response in responses:
            for each in response.json().get("bookings", []):
                sent_at[each["seat_number"]] = response.sent_at
        self.assertLessEqual(set(outcomes(responses)), {DONE, "seat_taken", "sold_out"})
        for response, wish in zip(responses, wanted, strict=True):
            body = response.json()
            if response.status_code == 201:
                self.assertEqual(sorted(wish), [each["seat_number"] for each in body["bookings"]])
            elif body["code"] == "sold_out":
                self.assertEqual(len(sent_at), SEATS)
            else:
                self.assertLessEqual(set(body["seat_numbers"]), set(wish))
                for seat in body["seat_numbers"]:
                    self.assertLess(sent_at[seat], response.received_at)

    def assertFair(self, responses, wanted):
        self.assertNoSeatTwiceAndNoPartOfAReservation(responses)
        self.assertEveryRefusalIsJustified(responses, wanted)
        self.assertGreater(outcomes(responses)["seat_taken"], 0)

    def test_reserve_overlapping_seats_by_many_is_fair(self):
        self.assertFair(*self.race_for_overlapping_seats())

    def test_reserve_overlapping_seats_with_constraint_only_is_fair(self):
        with no_lock():
            self.assertFair(*self.race_for_overlapping_seats())

    def test_reserve_overlapping_seats_with_lock_only_is_fair(self):
        with no_constraint():
            self.assertFair(*self.race_for_overlapping_seats())

    def test_reserve_overlapping_seats_without_guards_sells_seats_twice(self):
        with no_constraint(), no_lock():
            # The two customers that have read before either writes want a seat in common.
            responses, wanted = self.race_for_overlapping_seats(common=[20])
            with self.assertRaises(AssertionError):
                self.assertFair(responses, wanted)
            seats = list(Booking.objects.active().values_list("seat_number", flat=True))
            self.assertGreater(len(seats), len(set(seats)))

    def test_reserve_by_count_is_refused_only_if_too_few_seats_are_left(self):
        """One to four seats for each customer; only requests for more seats than are left fail."""
        rng = random.Random(41)
        counts = [rng.randint(1, 4) for _ in range(CUSTOMERS)]
        responses = at_once(
            [
                self.reserve(client, count=count)
                for client, count in zip(self.clients, counts, strict=True)
            ]
        )
        self.assertNoSeatTwiceAndNoPartOfAReservation(responses)
        left = SEATS - Booking.objects.active().count()
        for response, count in zip(responses, counts, strict=True):
            body = response.json()
            if response.status_code != 201:
                self.assertIn(body["code"], ["sold_out", "not_enough_seats"], body)
                self.assertLess(body.get("available_seats", 0), count)
                self.assertLess(left, count)  # and the number of free seats never grew

    def test_reserve_by_count_while_enough_seats_are_free_is_never_refused(self):
        counts = [1, 2] * 13  # 39 of 40 seats
        responses = at_once(
            [self.reserve(c, count=n) for c, n in zip(self.clients, counts, strict=False)]
        )
        self.assertEqual({response.status_code for response in responses}, {201})
        self.assertNoSeatTwiceAndNoPartOfAReservation(responses)
        self.assertEqual(Booking.objects.active().count(), 39)

    def test_reserve_many_times_by_one_customer_stops_at_limit(self):
        """Sixteen requests for two seats each: five of them make ten."""
        client = self.clients[0]
        responses = at_once(
            [self.reserve(client, seat_numbers=[n, n + 1]) for n in range(1, 33, 2)]
        )
        self.assertEqual(outcomes(responses), {DONE: 5, "too_many_seats": 11})
        self.assertEqual(Booking.objects.active().count(), 10)

    def race_to_move(self):
        """Sixteen customers move their booking to seat 40."""
        movers = self.clients[:16]
        bookings = [
            client.post(f"/api/shows/{self.show.id}/book/", {"seat_number": seat}).json()["id"]
            for seat, client in enumerate(movers, 1)
        ]
        return at_once(
            [
                lambda c=client, b=booking: c.post(f"/api/bookings/{b}/move/", {"seat_number": 40})
                for client, booking in zip(movers, bookings, strict=True)
            ]
        )

    def assertOneMovedAndOthersKeptTheirSeats(self, responses):
        self.assertEqual(outcomes(responses), {DONE: 1, "seat_taken": 15})
        (winner,) = [n for n, each in enumerate(responses, 1) if each.status_code == 200]
        seats = Booking.objects.active().order_by("seat_number")
        self.assertEqual(
            list(seats.values_list("seat_number", flat=True)),
            sorted({*range(1, 17), 40} - {winner}),
        )

    def test_move_to_same_seat_by_many_moves_one(self):
        self.assertOneMovedAndOthersKeptTheirSeats(self.race_to_move())

    def test_move_to_same_seat_with_constraint_only_moves_one(self):
        with no_lock():
            self.assertOneMovedAndOthersKeptTheirSeats(self.race_to_move())

    def test_move_to_same_seat_without_guards_sells_it_twice(self):
        with no_constraint(), no_lock():
            responses = self.race_to_move()
            with self.assertRaises(AssertionError):
                self.assertOneMovedAndOthersKeptTheirSeats(responses)
            self.assertGreater(Booking.objects.active().filter(seat_number=40).count(), 1)


@override_settings(HOLD_FOR=timedelta(0))  # set in each round, and restored after the class
class ExpiryRaceTests(TransactionTestCase):
    ROUNDS = 500

    def setUp(self):
        connection.close()
        self.enterContext(without_time_limits())
        self.addCleanup(connection.close)
        self.show = create_show(total_seats=2)
        self.lead = 0.005  # seconds before the hold expires at which it is confirmed

    def post(self, client, path, **body):
        return client.post(f"/api/{path}/", body)

    def reserve(self, client, **body):
        """Reserve both seats, as soon as they are free."""
        while True:
            response = self.post(client, f"shows/{self.show.id}/reservations", count=2, **body)
            if response.status_code == 201:
                return response.json()
            self.assertIn(response.json()["code"], ["sold_out", "not_enough_seats"])
            time.sleep(0.002)

    def confirm_at_the_last_moment(self, client):
        """Confirm a hold just before it expires; True if it was in time."""
        settings.HOLD_FOR = timedelta(seconds=self.lead + 0.015)
        held = self.reserve(client, hold=True)
        expires_at = datetime.fromisoformat(held["expires_at"].replace("Z", "+00:00"))
        time.sleep(max((expires_at - timezone.now()).total_seconds() - self.lead, 0))
        response = self.post(client, f"reservations/{held['reference']}/confirm")
        rows = Booking.objects.filter(reference=held["reference"])
        statuses = set(rows.values_list("status", flat=True))
        if response.status_code == 200:
            self.assertEqual(statuses, {"booked"})
            self.post(client, f"reservations/{held['reference']}/cancel")
            self.lead *= 0.8  # confirm later next time, to stay close to the moment of expiry
            return True
        self.assertEqual((response.status_code, response.json()["code"]), (400, "hold_expired"))
        self.assertIn(statuses, [{"held"}, {"expired"}])
        self.lead *= 1.2
        return False

    def test_confirm_at_moment_of_expiry_is_all_or_nothing(self):
        """Booked or expired, never partly, while another customer keeps reserving the seats."""
        stop = Event()

        def keep_reserving():
            client = api_client(create_user("bob"))
            try:
                while not stop.is_set():
                    reference = self.reserve(client)["reference"]
                    self.post(client, f"reservations/{reference}/cancel")
                    time.sleep(0.003)
            finally:
                connections.close_all()

        rival = Thread(target=keep_reserving)
        rival.start()
        try:
            alice = api_client(create_user("alice"))
            outcomes = Counter(self.confirm_at_the_last_moment(alice) for _ in range(self.ROUNDS))
        finally:
            stop.set()
            rival.join()
        self.assertGreater(outcomes[True], self.ROUNDS / 10, outcomes)
        self.assertGreater(outcomes[False], self.ROUNDS / 10, outcomes)
