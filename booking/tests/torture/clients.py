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
from dataclasses import dataclass

from . import counter
from .fixture import PASSWORD, SEATS
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
    "erase": 1,
    "counter_sale": 6,
    "check_in": 9,
    "undo_check_in": 3,
    "staff_cancel": 3,
    "staff_move": 4,
    "call_off": 1,
}
# Sent as forms of the admin's pages, with the clerk's session.
ON_PAGES = ("counter_sale", "staff_cancel", "staff_move", "call_off")
AT_THE_DOOR = {"check_in": "/api/check-in/", "undo_check_in": "/api/check-in/undo/"}
OLD_TICKET = 0.5  # share of the scans of a ticket that was fetched earlier: a screenshot
WITHOUT_KEY = 1 / 3  # share of the changes; they are sent once, whatever happens
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

    def to_call_off(self):
        """The first show of those on sale, in the last third of its time; None before."""
        rounds = (time.monotonic() - self.began) / self.each
        is_late = rounds % 1 > 2 / 3 and rounds < self.rounds
        return self.on_sale()[0] if is_late else None


class Customer:
    """A customer's account and latest reservations, shared by the customer's clients."""

    MAX_RESERVATIONS = 12
    MAX_TICKETS = 4

    def __init__(self, pk, token):
        self.pk = pk
        self.tokens = {pk: token}  # also of the accounts before
        self.reservations = []
        self.tickets = []  # the latest that were fetched

    def use_account(self, pk, token):
        self.tokens[pk] = token
        self.pk = pk

    def remember(self, reservation):
        self.reservations = [*self.reservations[-self.MAX_RESERVATIONS :], reservation]

    def keep(self, ticket):
        self.tickets = [*self.tickets[-self.MAX_TICKETS :], ticket]


class SpareAccounts:
    """Accounts for customers who erase theirs, one every few seconds."""

    EVERY = 3  # seconds

    def __init__(self, accounts):
        self.accounts = list(accounts)
        self.next = time.monotonic() + self.EVERY
        self.lock = threading.Lock()

    def take(self):
        """(pk, token) of an unused account, or None."""
        with self.lock:
            if not self.accounts or time.monotonic() < self.next:
                return None
            self.next += self.EVERY
            return self.accounts.pop()


@dataclass(frozen=True)
class Clerk:
    """A member of staff, with a session of the admin and a token of the API."""

    pk: int
    session: str
    token: str
    usernames: dict  # of all customers, by id


