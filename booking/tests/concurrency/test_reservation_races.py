"""Parties at the same moment: never a part of a reservation, never a seat twice, nobody refused
without a reason. Real threads, each with its own database connection."""

import random
import time
from collections import Counter
from datetime import datetime, timedelta
from threading import Event, Thread

from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from booking.models import Booking
from booking.tests.concurrency.racing import DONE, at_once, no_constraint, no_lock, outcomes
from booking.tests.factories import client_of, person, show

PARTIES = 64
SEATS = 40


class PartyTests(TransactionTestCase):
    def setUp(self):
        self.hall = show(total_seats=SEATS)
        self.clients = [client_of(person(f"party{number}")) for number in range(PARTIES)]

    def reserve(self, client, **body):
        return lambda: client.post(f"/api/shows/{self.hall.id}/reservations/", body)

    def assertNoSeatTwiceAndNoPartOfAReservation(self, answers):
        sold = {}
        for answer in answers:
            if answer.status_code == 201:
                seats = {each["seat_number"]: each["id"] for each in answer.json()["bookings"]}
                self.assertFalse(sold.keys() & seats.keys())
                sold |= seats
        in_the_table = Booking.objects.active().values_list("seat_number", "id")
        self.assertEqual(dict(in_the_table), sold)
        self.assertEqual(Booking.objects.count(), len(sold))

    def race_for_overlapping_seats(self):
        """Each party wants one to four seats of its own choice, booked or held."""
        chance = random.Random(40)
        wishes = [chance.sample(range(1, SEATS + 1), chance.randint(1, 4)) for _ in range(PARTIES)]
        answers = at_once(
            [
                self.reserve(client, seat_numbers=seats, hold=chance.random() < 0.5)
                for client, seats in zip(self.clients, wishes, strict=True)
            ]
        )
        return answers, wishes

    def assertEveryRefusalIsJustified(self, answers, wishes):
        """A seat that it names was really on its way to somebody else."""
        asked_for = {}  # seat: when the request that got it was sent
        for answer in answers:
            for each in answer.json().get("bookings", []):
                asked_for[each["seat_number"]] = answer.asked
        self.assertLessEqual(set(outcomes(answers)), {DONE, "seat_taken", "sold_out"})
        for answer, wish in zip(answers, wishes, strict=True):
            body = answer.json()
            if answer.status_code == 201:
                self.assertEqual(sorted(wish), [each["seat_number"] for each in body["bookings"]])
            elif body["code"] == "sold_out":
                self.assertEqual(len(asked_for), SEATS)
            else:
                self.assertLessEqual(set(body["seat_numbers"]), set(wish))
                for seat in body["seat_numbers"]:
                    self.assertLess(asked_for[seat], answer.given)

    def assertFair(self, answers, wishes):
        self.assertNoSeatTwiceAndNoPartOfAReservation(answers)
        self.assertEveryRefusalIsJustified(answers, wishes)
        self.assertGreater(outcomes(answers)["seat_taken"], 0)

    def test_overlapping_seats(self):
        self.assertFair(*self.race_for_overlapping_seats())

    def test_overlapping_seats_with_the_constraint_alone(self):
        with no_lock():
            self.assertFair(*self.race_for_overlapping_seats())

    def test_overlapping_seats_with_the_lock_alone(self):
        with no_constraint():
            self.assertFair(*self.race_for_overlapping_seats())

    def test_overlapping_seats_without_either_are_sold_twice(self):
        with no_constraint(), no_lock():
            answers, wishes = self.race_for_overlapping_seats()
            with self.assertRaises(AssertionError):
                self.assertFair(answers, wishes)
            seats = list(Booking.objects.active().values_list("seat_number", flat=True))
            self.assertGreater(len(seats), len(set(seats)))

    def test_picks_never_lose(self):
        """Parties of one to four, 40 seats: whoever is refused asked for more than were left."""
        chance = random.Random(41)
        counts = [chance.randint(1, 4) for _ in range(PARTIES)]
        answers = at_once(
            [
                self.reserve(client, count=count)
                for client, count in zip(self.clients, counts, strict=True)
            ]
        )
        self.assertNoSeatTwiceAndNoPartOfAReservation(answers)
        left = SEATS - Booking.objects.active().count()
        for answer, count in zip(answers, counts, strict=True):
            body = answer.json()
            if answer.status_code != 201:
                self.assertIn(body["code"], ["sold_out", "not_enough_seats"], body)
                self.assertLess(body.get("available_seats", 0), count)
                self.assertLess(left, count)  # seats only became fewer

    def test_as_long_as_seats_are_free_nobody_is_refused(self):
        counts = [1, 2] * (PARTIES // 4)  # of 32 parties: 48 seats would be too many
        answers = at_once(
            [self.reserve(c, count=n) for c, n in zip(self.clients, counts[:26], strict=False)]
        )
        self.assertEqual({answer.status_code for answer in answers}, {201})
        self.assertNoSeatTwiceAndNoPartOfAReservation(answers)
        self.assertEqual(Booking.objects.active().count(), 39)

    def test_the_limit_of_a_customer_is_exact(self):
        """Sixteen requests for two seats each by one customer: five of them make ten."""
        greedy = self.clients[0]
        answers = at_once([self.reserve(greedy, seat_numbers=[n, n + 1]) for n in range(1, 33, 2)])
        self.assertEqual(outcomes(answers), {DONE: 5, "too_many_seats": 11})
        self.assertEqual(Booking.objects.active().count(), 10)

    def race_of_moving(self):
        """Sixteen want to move to seat 40."""
        movers = self.clients[:16]
        mine = [
            client.post(f"/api/shows/{self.hall.id}/book/", {"seat_number": seat}).json()["id"]
            for seat, client in enumerate(movers, 1)
        ]
        return at_once(
            [
                lambda c=client, b=booking: c.post(f"/api/bookings/{b}/move/", {"seat_number": 40})
                for client, booking in zip(movers, mine, strict=True)
            ]
        )

    def assertOneMovedAndTheOthersKeptTheirs(self, answers):
        self.assertEqual(outcomes(answers), {DONE: 1, "seat_taken": 15})
        (winner,) = [n for n, each in enumerate(answers, 1) if each.status_code == 200]
        seats = Booking.objects.active().order_by("seat_number")
        self.assertEqual(
            list(seats.values_list("seat_number", flat=True)),
            sorted({*range(1, 17), 40} - {winner}),
        )

    def test_moving(self):
        self.assertOneMovedAndTheOthersKeptTheirs(self.race_of_moving())

    def test_moving_with_the_constraint_alone(self):
        with no_lock():
            self.assertOneMovedAndTheOthersKeptTheirs(self.race_of_moving())

    def test_moving_without_guards_goes_wrong(self):
        with no_constraint(), no_lock():
            answers = self.race_of_moving()
            with self.assertRaises(AssertionError):
                self.assertOneMovedAndTheOthersKeptTheirs(answers)
            self.assertGreater(Booking.objects.active().filter(seat_number=40).count(), 1)


@override_settings(HOLD_AGAIN_AFTER=timedelta(0))
class ExpiryTests(TransactionTestCase):
    ROUNDS = 500

    def setUp(self):
        self.hall = show(total_seats=2)
        self.lead = 0.005  # seconds before the end at which the confirmation is sent

    def post(self, client, address, **body):
        return client.post(f"/api/{address}/", body)

    def reserve(self, client, **body):
        """A reservation of both seats, as soon as they can be had."""
        while True:
            answer = self.post(client, f"shows/{self.hall.id}/reservations", count=2, **body)
            if answer.status_code == 201:
                return answer.json()
            self.assertIn(answer.json()["code"], ["sold_out", "not_enough_seats"])
            time.sleep(0.002)

    def confirm_at_the_last_moment(self, client):
        """Whether a hold could be confirmed when it was about to lapse."""
        settings.HOLD_FOR = timedelta(seconds=self.lead + 0.015)
        held = self.reserve(client, hold=True)
        lapses = datetime.fromisoformat(held["expires_at"].replace("Z", "+00:00"))
        time.sleep(max((lapses - timezone.now()).total_seconds() - self.lead, 0))
        answer = self.post(client, f"reservations/{held['reference']}/confirm")
        mine = Booking.objects.filter(reference=held["reference"])
        statuses = set(mine.values_list("status", flat=True))
        if answer.status_code == 200:
            self.assertEqual(statuses, {"booked"})
            self.post(client, f"reservations/{held['reference']}/cancel")
            self.lead *= 0.8  # later next time, and so it stays at the very moment
            return True
        self.assertEqual((answer.status_code, answer.json()["code"]), (400, "hold_expired"))
        self.assertIn(statuses, [{"held"}, {"expired"}])
        self.lead *= 1.2
        return False

    def test_confirming_at_the_moment_of_expiry(self):
        """Booked or expired, never half, while somebody else wants the seats all the time."""
        finished = Event()

        def want_the_seats():
            client = client_of(person("bob"))
            try:
                while not finished.is_set():
                    reference = self.reserve(client)["reference"]
                    self.post(client, f"reservations/{reference}/cancel")
                    time.sleep(0.003)
            finally:
                connections.close_all()

        rival = Thread(target=want_the_seats)
        rival.start()
        try:
            alice = client_of(person("alice"))
            outcomes = Counter(self.confirm_at_the_last_moment(alice) for _ in range(self.ROUNDS))
        finally:
            finished.set()
            rival.join()
        self.assertGreater(outcomes[True], self.ROUNDS / 10, outcomes)
        self.assertGreater(outcomes[False], self.ROUNDS / 10, outcomes)
