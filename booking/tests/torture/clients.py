"""Clients: threads that send random operations over the bad network, and retry them.

Several clients share a customer, like the browser tabs of one person. All customers use the same
Idempotency-Keys: a key belongs to its user.
"""

import http.client
import itertools
import json
import random
import threading
import time
from contextlib import suppress

from .fixture import SEATS
from .history import Attempt

RESPONSE_TIMEOUT = 8  # seconds; longer than PostgreSQL's time limits
RETRY_AFTER_END = 25  # seconds after the end of a run in which open requests are retried
# Operations with their relative frequency.
VERBS = {
    "map": 10,
    "book": 18,
    "reserve": 30,
    "confirm": 12,
    "extend": 5,
    "cancel": 9,
    "cancel_reservation": 6,
    "move": 8,
}
SEND_TWICE = 0.04  # share of successful requests that are sent once more: the double click
READ_AFTER_WRITE = 0.25  # share of successful requests after which the seat map is read


class Schedule:
    """Which shows the clients use: a few at a time, so that they conflict, and each for a short
    time, so that its history stays short."""

    AT_ONCE = 3

    def __init__(self, shows, seconds):
        self.shows = shows
        self.began = time.monotonic()
        self.rounds = len(shows) // self.AT_ONCE
        self.each = seconds / self.rounds

    def on_sale(self):
        number = int((time.monotonic() - self.began) / self.each)
        first = min(number, self.rounds - 1) * self.AT_ONCE
        return self.shows[first : first + self.AT_ONCE]


class Customer:
    """A customer's token and latest reservations, shared by the customer's clients."""

    MAX_RESERVATIONS = 12

    def __init__(self, pk, token):
        self.pk = pk
        self.token = token
        self.reservations = []

    def remember(self, reservation):
        self.reservations = [*self.reservations[-self.MAX_RESERVATIONS :], reservation]


class Client(threading.Thread):
    def __init__(self, *, customer, tab, seed, port, history, schedule, verbs, ended):
        super().__init__(daemon=True)
        self.customer = customer
        self.keys = (f"{tab}-{number}" for number in itertools.count())
        self.random = random.Random(seed)
        self.port = port
        self.history = history
        self.schedule = schedule
        self.verbs = verbs or tuple(VERBS)
        self.ended = ended
        self.error = None

    def run(self):
        try:
            while not self.ended.is_set():
                self._send_any()
        except BaseException as error:
            self.error = error
            raise

    def _send_any(self):
        (verb,) = self.random.choices(self.verbs, [VERBS[each] for each in self.verbs])
        show = self.random.choice(self.schedule.on_sale())
        if verb == "map":
            self._read_seat_map(show, mine=self.random.random() < 0.3)
        elif verb in ("book", "reserve"):
            self._reserve(show, verb)
        elif reservations := self.customer.reservations:
            # Mostly the latest ones: holds expire soon.
            age = min(int(self.random.expovariate(0.6)), len(reservations) - 1)
            self._change(reservations[-1 - age], verb)

    def _read_seat_map(self, show, mine):
        request = self.history.begin(
            user=self.customer.pk if mine else 0, show=show, kind="map", arguments={}, key=None
        )
        self._send(request, "GET", f"/api/shows/{show}/seats/", None)

    def _reserve(self, show, verb):
        if verb == "book":
            arguments = {"seats": [self._seat()]}
            body = {"seat_number": arguments["seats"][0]}
            path = f"/api/shows/{show}/book/"
        else:
            arguments = {"hold": self.random.random() < 0.8}
            if self.random.random() < 0.7:
                count = self.random.randint(1, 3)
                seats = sorted({self._seat() for _ in range(count)})
                arguments["seats"] = seats
                body = {"seat_numbers": seats, "hold": arguments["hold"]}
            else:
                arguments["count"] = self.random.randint(1, 3)
                body = dict(arguments)
            path = f"/api/shows/{show}/reservations/"
        result = self._send_until_definite(show, verb, arguments, path, body)
        if result:
            bookings = result.get("bookings") or [result]
            self.customer.remember(
                {
                    "reference": result["reference"],
                    "show": show,
                    "bookings": [each["id"] for each in bookings],
                }
            )

    def _seat(self):
        """Random seat number, most often in the middle, so that customers conflict."""
        return min(SEATS, max(1, round(self.random.gauss(SEATS / 2, SEATS / 4))))

    def _change(self, reservation, verb):
        show = reservation["show"]
        if verb in ("confirm", "extend", "cancel_reservation"):
            path = f"/api/reservations/{reservation['reference']}/{verb.split('_')[0]}/"
            self._send_until_definite(show, verb, {"reference": reservation["reference"]}, path, {})
            return
        booking = self.random.choice(reservation["bookings"])
        arguments, body = {"booking": booking}, {}
        if verb == "move":
            arguments["seat"] = body["seat_number"] = self._seat()
        self._send_until_definite(show, verb, arguments, f"/api/bookings/{booking}/{verb}/", body)

    def _send_until_definite(self, show, verb, arguments, path, body):
        """Send with one key until the response is definite; return its body if it was a success."""
        request = self.history.begin(
            user=self.customer.pk, show=show, kind=verb, arguments=arguments, key=next(self.keys)
        )
        give_up = None
        while True:
            attempt = self._send(request, "POST", path, body)
            if attempt.is_definite:
                break
            if self.ended.is_set():
                give_up = give_up or time.monotonic() + RETRY_AFTER_END
                if time.monotonic() > give_up:
                    return None
            time.sleep(self.random.uniform(0.01, 0.1))
        if not attempt.is_done:
            return None
        if self.random.random() < SEND_TWICE:
            self._send(request, "POST", path, body)
        if self.random.random() < READ_AFTER_WRITE:
            self._read_seat_map(show, mine=True)
        return json.loads(attempt.body)

    def _send(self, request, method, path, body):
        headers = {"Connection": "close", "Content-Type": "application/json"}
        if request.user:
            headers["Authorization"] = f"Bearer {self.customer.token}"
        if request.key:
            headers["Idempotency-Key"] = request.key
        attempt = Attempt(sent=time.time())
        self.history.sent(request, attempt)
        # A connection that ends early, in whatever way, gives no response.
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection(
                "127.0.0.1", self.port, timeout=RESPONSE_TIMEOUT
            )
            try:
                # No body instead of an empty one, which would be sent in chunks.
                text = json.dumps(body) if body else None
                connection.request(method, path, text, headers)
                response = connection.getresponse()
                text = response.read().decode()
                attempt.status, attempt.body = response.status, text
                attempt.replayed = response.headers["Idempotency-Replayed"] == "true"
            finally:
                connection.close()
        attempt.returned = time.time()
        self.history.returned(request, attempt)
        return attempt