class Client(threading.Thread):
    def __init__(
        self, *, clerk, customer, tab, spare_accounts, seed, port, history, schedule, verbs, ended
    ):
        super().__init__(daemon=True)
        self.clerk = clerk
        self.customer = customer
        self.spare_accounts = spare_accounts
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
        elif verb == "counter_sale":
            self._sell_at_counter(show)
        elif verb == "erase":
            self._erase()
        elif verb == "staff_move":
            self._move_at_counter(show)
        elif verb == "call_off":
            self._call_off()
        elif reservations := self.customer.reservations:
            # Mostly the latest ones: holds expire soon.
            age = min(int(self.random.expovariate(0.6)), len(reservations) - 1)
            if verb in AT_THE_DOOR:
                self._scan(reservations[-1 - age], verb)
            elif verb == "staff_cancel":
                self._cancel_at_counter(reservations[-1 - age])
            else:
                self._change(reservations[-1 - age], verb)

    def _scan(self, reservation, verb):
        """Staff scan a ticket, while other clients of the customer change the booking."""
        if not self.customer.tickets or self.random.random() > OLD_TICKET:
            self._fetch_ticket(reservation)
        if not self.customer.tickets:
            return
        ticket = self.random.choice(self.customer.tickets)
        request = self.history.begin(
            user=ticket["user"],
            show=ticket["show"],
            kind=verb,
            arguments={
                "booking": ticket["booking"],
                "seat": ticket["seat_number"],
                "clerk": self.clerk.pk,
            },
            key=None,
        )
        self._send(request, "POST", AT_THE_DOOR[verb], {"code": ticket["code"]})

    def _fetch_ticket(self, reservation):
        """A ticket, if the seat is booked. Nothing is checked here but what the door says later."""
        user = reservation["user"]
        headers = {"Authorization": f"Bearer {self.customer.tokens[user]}", "Connection": "close"}
        path = f"/api/bookings/{self.random.choice(reservation['bookings'])}/ticket/"
        with suppress(OSError, http.client.HTTPException):
            response = self._exchange("GET", path, None, headers)
            if response.status == 200:
                ticket = json.loads(response.text)
                self.customer.keep(ticket | {"user": user, "show": reservation["show"]})

    def _sell_at_counter(self, show):
        """The clerk sells seats to the customer, in the admin."""
        user = self.customer.pk
        seats = sorted({self._seat() for _ in range(self.random.randint(1, 3))})
        request = self.history.begin(
            user=user,
            show=show,
            kind="counter_sale",
            arguments={"seats": seats, "clerk": self.clerk.pk},
            key=None,
        )
        form = counter.form(seats, self.clerk.usernames[user], request.request_id)
        self._send(request, "POST", f"/admin/booking/show/{show}/seats/", form)
        self._read_my_bookings(user, show)

    def _move_at_counter(self, show):
        """The clerk moves whoever has a seat to another one, if it is free."""
        seats = self._seat(), self._seat()
        request = self.history.begin(
            user=0, show=show, kind="staff_move", arguments={"clerk": self.clerk.pk}, key=None
        )
        self._send_page(request, f"show/{show}/seats/", counter.move_form(*seats))

    def _cancel_at_counter(self, reservation):
        booking = self.random.choice(reservation["bookings"])
        request = self.history.begin(
            user=reservation["user"],
            show=reservation["show"],
            kind="staff_cancel",
            arguments={"booking": booking, "clerk": self.clerk.pk},
            key=None,
        )
        self._send_page(request, f"booking/{booking}/cancel/", counter.confirmation("No heating"))

    def _call_off(self):
        show = self.schedule.to_call_off()
        if show is None:
            return
        request = self.history.begin(
            user=0, show=show, kind="call_off", arguments={"clerk": self.clerk.pk}, key=None
        )
        self._send_page(request, f"show/{show}/call-off/", counter.confirmation("No heating"))

    def _send_page(self, request, path, form):
        self._send(request, "POST", f"/admin/booking/{path}", form)

    def _erase(self):
        """Erase the account, while other clients of the customer still use it."""
        spare = self.spare_accounts.take()
        if spare is None:
            return
        request = self.history.begin(
            user=self.customer.pk, show=0, kind="erase", arguments={}, key=None
        )
        self.customer.use_account(*spare)
        self._send(request, "DELETE", "/api/me/", {"password": PASSWORD})

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
        result = self._change_something(self.customer.pk, show, verb, arguments, path, body)
        if result and result["user"] in self.customer.tokens:  # else the checker complains
            bookings = result.get("bookings") or [result]
            pks = [each["id"] for each in bookings]
            self._remember(result["user"], show, result["reference"], pks)

    def _remember(self, user, show, reference, bookings):
        self.customer.remember(
            {"user": user, "reference": reference, "show": show, "bookings": bookings}
        )

    def _seat(self):
        """Random seat number, most often in the middle, so that customers conflict."""
        return min(SEATS, max(1, round(self.random.gauss(SEATS / 2, SEATS / 4))))

    def _change(self, reservation, verb):
        user, show = reservation["user"], reservation["show"]
        if verb in ("confirm", "extend", "cancel_reservation"):
            path = f"/api/reservations/{reservation['reference']}/{verb.split('_')[0]}/"
            arguments = {"reference": reservation["reference"]}
            self._change_something(user, show, verb, arguments, path, {})
            return
        booking = self.random.choice(reservation["bookings"])
        arguments, body = {"booking": booking}, {}
        if verb == "move":
            arguments["seat"] = body["seat_number"] = self._seat()
        path = f"/api/bookings/{booking}/{verb}/"
        self._change_something(user, show, verb, arguments, path, body)

    def _change_something(self, *change):
        """Send a change, with or without a key; return the response's body if it was a success."""
        if self.random.random() < WITHOUT_KEY:
            return self._send_without_key(*change)
        return self._send_until_definite(*change)

    def _send_without_key(self, user, show, verb, arguments, path, body):
        """Send once. If the outcome is open, look at my-bookings, as docs/api.md says."""
        request = self.history.begin(user=user, show=show, kind=verb, arguments=arguments, key=None)
        attempt = self._send(request, "POST", path, body)
        if not attempt.is_definite:
            self._read_my_bookings(user, show)
            return None
        return json.loads(attempt.body) if attempt.is_done else None

    def _read_my_bookings(self, user, show):
        request = self.history.begin(user=user, show=show, kind="mine", arguments={}, key=None)
        attempt = self._send(request, "GET", f"/api/my-bookings/?show={show}&page_size=500", None)
        if not attempt.is_done:
            return
        known = {each["reference"] for each in self.customer.reservations}
        found = {}
        for booking in json.loads(attempt.body):
            if booking["status"] in ("held", "booked") and booking["reference"] not in known:
                found.setdefault(booking["reference"], []).append(booking["id"])
        for reference, bookings in found.items():
            self._remember(user, show, reference, bookings)

    def _send_until_definite(self, user, show, verb, arguments, path, body):
        """Send with one key until the response is definite; return its body if it was a success."""
        key = next(self.keys)
        request = self.history.begin(user=user, show=show, kind=verb, arguments=arguments, key=key)
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
        headers = {
            "Connection": "close",
            "Content-Type": "application/json",
            "X-Request-ID": request.request_id,
        }
        is_page = request.kind in ON_PAGES
        if is_page:
            headers |= counter.headers(self.clerk.session)
        elif request.kind in AT_THE_DOOR:
            headers["Authorization"] = f"Bearer {self.clerk.token}"
        elif request.user:
            headers["Authorization"] = f"Bearer {self.customer.tokens[request.user]}"
        if request.key:
            headers["Idempotency-Key"] = request.key
        attempt = Attempt(sent=time.time())
        self.history.sent(request, attempt)
        # A connection that ends early, in whatever way, gives no response.
        with suppress(OSError, http.client.HTTPException):
            # No body instead of an empty one, which would be sent in chunks.
            text = body if is_page else json.dumps(body) if body else None
            response = self._exchange(method, path, text, headers)
            if is_page:
                attempt.status, answer = counter.as_api(response.status, response.text)
                attempt.body = json.dumps(answer)
            else:
                attempt.status, attempt.body = response.status, response.text
            attempt.replayed = response.headers["Idempotency-Replayed"] == "true"
        attempt.returned = time.time()
        self.history.returned(request, attempt)
        return attempt

    def _exchange(self, method, path, text, headers):
        """The response, with its `text`. Raises OSError or HTTPException if there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=RESPONSE_TIMEOUT)
        try:
            connection.request(method, path, text, headers)
            response = connection.getresponse()
            response.text = response.read().decode()
            return response
        finally:
            connection.close()
