"""Clients that book and list, and write down what they hear and how long they wait."""

import http.client
import itertools
import json
import random
import threading
import time
from contextlib import suppress
from typing import NamedTuple
from uuid import uuid4

from ..torture.fixture import SEATS

CLIENTS = 8
SEATS_EACH = SEATS // CLIENTS  # of each show: no two clients want the same seat
GIVE_UP = 60  # seconds
PAUSE = 0.05  # seconds between two requests
IN_PROGRESS = 409  # the first request with the key still waits
UNAVAILABLE = 503
TRY_AGAIN = (None, IN_PROGRESS, UNAVAILABLE)
LISTS = [
    *("/api/my-bookings/?page_size=5", "/api/shows/?page_size=5"),
    *("/api/shows/{show}/seats/", "/api/movies/?page_size=5"),
]


class Answer(NamedTuple):
    """Response to a request, with times of the monotonic clock. `status` None: none came."""

    verb: str
    status: int | None
    sent: float
    received: float
    seat: tuple[int, int, int] | None = None  # user, show, seat number
    has_key: bool = False

    @property
    def wait(self):
        return self.received - self.sent

    @property
    def is_promised(self):
        """True for a status that a client has to expect in a trouble."""
        if self.status == IN_PROGRESS:
            return self.has_key
        return self.status in (None, 200, 201, UNAVAILABLE)

    @property
    def is_booking(self):
        return self.status == 201


class Client(threading.Thread):
    """Books one seat after the other, and lists after each.

    With keys it sends a request again until it gets an answer not in TRY_AGAIN; without, it goes on
    to the next seat, because the first booking may have been made.
    """

    def __init__(self, *, number, user, token, port, shows, has_keys, ended):
        super().__init__(daemon=True)
        self.user = user
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self.port = port
        self.has_keys = has_keys
        self.ended = ended
        seats = range(number * SEATS_EACH + 1, (number + 1) * SEATS_EACH + 1)
        self.wanted = list(itertools.product(shows, seats))
        random.Random(number).shuffle(self.wanted)
        self.answers = []
        self.error = None

    def want_only(self, show):
        """Prefer the seats of one show to all others."""
        self.wanted.sort(key=lambda seat: seat[0] != show)

    def run(self):
        try:
            for (show, seat), path in zip(self.wanted, itertools.cycle(LISTS), strict=False):
                self._book(show, seat)
                if self.ended.is_set():
                    return
                self._send("list", "GET", path.format(show=show))
            raise RuntimeError("All seats are sold.")
        except BaseException as error:
            self.error = error
            raise

    def _book(self, show, seat):
        headers = {"Idempotency-Key": uuid4().hex} if self.has_keys else {}
        body = json.dumps({"seat_number": seat})
        while not self.ended.is_set():
            status = self._send(
                "book",
                *("POST", f"/api/shows/{show}/book/", body, headers),
                seat=(self.user, show, seat),
            )
            if status not in TRY_AGAIN or not self.has_keys:
                return

    def _send(self, verb, method, path, body=None, headers=None, seat=None):
        sent, status = time.monotonic(), None
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GIVE_UP)
            try:
                more = {"Connection": "close", **(headers or {})}
                connection.request(method, path, body, self.headers | more)
                response = connection.getresponse()
                response.read()
                status = response.status
            finally:
                connection.close()
        has_key = bool(headers)
        self.answers.append(Answer(verb, status, sent, time.monotonic(), seat, has_key))
        self.ended.wait(PAUSE)
        return status
