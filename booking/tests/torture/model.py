"""Sequential model of a show: which response each operation may have in a given state.

Written independently of the application. Every response is checked as an observation: a refusal
needs its reason, a seat map and a count must be those of the state. Times are the database's. An
operation reads the clock once, at a moment between request and response; a hold has expired if its
end is not later than that moment.

(booking/tests/reference_model.py is another model: it predicts the one response of a sequential
call, this one accepts every response that is possible.)
"""

from typing import NamedTuple

from .operations import Inconsistent, expect

HELD, BOOKED, CANCELLED, EXPIRED = "held", "booked", "cancelled", "expired"
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


class ShowModel:
    """State of one show: its bookings after the operations applied so far."""

    def __init__(self, rules):
        self.rules = rules
        self.bookings = {}
        self.at_seat = {}  # seat: id of the booking that is held (perhaps expired) or booked
        self.of_reference = {}
        self.fingerprint = 0

    # --- Changing the state ---

    def changes(self, operation):
        """Changes that an operation makes, as {id: booking}.

        Raises Inconsistent if no reading of the clock explains its response.
        """
        failure = None
        for now in self._clock_readings(operation):
            try:
                changes = getattr(self, f"_{operation.kind}")(operation, now)
                self._expect_changed(operation, changes)
                return changes
            except Inconsistent as inconsistent:
                failure = inconsistent
            except (KeyError, TypeError) as error:
                failure = Inconsistent(f"the response has another shape: {error!r}")
        raise failure

    def _expect_changed(self, operation, changes):
        """The events must be those of the changes. A hold that expires has no event."""
        if operation.changed is not None:
            changed = {pk for pk, each in changes.items() if each.status != EXPIRED}
            changed.discard(THE_SHOW)
            expect(changed == operation.changed, "it should have changed", sorted(changed))

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

    # --- Reading the state ---

    def _clock_readings(self, operation):
        """Moments at which the clock may have been read, one for each different outcome."""
        first = operation.sent - self.rules.tolerance
        last = operation.returned + self.rules.tolerance
        if operation.code is None and (read_at := operation.body.get("read_at")):
            expect(first <= read_at <= last, read_at, "is not between request and response")
            return [read_at]
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

    # --- Operations ---

    def _reserve(self, operation, now):
        arguments, body = operation.arguments, operation.body
        if self._refused_as_called_off(operation):
            return {}
        wanted, free = arguments.get("seats"), self._free(now)
        count = len(wanted) if wanted else arguments["count"]
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
            if not wanted:  # without the lock, seats chosen by the server can be taken meanwhile
                expect(not self.rules.exact, "no seat was named")
                return {}
            expect(free or not self.rules.exact, "it should be: sold out")
            self._expect_taken(operation, now, wanted)
        elif operation.code == "too_many_seats":
            enough = free.issuperset(wanted) if wanted else len(free) >= count
            expect(enough, "there are not enough seats for that")
            expect(mine + count > self.rules.limit, "the customer has only", mine, "seats")
            expect((body["limit"], body["seats"]) == (self.rules.limit, mine), mine, "seats")
        elif operation.code == "held_too_soon":
            self._expect_too_soon(operation, now, wanted, count, free)
        else:
            raise Inconsistent("this refusal is not possible here")
        return {}

    def _counter_sale(self, operation, now):
        """A sale by staff, without a limit. Its page tells no more than that it is done."""
        if self._refused_as_called_off(operation):
            return {}
        wanted, free = operation.arguments["seats"], self._free(now)
        if operation.code is None:
            return self._sell(operation, now, wanted, len(wanted), free, mine=0)
        if operation.code == "sold_out":
            expect(not free, "these seats are free:", sorted(free))
        else:
            expect(operation.code == "seat_taken", "this refusal is not possible here")
            expect(free or not self.rules.exact, "it should be: sold out")
            self._expect_taken(operation, now, wanted)
        return {}

    def _expect_too_soon(self, operation, now, wanted, count, free):
        expect(operation.arguments.get("hold"), "it is no hold")
        seats = operation.body["seat_numbers"]
        expect(len(seats) == count and free.issuperset(seats), "these are not", count, "free seats")
        expect(not wanted or sorted(wanted) == seats, "other seats were requested")
        if not self.rules.exact:
            return
        doubt = operation.returned - operation.sent + self.rules.tolerance
        allowance = self._allowance(operation.user, now)
        expect(allowance - doubt < self.rules.hold_for / 10, allowance, "seconds are allowed")
        allowance = self._allowance(operation.user, now + operation.body["retry_after"])
        expect(allowance + doubt >= self.rules.hold_for, "a hold is not possible again by then")

    def _sell(self, operation, now, wanted, count, free, mine):
        body = operation.body
        sold = {each["seat_number"]: each["id"] for each in body["bookings"]}
        expect(len(sold) == len(body["bookings"]) == count, "it should be", count, "seats")
        expect(not wanted or sold.keys() == set(wanted), "other seats were requested")
        expect(free.issuperset(sold), "seats are taken:", sorted(sold.keys() - free))
        few = mine + count <= self.rules.limit or not self.rules.exact
        expect(few, "the customer has", mine, "seats already")
        self._expect_available(operation, len(free) - count)
        expect(not self.of_reference.get(body["reference"]), "the reference is used")
        expect(not self.bookings.keys() & sold.values(), "an id is used")
        status = HELD if operation.arguments.get("hold") else BOOKED
        expect({each["status"] for each in body["bookings"]} == {status}, "they are not", status)
        until = body["expires_at"]
        if status == HELD:
            allowance = self._allowance(operation.user, now)
            enough = allowance > self.rules.hold_for / 10 - self.rules.tolerance
            expect(enough or not self.rules.exact, "only", allowance, "seconds are allowed")
            longest = min(self.rules.hold_for, allowance)
            if until is None and not operation.is_answered:
                until = now + longest
            elif self.rules.exact:
                self._expect_close(until, now + longest, "the hold should end at", now + longest)
        else:
            expect(until is None, "a booking does not expire")
        new = Booking(body["reference"], operation.user, 0, status, until, now)
        return self._expired(sold) | {pk: new._replace(seat=seat) for seat, pk in sold.items()}

    def _confirm(self, operation, now):
        reservation = self._reservation(operation.arguments["reference"])
        active = self._active_or_refused(operation, reservation, now)
        if active is None:
            return {}
        expect(operation.code is None, "it could be confirmed")
        changes = {
            pk: each._replace(status=BOOKED, until=None)
            for pk, each in active.items()
            if each.status == HELD
        }
        self._expect_reservation(operation, reservation | changes, now)
        self._expect_available(operation, len(self._free(now)))
        if operation.is_answered:
            expect(operation.body["status"] == BOOKED, "it is not booked")
            expect(operation.body["expires_at"] is None, "a booking does not expire")
        return changes

    def _extend(self, operation, now):
        reservation = self._reservation(operation.arguments["reference"])
        active = self._active_or_refused(operation, reservation, now)
        if active is None:
            return {}
        held = any(each.status == HELD for each in active.values())
        if operation.code == "not_held":
            expect(not held, "it is held")
            return {}
        expect(operation.code is None and held, "it could be extended" if held else "not held")
        until = operation.body["expires_at"]
        if until is None and not operation.is_answered:
            until = now + min(self.rules.hold_for, self._allowance(operation.user, now))
        expect(until is not None, "the hold has no end")
        first = operation.sent - self.rules.tolerance
        last = operation.returned + self.rules.tolerance
        last = min(last, *(each.until for each in active.values()))
        expect(first <= last, "it had expired")
        if not operation.is_answered:
            first = last = now
        now = self._extended_at(operation.user, until, first, last, now)
        changes = {
            pk: each._replace(until=until) for pk, each in active.items() if each.until != until
        }
        self._expect_reservation(operation, reservation | changes, now)
        self._expect_available(operation, len(self._free(now)))
        return changes

    def _extended_at(self, user, until, first, last, near):
        """A moment between `first` and `last` at which a hold would end at `until`, if extended.

        Of several moments the one closest to `near`. The later a hold is extended, the later it
        ends, or at the same time: the moments are found by bisection.
        """
        tolerance = self.rules.tolerance

        def end(moment):
            return moment + min(self.rules.hold_for, self._allowance(user, moment))

        def bisect(is_late):
            low, high = first, last
            while high - low > tolerance / 10:
                middle = (low + high) / 2
                low, high = (low, middle) if is_late(middle) else (middle, high)
            return low, high

        possible = end(first) - tolerance <= until <= end(last) + tolerance
        expect(possible, "the hold should end from", end(first), "to", end(last))
        _, earliest = bisect(lambda moment: end(moment) >= until - tolerance)
        latest, _ = bisect(lambda moment: end(moment) > until + tolerance)
        return min(max(near, earliest), latest)

    def _cancel(self, operation, now):
        pk = operation.arguments["booking"]
        expect(pk in self.bookings, "there is no booking", pk)
        changes = self._cancel_bookings(operation, {pk: self.bookings[pk]}, now)
        if changes:
            expect(operation.body["seat_number"] == self.bookings[pk].seat, "it is another seat")
            expect(
                not operation.is_answered or operation.body["status"] == CANCELLED,
                "it is cancelled",
            )
        return changes

    def _cancel_reservation(self, operation, now):
        reservation = self._reservation(operation.arguments["reference"])
        changes = self._cancel_bookings(operation, reservation, now)
        if changes:
            self._expect_reservation(operation, reservation | changes, now)
        return changes

    def _cancel_bookings(self, operation, bookings, now):
        active = self._active_or_refused(operation, bookings, now)
        if active is None:
            return {}
        if self._refused_as_checked_in(operation, active):
            return {}
        expect(operation.code is None, "it could be cancelled")
        self._expect_available(operation, len(self._free(now)) + len(active))
        return {pk: each._replace(status=CANCELLED, given_back=now) for pk, each in active.items()}

    def _erase(self, operation, now):
        return {
            pk: each._replace(status=CANCELLED, given_back=now)
            for pk in self.at_seat.values()
            if (each := self.bookings[pk]).user == operation.user
            and each.is_active_at(now)
            and not each.is_in
        }

    def _move(self, operation, now):
        pk, seat = operation.arguments["booking"], operation.arguments["seat"]
        expect(pk in self.bookings, "there is no booking", pk)
        booking = self.bookings[pk]
        if self._active_or_refused(operation, {pk: booking}, now) is None:
            return {}
        if self._refused_as_checked_in(operation, {pk: booking}):
            return {}
        free = self._free(now)
        if operation.code == "seat_taken":
            expect(seat != booking.seat, "it is the seat that it has")
            self._expect_taken(operation, now, [seat])
            return {}
        expect(operation.code is None, "this refusal is not possible here")
        found = [operation.body[name] for name in ("id", "seat_number")]
        expect(found == [pk, seat], "it is another booking or seat")
        if operation.is_answered:
            found = [operation.body[name] for name in ("reference", "status")]
            expect(found == [booking.reference, booking.status], "it is another booking")
            self._expect_same_end(operation.body["expires_at"], booking)
        self._expect_available(operation, len(free))
        if seat == booking.seat:
            return {}
        expect(seat in free, "the seat is taken")
        return self._expired([seat]) | {pk: booking._replace(seat=seat)}

    def _staff_cancel(self, operation, now):
        pk = operation.body["id"]
        expect(pk == operation.arguments["booking"], "it is another booking")
        booking = self.bookings[pk]
        expect(booking.is_active_at(now), "it is not active")
        expect(not booking.is_in, "somebody is in")
        return {pk: booking._replace(status=CANCELLED, given_back=now)}

    def _staff_move(self, operation, now):
        pk, seat = operation.body["id"], operation.body["seat_number"]
        booking = self.bookings[pk]
        expect(booking.is_active_at(now), "it is not active")
        expect(not booking.is_in, "somebody is in")
        expect(seat in self._free(now), "the seat is taken")
        return self._expired([seat]) | {pk: booking._replace(seat=seat)}

    def _call_off(self, operation, now):
        """All its seats become free, those of customers who are in as well."""
        expect(THE_SHOW not in self.bookings, "it is called off already")
        active = {pk: self.bookings[pk] for pk in self.at_seat.values()}
        changes = {
            pk: each._replace(status=CANCELLED, given_back=now)
            for pk, each in active.items()
            if each.is_active_at(now)
        }
        return changes | {THE_SHOW: Booking("", 0, 0, "called off", None, now)}

    def _check_in(self, operation, now):
        booking = self._ticket_or_refused(operation, now)
        if booking is None:
            return {}
        if operation.code == "already_admitted":
            expect(booking.is_in, "nobody is in")
            return {}
        expect(operation.code is None, "this refusal is not possible here")
        expect(not booking.is_in, "somebody is in already")
        changes = {operation.arguments["booking"]: booking._replace(is_in=True)}
        self._expect_admitted_seats(operation, booking, changes)
        return changes

    def _undo_check_in(self, operation, now):
        booking = self._ticket_or_refused(operation, now)
        if booking is None:
            return {}
        if operation.code == "not_admitted":
            expect(not booking.is_in, "somebody is in")
            return {}
        expect(operation.code is None, "this refusal is not possible here")
        expect(booking.is_in, "nobody is in")
        changes = {operation.arguments["booking"]: booking._replace(is_in=False)}
        self._expect_admitted_seats(operation, booking, changes)
        return changes

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
            if operation.user:  # without a token the map has no `mine`
                expect(operation.body["mine"][status] == mine, "the user's are", mine)
        expect(
            operation.body["available_seats"] == self.rules.seats - len(active),
            len(active),
            "seats are not free",
        )
        return {}

    def _mine(self, operation, now):
        """The user's bookings of this show, cancelled ones included."""
        found = {
            each["id"]: (each["reference"], each["seat_number"], each["status"])
            for each in operation.body["bookings"]
        }
        known = {
            pk: (each.reference, each.seat, each.status_at(now))
            for pk, each in self.bookings.items()
            if each.user == operation.user
        }
        expect(found == known, "the user's bookings are", known)
        return {}

    def _table(self, operation, now):
        """The dump of the table, after the run."""
        expected = {
            str(pk): [
                each.reference,
                each.user,
                each.seat,
                each.is_in,
                each.status_at(now),
                each.until,
            ]
            for pk, each in self.bookings.items()
            if pk != THE_SHOW
        }
        found = {
            pk: [*row, EXPIRED if status == HELD and until <= now else status, until]
            for pk, (*row, status, until) in operation.body["bookings"].items()
        }
        differing = {
            pk: (found.get(pk), expected.get(pk))
            for pk in sorted(found.keys() | expected.keys(), key=int)
            if found.get(pk) != expected.get(pk)
        }
        expect(not differing, "table, and expected rows:", differing)
        return {}

    # --- Shared checks ---

    def _active_or_refused(self, operation, bookings, now):
        """The active bookings; None if there are none and the response is the right refusal."""
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
        expect(operation.code == "hold_expired", "the hold has expired")
        expect(sorted(operation.body["seat_numbers"]) == sorted(gone), "expired are", gone)
        still_free = sorted(free.intersection(gone))
        expect(sorted(operation.body["still_free"]) == still_free, "still free are", still_free)
        return None

    def _refused_as_called_off(self, operation):
        """True if it is the right refusal of a sale."""
        is_called_off = THE_SHOW in self.bookings
        is_refused = operation.code == "show_cancelled"
        expect(is_refused == is_called_off, "the show is called off:", is_called_off)
        return is_refused

    def _refused_as_checked_in(self, operation, bookings):
        """True if it is the right refusal: who is in keeps the seat."""
        is_in = any(each.is_in for each in bookings.values())
        expect((operation.code == "checked_in") == is_in, "somebody is in:", is_in)
        return is_in

    def _ticket_or_refused(self, operation, now):
        """The booking of a ticket; None if it is not as the ticket says, and that is the answer."""
        pk, seat = operation.arguments["booking"], operation.arguments["seat"]
        expect(pk in self.bookings, "there is no booking", pk)
        booking = self.bookings[pk]
        status = booking.status_at(now)
        if status == CANCELLED:
            expect(operation.code == "ticket_cancelled", "it is cancelled")
        elif status != BOOKED:
            expect(operation.code == "not_booked", "it is", status)
        elif booking.seat != seat:
            expect(operation.code == "ticket_moved", "it was moved")
            expect(operation.body["seat_number"] == booking.seat, "its seat is", booking.seat)
        else:
            return booking
        return None

    def _expect_admitted_seats(self, operation, booking, changes):
        if not operation.is_answered:
            return
        expect(operation.body["seat_number"] == booking.seat, "it is another seat")
        seats = (self._reservation(booking.reference) | changes).values()
        booked = [each for each in seats if each.status == BOOKED]
        known = {"seats": len(booked), "admitted": sum(each.is_in for each in booked)}
        expect(operation.body["reservation"] == known, "of its reservation are in:", known)

    def _expect_taken(self, operation, now, wanted):
        if not self.rules.exact:  # refused by the constraint, with details read later
            return
        free, alternatives = self._free(now), operation.body["alternatives"]
        taken, others = sorted(set(wanted) - free), free.difference(wanted)
        expect(taken, "the seats are free")
        expect(sorted(operation.body["seat_numbers"]) == taken, "taken are", taken)
        expect(others.issuperset(alternatives), "free are", sorted(others))
        expect(len(set(alternatives)) == min(5, len(others)), "free are", sorted(others))

    def _expect_reservation(self, operation, bookings, now):
        if not operation.is_answered:
            return
        body = operation.body
        found = {each["id"]: (each["seat_number"], each["status"]) for each in body["bookings"]}
        known = {pk: (each.seat, each.status_at(now)) for pk, each in bookings.items()}
        expect(found == known, "its bookings are", known)

    def _expect_available(self, operation, seats):
        if not operation.is_answered:
            return
        found = operation.body["show"]["available_seats"]
        expect(found == seats or not self.rules.exact, seats, "seats are left, not", found)

    def _expect_same_end(self, end, booking):
        """The end of a hold whose response was lost is computed, up to the tolerance."""
        if end is None or booking.until is None:
            expect(end == booking.until, "a move does not change the end")
        else:
            self._expect_close(end, booking.until, "a move does not change the end")

    def _expect_close(self, time, expected, *words):
        expect(time is not None and abs(time - expected) <= self.rules.tolerance, *words)
