"""How one clerk with one ledger would answer: the sequential model of a show.

Written without a line of the application, for answers that were given at the same time: any that
can be justified will do. (booking/tests/reference_model.py
tells, of one call after the other, what each must be.) Every answer is an observation: a refusal needs its reason, a seat map its moment, a count
its seats. Time is the database's. The clerk looks at the clock once for an operation, at a moment
between question and answer; a hold has lapsed if its end is not later than that.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

HELD, BOOKED, CANCELLED, EXPIRED = "held", "booked", "cancelled", "expired"


class Contradiction(Exception):
    """The clerk would not have given this answer."""


def expect(condition, *words):
    if not condition:
        raise Contradiction(" ".join(map(str, words)))


@dataclass(frozen=True)
class Rules:
    seats: int
    limit: int  # seats of one customer
    hold_for: float  # seconds
    hold_at_most: float
    tolerance: float = 0.001  # seconds; how exactly clocks can be compared
    exact: bool = True  # whether what only the lock can promise is judged: counts, the limit


@dataclass(eq=False)
class Operation:
    """One question with one answer: `code` is None if it was done, or the refusal's."""

    show: int
    user: int
    kind: str
    asked: dict
    code: str | None
    body: dict
    sent: float
    returned: float
    after: list = field(default_factory=list)  # operations that come before it in any order

    @property
    def only_looks(self):
        """Whether it changes nothing, whenever it happens."""
        return self.code is not None or self.kind in ("map", "table")

    def __str__(self):
        said = self.code or "done"
        return (
            f"{self.kind} {self.asked} by user {self.user}, from {self.sent:.4f} to "
            f"{self.returned:.4f}: {said} {self.body}"
        )


class Booking(NamedTuple):
    reference: str
    user: int
    seat: int
    status: str
    until: float | None  # when the hold ends
    created: float

    def status_at(self, now):
        return EXPIRED if self.status == HELD and self.until <= now else self.status

    def is_active_at(self, now):
        return self.status_at(now) in (HELD, BOOKED)


