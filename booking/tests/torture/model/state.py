"""State of one show: its bookings after the operations applied so far."""

from typing import NamedTuple

from ..drawings import rows_of
from ..operations import expect
from .hall import Hall

HELD, BOOKED, CANCELLED, EXPIRED = "held", "booked", "cancelled", "expired"
THE_HALL = -1  # instead of the id of a booking, for the hall of the show
THE_SHOW = 0  # instead of the id of a booking, for a row that says that the show is called off


class Booking(NamedTuple):
    reference: str
    user: int
    seat: int
    status: str
    until: float | None  # when the hold expires
    created: float
    given_back: float | None = None
    is_in: bool = False  # the ticket is checked in

    def status_at(self, now):
        return EXPIRED if self.status == HELD and self.until <= now else self.status

    def is_active_at(self, now):
        return self.status_at(now) in (HELD, BOOKED)


class State:
    """What operations read, and how their changes are applied and undone."""

    def __init__(self, rules, hall=None):
        self.rules = rules
        self.hall = hall or Hall(0, "", rows_of(rules.seats))
        self.bookings = {}
        self.at_seat = {}  # seat: id of the booking that is held (perhaps expired) or booked
        self.of_reference = {}
        self.fingerprint = 0

    def apply(self, changes):
        """Apply changes; return what `undo` needs."""
        before = {}
        for pk, booking in changes.items():
            before[pk] = self._put(pk, booking)
        return before

    def undo(self, before):
        for pk, booking in reversed(before.items()):
            self._put(pk, booking)

    def _put(self, pk, booking):
        if pk == THE_HALL:
            old, self.hall = self.hall, booking
            self.fingerprint ^= hash(old) ^ hash(booking)
            return old
        old = self.bookings.pop(pk, None)
        if old:
            self.fingerprint ^= hash((pk, old))
            if self.at_seat.get(old.seat) == pk:
                del self.at_seat[old.seat]
            self.of_reference[old.reference].discard(pk)
        if booking:
            self.bookings[pk] = booking
            self.fingerprint ^= hash((pk, booking))
            if booking.status in (HELD, BOOKED):
                self.at_seat[booking.seat] = pk
            self.of_reference.setdefault(booking.reference, set()).add(pk)
        return old

    def _free(self, now):
        """Free seats of the hall, those that only staff sell included."""
        return {
            seat
            for seat in range(1, self.hall.plan.seats + 1)
            if seat not in self.at_seat or not self.bookings[self.at_seat[seat]].is_active_at(now)
        }

    def _for_customers(self, seats):
        return seats - self.hall.plan.house

    def _seats_of(self, user, now):
        active = (self.bookings[pk] for pk in self.at_seat.values())
        return sum(each.user == user and each.is_active_at(now) for each in active)

    def _allowance(self, user, now):
        """Seconds for which a user may hold seats from a moment on.

        It changes by at most a second each second.
        """
        held, counted_until = 0.0, now - self.rules.hold_window
        for began, ended in sorted(self._holds_of(user)):
            began, ended = max(began, counted_until), min(ended, now)
            if began < ended:
                held, counted_until = held + ended - began, ended
        return self.rules.hold_at_most - held

    def _holds_of(self, user):
        """(began, ended) of all holds of a user that were not confirmed."""
        for each in self.bookings.values():
            if each.user == user and each.until is not None:
                yield each.created, each.given_back or each.until

    def _expired(self, seats):
        """Changes that mark the expired holds on these seats."""
        return {
            pk: self.bookings[pk]._replace(status=EXPIRED)
            for seat in seats
            if (pk := self.at_seat.get(seat))
        }

    def _reservation(self, reference):
        pks = sorted(self.of_reference.get(reference, ()))
        expect(pks, "there is no reservation", reference)
        return {pk: self.bookings[pk] for pk in pks}
