"""Who uses the system: customers with their accounts, the clerk, and which shows they use when."""

import threading
import time
from dataclasses import dataclass, field


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
    house: int  # the user for whom seats are set aside
    screens: dict  # ids of the screens of each show that is on one, by show
    show_form: dict  # fields of a show that no change of its hall touches
    set_aside: list = field(default_factory=list)  # (show, seat) of the latest
