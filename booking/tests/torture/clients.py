"""Customers who want seats over a bad network, in two tabs each, and never give up."""

import http.client
import json
import random
import threading
import time
from contextlib import suppress

from .history import Attempt
from .stage import SEATS

TIMEOUT = 8  # seconds that a client waits for an answer; longer than PostgreSQL's time-outs
PATIENCE = 25  # seconds after the end in which a request that is open is still tried
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
ASK_AGAIN = 0.04  # of what was done is asked once more: the double click
LOOK_AT_IT = 0.25  # of what was done is looked at on the seat map


class Programme:
    """Which shows are on sale: a few at a time, so that they are wanted, and never for long, so
    that a show's history stays short."""

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
    """What all tabs of a customer know: reservations as {reference, show, bookings}."""

    MEMORY = 12

    def __init__(self, pk, token):
        self.pk = pk
        self.token = token
        self.reservations = []

    def remember(self, reservation):
        self.reservations = [*self.reservations[-self.MEMORY :], reservation]


class Tab(threading.Thread):
    def __init__(self, *, customer, seed, port, history, programme, verbs, ended):
        super().__init__(daemon=True)
        self.customer = customer
        self.random = random.Random(seed)
        self.port = port
        self.history = history
        self.programme = programme
        self.verbs = verbs or tuple(VERBS)
        self.ended = ended
        self.trouble = None

    def run(self):
        try:
            while not self.ended.is_set():
                self._want_something()
        except BaseException as error:
            self.trouble = error
            raise

    def _want_something(self):
        (verb,) = self.random.choices(self.verbs, [VERBS[each] for each in self.verbs])
        show = self.random.choice(self.programme.on_sale())
        if verb == "map":
            self._look(show, mine=self.random.random() < 0.3)
        elif verb in ("book", "reserve"):
            self._reserve(show, verb)
        elif known := self.customer.reservations:
            # The latest most often: a hold is soon over.
            place = min(int(self.random.expovariate(0.6)), len(known) - 1)
            self._change(known[-1 - place], verb)

    def _look(self, show, mine):
        request = self.history.intend(
            user=self.customer.pk if mine else 0, show=show, kind="map", asked={}, key=None
        )
        self._send(request, "GET", f"/api/shows/{show}/seats/", None)

    def _reserve(self, show, verb):
        if verb == "book":
            asked = {"seats": [self._seat()]}
            body = {"seat_number": asked["seats"][0]}
            path = f"/api/shows/{show}/book/"
        else:
            asked = {"hold": self.random.random() < 0.8}
            if self.random.random() < 0.7:
                count = self.random.randint(1, 3)
                seats = sorted({self._seat() for _ in range(count)})
                asked["seats"] = seats
                body = {"seat_numbers": seats, "hold": asked["hold"]}
            else:
                asked["count"] = self.random.randint(1, 3)
                body = dict(asked)
            path = f"/api/shows/{show}/reservations/"
        answer = self._insist(show, verb, asked, path, body)
        if answer:
            bookings = answer.get("bookings") or [answer]
            self.customer.remember(
                {
                    "reference": answer["reference"],
                    "show": show,
                    "bookings": [each["id"] for each in bookings],
                }
            )

    def _seat(self):
        """Everybody likes the middle."""
        return min(SEATS, max(1, round(self.random.gauss(SEATS / 2, SEATS / 4))))

    def _change(self, known, verb):
        show = known["show"]
        if verb in ("confirm", "extend", "cancel_reservation"):
            path = f"/api/reservations/{known['reference']}/{verb.split('_')[0]}/"
            self._insist(show, verb, {"reference": known["reference"]}, path, {})
            return
        booking = self.random.choice(known["bookings"])
        asked, body = {"booking": booking}, {}
        if verb == "move":
            asked["seat"] = body["seat_number"] = self._seat()
        self._insist(show, verb, asked, f"/api/bookings/{booking}/{verb}/", body)

    def _insist(self, show, verb, asked, path, body):
        """Asks until there is an answer, always with the same key; what was done, or None."""
        key = f"{self.random.getrandbits(128):032x}"
        request = self.history.intend(
            user=self.customer.pk, show=show, kind=verb, asked=asked, key=key
        )
        give_up = None
        while True:
            attempt = self._send(request, "POST", path, body)
            if attempt.is_definite:
                break
            if self.ended.is_set():
                give_up = give_up or time.monotonic() + PATIENCE
                if time.monotonic() > give_up:
                    return None
            time.sleep(self.random.uniform(0.01, 0.1))
        if not attempt.is_done:
            return None
        if self.random.random() < ASK_AGAIN:
            self._send(request, "POST", path, body)
        if self.random.random() < LOOK_AT_IT:
            self._look(show, mine=True)
        return json.loads(attempt.body)

    def _send(self, request, method, path, body):
        headers = {"Connection": "close", "Content-Type": "application/json"}
        if request.user:
            headers["Authorization"] = f"Bearer {self.customer.token}"
        if request.key:
            headers["Idempotency-Key"] = request.key
        attempt = Attempt(sent=time.time())
        self.history.sent(request, attempt)
        # However a connection ends early, there is no answer.
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
            try:
                connection.request(method, path, body and json.dumps(body), headers)
                response = connection.getresponse()
                text = response.read().decode()
                attempt.status, attempt.body = response.status, text
                attempt.replayed = response.headers["Idempotency-Replayed"] == "true"
            finally:
                connection.close()
        attempt.returned = time.time()
        self.history.returned(request, attempt)
        return attempt
