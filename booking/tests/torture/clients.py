"""Clients: threads that send random operations over the bad network, and retry them.

Several clients share a customer, like the browser tabs of one person. All customers use the same
Idempotency-Keys: a key belongs to its user.
"""

import itertools
import random

from .fixture import PASSWORD
from .halls import HallStaff
from .sending import AT_THE_DOOR

# Operations with their relative frequency.
VERBS = {
    "map": 10,
    "book": 18,
    "reserve": 30,
    "confirm": 12,
    "extend": 12,
    "cancel": 9,
    "cancel_reservation": 6,
    "move": 8,
    "erase": 1,
    "counter_sale": 6,
    "set_aside": 3,
    "release": 4,
    "change_hall": 10,
    "check_in": 9,
    "undo_check_in": 3,
    "staff_cancel": 3,
    "staff_move": 4,
    "call_off": 1,
}

# What the clerk does with a show, whoever the customers are.
AT_THE_COUNTER = {
    "counter_sale": "_sell_at_counter",
    "staff_move": "_move_at_counter",
    "set_aside": "_set_aside",
    "release": "_release",
    "change_hall": "_change_hall",
}


class Client(HallStaff):
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
        elif verb in AT_THE_COUNTER:
            getattr(self, AT_THE_COUNTER[verb])(show)
        elif verb == "erase":
            self._erase()
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
