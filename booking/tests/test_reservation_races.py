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
from booking.tests.cast import client_of, person, show
from booking.tests.racing import at_once

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

    def test_random_overlapping_seats(self):
        chance = random.Random(40)
        wishes = [chance.sample(range(1, SEATS + 1), chance.randint(1, 4)) for _ in range(PARTIES)]
        answers = at_once(
            [
                self.reserve(client, seat_numbers=seats, hold=chance.random() < 0.5)
                for client, seats in zip(self.clients, wishes, strict=True)
            ]
        )
        self.assertNoSeatTwiceAndNoPartOfAReservation(answers)
        taken_at = {}  # seat: when the request that got it was asked
        for answer in answers:
            if answer.status_code == 201:
                for each in answer.json()["bookings"]:
                    taken_at[each["seat_number"]] = answer.asked
        refused = 0
        for answer, wish in zip(answers, wishes, strict=True):
            body = answer.json()
            if answer.status_code == 201:
                self.assertEqual(sorted(wish), [each["seat_number"] for each in body["bookings"]])
                continue
            self.assertEqual(answer.status_code, 400, body)
            refused += 1
            if body["code"] == "sold_out":
                self.assertEqual(len(taken_at), SEATS)
                continue
            self.assertEqual(body["code"], "seat_taken")
            self.assertLessEqual(set(body["seat_numbers"]), set(wish))
            for seat in body["seat_numbers"]:  # was really on its way to somebody else
                self.assertLess(taken_at[seat], answer.given)
        self.assertGreater(refused, 0)

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
        codes = [answer.json().get("code", "done") for answer in answers]
        self.assertEqual((codes.count("done"), codes.count("too_many_seats")), (5, 11))
        self.assertEqual(Booking.objects.active().count(), 10)

    def test_moving_to_one_seat(self):
        """Sixteen want to move to seat 40: one does, the others keep theirs."""
        movers = self.clients[:16]
        mine = [
            client.post(f"/api/shows/{self.hall.id}/book/", {"seat_number": seat}).json()["id"]
            for seat, client in enumerate(movers, 1)
        ]
        answers = at_once(
            [
                lambda c=client, b=booking: c.post(f"/api/bookings/{b}/move/", {"seat_number": 40})
                for client, booking in zip(movers, mine, strict=True)
            ]
        )
        codes = [answer.json().get("code", "done") for answer in answers]
        self.assertEqual((codes.count("done"), codes.count("seat_taken")), (1, 15))
        winner = codes.index("done") + 1
        expected = sorted({*range(1, 17), 40} - {winner})
        seats = Booking.objects.active().order_by("seat_number")
        self.assertEqual(list(seats.values_list("seat_number", flat=True)), expected)


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
