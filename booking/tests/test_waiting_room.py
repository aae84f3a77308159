"""The waiting room: order and times of places, and every customer is let in."""

import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest import mock

from django.core.cache import cache
from django.test import TestCase, TransactionTestCase, override_settings

from booking import waiting_room
from booking.cache import RedisCounterCache
from booking.exceptions import NotYourTurn
from booking.models import Booking, IdempotencyKey
from booking.tests.concurrency.racing import at_once
from booking.tests.factories import ApiTestCase, api_client, create_show, create_user
from booking.tests.torture.system import free_port

NOON = 1_800_000_000


def at(seconds):
    return mock.patch("booking.waiting_room.time.time", lambda: NOON + seconds)


def enter(user_id, *, seconds, show_id=1):
    """Seconds to wait; 0: the customer is let in."""
    with at(seconds):
        try:
            waiting_room.enter(show_id=show_id, user_id=user_id)
        except NotYourTurn as refusal:
            return refusal.wait
    return 0


@override_settings(QUEUE_ABOVE=3)
class PlaceTests(TestCase):
    def test_places_are_given_out_in_order_so_many_for_each_second(self):
        waits = [enter(user, seconds=0) for user in range(10)]
        self.assertEqual(waits, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3])

    def test_customer_who_comes_back_is_let_in_before_newcomers(self):
        for user in range(9):
            enter(user, seconds=0)
        self.assertEqual([enter(user, seconds=2) for user in range(100, 104)], [1, 1, 1, 2])
        self.assertEqual([enter(user, seconds=2) for user in range(9)], [0] * 9)

    def test_asking_again_too_early_neither_costs_nor_takes_a_place(self):
        for user in range(9):
            enter(user, seconds=0)
        for seconds in (0, 0.5, 1, 1.9):
            self.assertEqual(enter(8, seconds=seconds), 2 if seconds < 1 else 1)
        self.assertEqual(enter(8, seconds=2), 0)
        self.assertEqual(enter(9, seconds=2), 1)  # the tenth place

    def test_place_is_good_for_a_minute(self):
        for user in range(9):
            enter(user, seconds=0)
        self.assertEqual([enter(8, seconds=seconds) for seconds in (2, 30, 61)], [0, 0, 0])
        for user in range(100, 130):
            enter(user, seconds=64)
        self.assertGreater(enter(8, seconds=64), 0)

    def test_shows_have_rooms_of_their_own(self):
        for user in range(9):
            enter(user, seconds=0)
        self.assertEqual(enter(8, seconds=0, show_id=2), 0)

    def test_quiet_time_leaves_no_credit_for_a_rush(self):
        enter(0, seconds=0)
        waits = [enter(user, seconds=50) for user in range(1, 8)]
        self.assertEqual(waits, [0, 0, 0, 1, 1, 1, 2])


class EverybodyTests(TestCase):
    @override_settings(QUEUE_ABOVE=5)
    def test_everybody_gets_in_within_two_tries_however_many_come(self):
        """Newcomers arrive at three times the rate; everyone comes back up to 30 s too late."""
        chance = random.Random(7)
        coming = [(second, second * 15 + n, 0) for second in range(20) for n in range(15)]
        let_in_at, tries = [], {}
        promised = {}
        while coming:
            coming.sort()
            second, user, _ = coming.pop(0)
            tries[user] = tries.get(user, 0) + 1
            self.assertLessEqual(tries[user], 2)
            if wait := enter(user, seconds=second):
                promised[user] = second + wait
                coming.append((second + wait + chance.choice([0, 0, 0, 1, 30]), user, 1))
            else:
                let_in_at.append(promised.get(user, second))
        self.assertEqual(len(tries), 300)
        for second in set(let_in_at):
            self.assertLessEqual(let_in_at.count(second), 5 * 2)  # 5 more at the beginning
        self.assertEqual(max(let_in_at), 300 / 5 - 1)  # no second is wasted

    @override_settings(QUEUE_ABOVE=2)
    def test_client_that_ignores_retry_after_gets_in_as_well(self):
        for user in range(20):
            enter(user, seconds=0)
        waits = [enter(19, seconds=seconds) for seconds in range(12)]
        self.assertEqual(waits, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0])