class Ledger:
    """The bookings of one show, as far as they have been entered."""

    def __init__(self, rules):
        self.rules = rules
        self.bookings = {}
        self.at_seat = {}  # seat: the id of the booking that keeps it, lapsed or not
        self.of_reference = {}
        self.fingerprint = 0

    # --- Entering ---

    def changes(self, operation):
        """What the operation enters, as {id: booking}; {} if nothing changes. Raises
        Contradiction if no reading of the clock justifies the answer."""
        trouble = None
        for now in self._readings(operation):
            try:
                return getattr(self, f"_{operation.kind}")(operation, now)
            except Contradiction as contradiction:
                trouble = contradiction
            except (KeyError, TypeError) as error:
                trouble = Contradiction(f"the answer has another shape: {error!r}")
        raise trouble

    def enter(self, changes):
        """Returns what `undo` needs."""
        before = {}
        for pk, booking in changes.items():
            before[pk] = self._put(pk, booking)
        return before

    def undo(self, before):
        for pk, booking in reversed(before.items()):
            self._put(pk, booking)

    def _put(self, pk, booking):
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

    # --- Looking ---

    def _readings(self, operation):
        """The moments at which the clerk may have looked at the clock, as far as they differ."""
        first = operation.sent - self.rules.tolerance
        last = operation.returned + self.rules.tolerance
        if operation.code is None and (told := operation.body.get("read_at")):
            expect(first <= told <= last, "its time", told, "is not between question and answer")
            return [told]
        ends = {
            booking.until
            for pk in self.at_seat.values()
            if (booking := self.bookings[pk]).status == HELD and first < booking.until <= last
        }
        return [first, *sorted(ends)]

    def _free(self, now):
        return {
            seat
            for seat in range(1, self.rules.seats + 1)
            if seat not in self.at_seat or not self.bookings[self.at_seat[seat]].is_active_at(now)
        }

    def _seats_of(self, user, now):
        active = (self.bookings[pk] for pk in self.at_seat.values())
        return sum(each.user == user and each.is_active_at(now) for each in active)

    def _expired(self, seats):
        """The entries that say so of the lapsed holds at these seats."""
        return {
            pk: self.bookings[pk]._replace(status=EXPIRED)
            for seat in seats
            if (pk := self.at_seat.get(seat))
        }

    def _reservation(self, reference):
        pks = sorted(self.of_reference.get(reference, ()))
        expect(pks, "there is no reservation", reference)
        return {pk: self.bookings[pk] for pk in pks}

    # --- The clerk's verbs ---

    def _reserve(self, operation, now):
        asked, body = operation.asked, operation.body
        wanted, free = asked.get("seats"), self._free(now)
        count = len(wanted) if wanted else asked["count"]
        mine = self._seats_of(operation.user, now)
        if operation.code is None:
            return self._sell(operation, now, wanted, count, free, mine)
        if operation.code == "sold_out":
            expect(not free, "these seats are free:", sorted(free))
        elif operation.code == "not_enough_seats":
            expect(not wanted, "seats were named")
            expect(0 < len(free) < count, len(free), "seats are free")
            expect(body["available_seats"] == len(free), len(free), "seats are free")
        elif operation.code == "seat_taken":
            if not wanted:  # a pick loses to another only if they are not made in turn
                expect(not self.rules.exact, "no seat was named")
                return {}
            expect(free or not self.rules.exact, "it should be: sold out")
            self._expect_taken(operation, now, wanted)
        elif operation.code == "too_many_seats":
            enough = free.issuperset(wanted) if wanted else len(free) >= count
            expect(enough, "there are not enough seats for that")
            expect(mine + count > self.rules.limit, "only", mine, "seats are the customer's")
            expect((body["limit"], body["seats"]) == (self.rules.limit, mine), mine, "seats")
        else:
            raise Contradiction("this is no reason")
        return {}

    def _sell(self, operation, now, wanted, count, free, mine):
        body = operation.body
        sold = {each["seat_number"]: each["id"] for each in body["bookings"]}
        expect(len(sold) == len(body["bookings"]) == count, "it should be", count, "seats")
        expect(not wanted or sold.keys() == set(wanted), "others were asked for")
        expect(free.issuperset(sold), "seats are taken:", sorted(sold.keys() - free))
        few = mine + count <= self.rules.limit or not self.rules.exact
        expect(few, "the customer has", mine, "seats already")
        self._expect_available(body, len(free) - count)
        expect(not self.of_reference.get(body["reference"]), "the reference is used")
        expect(not self.bookings.keys() & sold.values(), "an id is used")
        status = HELD if operation.asked.get("hold") else BOOKED
        expect({each["status"] for each in body["bookings"]} == {status}, "they are not", status)
        until = body["expires_at"]
        if status == HELD:
            self._expect_close(until, now + self.rules.hold_for, "the hold ends at another time")
        else:
            expect(until is None, "a booking does not end")
        new = Booking(body["reference"], operation.user, 0, status, until, now)
        return self._expired(sold) | {pk: new._replace(seat=seat) for seat, pk in sold.items()}

    def _confirm(self, operation, now):
        reservation = self._reservation(operation.asked["reference"])
        active = self._active_or_refused(operation, reservation, now)
        if active is None:
            return {}
        expect(operation.code is None, "it could be confirmed")
        changes = {
            pk: each._replace(status=BOOKED, until=None)
            for pk, each in active.items()
            if each.status == HELD
        }
        self._expect_reservation(operation.body, reservation | changes, now)
        self._expect_available(operation.body, len(self._free(now)))
        expect(operation.body["status"] == BOOKED, "it is not booked")
        expect(operation.body["expires_at"] is None, "a booking does not end")
        return changes

    def _extend(self, operation, now):
        reservation = self._reservation(operation.asked["reference"])
        active = self._active_or_refused(operation, reservation, now)
        if active is None:
            return {}
        held = any(each.status == HELD for each in active.values())
        if operation.code == "not_held":
            expect(not held, "it is held")
            return {}
        expect(operation.code is None and held, "it could be extended" if held else "not held")
        until = operation.body["expires_at"]
        expect(until is not None, "the hold has no end")
        longest = min(each.created for each in active.values()) + self.rules.hold_at_most
        if until < longest - self.rules.tolerance:
            read = until - self.rules.hold_for
            first, last = operation.sent, operation.returned
            expect(
                first - self.rules.tolerance <= read <= last + self.rules.tolerance,
                "the hold ends at another time",
            )
            expect(all(each.is_active_at(read) for each in active.values()), "it had lapsed")
            now = read
        else:
            self._expect_close(until, longest, "the hold ends too late")
        changes = {pk: each._replace(until=until) for pk, each in active.items()}
        self._expect_reservation(operation.body, reservation | changes, now)
        self._expect_available(operation.body, len(self._free(now)))
        return changes

    def _cancel(self, operation, now):
        pk = operation.asked["booking"]
        expect(pk in self.bookings, "there is no booking", pk)
        changes = self._give_back(operation, {pk: self.bookings[pk]}, now)
        if changes:
            told = operation.body["status"], operation.body["seat_number"]
            expect(told == (CANCELLED, self.bookings[pk].seat), "it is cancelled")
        return changes

    def _cancel_reservation(self, operation, now):
        reservation = self._reservation(operation.asked["reference"])
        changes = self._give_back(operation, reservation, now)
        if changes:
            self._expect_reservation(operation.body, reservation | changes, now)
        return changes

    def _give_back(self, operation, bookings, now):
        active = self._active_or_refused(operation, bookings, now)
        if active is None:
            return {}
        expect(operation.code is None, "it could be cancelled")
        self._expect_available(operation.body, len(self._free(now)) + len(active))
        return {pk: each._replace(status=CANCELLED) for pk, each in active.items()}

    def _move(self, operation, now):
        pk, seat = operation.asked["booking"], operation.asked["seat"]
        expect(pk in self.bookings, "there is no booking", pk)
        booking = self.bookings[pk]
        if self._active_or_refused(operation, {pk: booking}, now) is None:
            return {}
        if operation.code == "not_booked":
            expect(booking.status == HELD, "it is booked")
            return {}
        expect(booking.status == BOOKED, "it is not booked")
        free = self._free(now)
        if operation.code == "seat_taken":
            expect(seat != booking.seat, "it is the seat that it has")
            self._expect_taken(operation, now, [seat])
            return {}
        expect(operation.code is None, "this is no reason")
        told = [operation.body[name] for name in ("id", "reference", "seat_number", "status")]
        expect(told == [pk, booking.reference, seat, BOOKED], "it is another booking")
        self._expect_available(operation.body, len(free))
        if seat == booking.seat:
            return {}
        expect(seat in free, "the seat is taken")
        return self._expired([seat]) | {pk: booking._replace(seat=seat)}

    def _map(self, operation, now):
        active = {
            seat: booking
            for seat, pk in sorted(self.at_seat.items())
            if (booking := self.bookings[pk]).is_active_at(now)
        }
        for status in (BOOKED, HELD):
            seats = [seat for seat, each in active.items() if each.status == status]
            mine = [seat for seat in seats if active[seat].user == operation.user]
            expect(operation.body[status] == seats, "these are", status, seats)
            if operation.user:  # a map without a token is nobody's
                expect(operation.body["mine"][status] == mine, "the user's are", mine)
        expect(
            operation.body["available_seats"] == self.rules.seats - len(active),
            len(active),
            "seats are not free",
        )
        return {}

    def _table(self, operation, now):
        """The database's own, after the run."""
        entered = {
            str(pk): [each.reference, each.user, each.seat, each.status_at(now), each.until]
            for pk, each in self.bookings.items()
        }
        found = {
            pk: [*row, EXPIRED if status == HELD and until <= now else status, until]
            for pk, (*row, status, until) in operation.body["bookings"].items()
        }
        differing = {
            pk: (found.get(pk), entered.get(pk))
            for pk in sorted(found.keys() | entered.keys(), key=int)
            if found.get(pk) != entered.get(pk)
        }
        expect(not differing, "the table, and what it should say:", differing)
        return {}

    # --- What they have in common ---

    def _active_or_refused(self, operation, bookings, now):
        """Those that are active; None if there are none and the answer says just that."""
        active = {pk: each for pk, each in bookings.items() if each.is_active_at(now)}
        if active:
            expect(
                operation.code not in ("hold_expired", "already_cancelled"),
                "seats are active:",
                sorted(each.seat for each in active.values()),
            )
            return active
        free = self._free(now)
        gone = [each.seat for each in bookings.values() if each.status_at(now) == EXPIRED]
        if not gone:
            expect(operation.code == "already_cancelled", "all of it is cancelled")
            return None
        expect(operation.code == "hold_expired", "the hold has lapsed")
        expect(sorted(operation.body["seat_numbers"]) == sorted(gone), "lapsed are", gone)
        still_free = sorted(free.intersection(gone))
        expect(sorted(operation.body["still_free"]) == still_free, "still free are", still_free)
        return None

    def _expect_taken(self, operation, now, wanted):
        if not self.rules.exact:  # the constraint said so, and the facts were read later
            return
        free, alternatives = self._free(now), operation.body["alternatives"]
        taken, others = sorted(set(wanted) - free), free.difference(wanted)
        expect(taken, "the seats are free")
        expect(sorted(operation.body["seat_numbers"]) == taken, "taken are", taken)
        expect(others.issuperset(alternatives), "free are", sorted(others))
        expect(len(set(alternatives)) == min(5, len(others)), "free are", sorted(others))

    def _expect_reservation(self, body, bookings, now):
        told = {each["id"]: (each["seat_number"], each["status"]) for each in body["bookings"]}
        known = {pk: (each.seat, each.status_at(now)) for pk, each in bookings.items()}
        expect(told == known, "its bookings are", known)

    def _expect_available(self, body, seats):
        told = body["show"]["available_seats"]
        expect(told == seats or not self.rules.exact, seats, "seats are left, not", told)

    def _expect_close(self, told, known, *words):
        expect(told is not None and abs(told - known) <= self.rules.tolerance, *words)