@override_settings(QUEUE_ABOVE=1)
class ApiTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.show = create_show()
        clock = at(0)
        clock.start()
        self.addCleanup(clock.stop)
        enter(10**6, seconds=0, show_id=self.show.pk)
        enter(10**6 + 1, seconds=0, show_id=self.show.pk)
        self.book_path = f"/api/shows/{self.show.pk}/book/"
        self.reserve_path = f"/api/shows/{self.show.pk}/reservations/"

    def assertWaits(self, response, seconds):
        when = "1 second" if seconds == 1 else f"{seconds} seconds"
        sentence = f"Many people want seats for this show. Please try again in {when}."
        self.assertResponse(response, 503, {"detail": sentence, "code": "busy"})
        self.assertEqual(response["Retry-After"], str(seconds))

    def test_customers_wait_and_are_served_when_it_is_their_turn(self):
        self.assertWaits(self.alice_client.post(self.book_path, {"seat_number": 5}), 2)
        hold = {"count": 2, "hold": True}
        self.assertWaits(self.bob_client.post(self.reserve_path, hold, format="json"), 3)
        self.assertFalse(Booking.objects.exists())
        with at(2):
            booked = self.alice_client.post(self.book_path, {"seat_number": 5})
            self.assertEqual(booked.status_code, 201)
            self.assertWaits(self.bob_client.post(self.reserve_path, hold, format="json"), 1)
        with at(3):
            held = self.bob_client.post(self.reserve_path, hold, format="json")
            self.assertEqual(held.status_code, 201)

    def test_waiting_is_not_the_stored_response_of_a_key(self):
        key = {"Idempotency-Key": "k"}
        body = {"seat_number": 5}
        self.assertWaits(self.alice_client.post(self.book_path, body, headers=key), 2)
        self.assertFalse(IdempotencyKey.objects.exists())
        with at(2):
            first = self.alice_client.post(self.book_path, body, headers=key)
        self.assertEqual(first.status_code, 201)
        with at(200):
            enter(10**6 + 2, seconds=200, show_id=self.show.pk)
            again = self.alice_client.post(self.book_path, body, headers=key)
        self.assertEqual((again.status_code, again.content), (201, first.content))
        self.assertEqual(again["Idempotency-Replayed"], "true")

    def test_changes_of_what_one_has_and_staff_are_not_held_up(self):
        hold = {"count": 1, "hold": True}
        with at(120):  # a minute after the places of `setUp`
            held = self.alice_client.post(self.reserve_path, hold, format="json")
        self.assertEqual(held.status_code, 201)
        confirm = f"/api/reservations/{held.json()['reference']}/confirm/"
        self.assertEqual(self.alice_client.post(confirm).status_code, 200)
        stella = api_client(create_user("stella", is_staff=True))
        self.assertEqual(stella.post(self.book_path, {"seat_number": 10}).status_code, 201)

    @override_settings(QUEUE_ABOVE=0)
    def test_without_the_setting_nobody_waits_and_nothing_is_counted(self):
        with mock.patch.object(type(cache._connections[cache._alias]), "advance") as advance:
            for seat in (1, 2, 3):
                booked = self.alice_client.post(self.book_path, {"seat_number": seat})
                self.assertEqual(booked.status_code, 201)
        advance.assert_not_called()


class RaceTests(TransactionTestCase):
    @override_settings(QUEUE_ABOVE=4)
    def test_no_place_is_given_out_twice(self):
        with at(0):
            answers = at_once([lambda user=user: self.enter(user) for user in range(24)])
        waits = sorted(each.seconds for each in answers)
        self.assertEqual(waits, [each // 4 for each in range(24)])

    @staticmethod
    def enter(user):
        try:
            waiting_room.enter(show_id=1, user_id=user)
        except NotYourTurn as refusal:
            return SimpleNamespace(seconds=refusal.wait)
        return SimpleNamespace(seconds=0)


class RedisTests(TestCase):
    def test_counter_advances_alike_in_redis_and_in_the_database(self):
        from threading import Thread

        from fakeredis import TcpFakeServer

        port = free_port()
        server = TcpFakeServer(("127.0.0.1", port))
        Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        options = {"socket_connect_timeout": 60, "socket_timeout": 60}
        redis = RedisCounterCache(f"redis://127.0.0.1:{port}", {"OPTIONS": options})
        later = datetime.now(UTC) + timedelta(hours=1)
        start = NOON * waiting_room.SECOND
        for counters in (redis, redis.database):
            found = [
                counters.advance("queue", least=least, by=7, expires_at=later)
                for least in (start, start, start + 100, start + 3)
            ]
            self.assertEqual(found, [start + 7, start + 14, start + 107, start + 114])
            self.assertEqual(counters.read_counters(["queue"]), [start + 114])

    @override_settings(QUEUE_ABOVE=1)
    def test_everybody_is_let_in_while_redis_is_away(self):
        redis = RedisCounterCache(f"redis://127.0.0.1:{free_port()}", {})
        with (
            mock.patch("booking.waiting_room.cache", redis),
            self.assertLogs("booking.cache", "ERROR"),
        ):
            self.assertEqual([enter(user, seconds=0) for user in range(5)], [0] * 5)
