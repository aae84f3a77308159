"""Changes that customers make to their bookings and holds."""

from ..operations import expect
from .observations import Observations
from .state import BOOKED, CANCELLED, HELD


class Changes(Observations):
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
        self._expect_available(operation, self._free(now))
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
        self._expect_available(operation, self._free(now))
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
        given_back = {each.seat for each in active.values()}
        self._expect_available(operation, self._free(now) | given_back)
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
        if operation.code == "no_such_seat":
            expect(seat > self.hall.plan.seats, "the hall has this seat")
            return {}
        if operation.code == "not_for_sale":
            is_house_seat = seat in self.hall.plan.house and seat != booking.seat
            expect(is_house_seat and operation.body["seat_numbers"] == [seat], "it is for sale")
            return {}
        expect(operation.code is None, "this refusal is not possible here")
        found = [operation.body[name] for name in ("id", "seat_number")]
        expect(found == [pk, seat], "it is another booking or seat")
        if operation.is_answered:
            found = [operation.body[name] for name in ("reference", "status")]
            expect(found == [booking.reference, booking.status], "it is another booking")
            self._expect_same_end(operation.body["expires_at"], booking)
        self._expect_available(operation, (free - {seat}) | ({booking.seat} - {seat}))
        if seat == booking.seat:
            return {}
        expect(seat in self._for_customers(free), "the seat is taken, or not for sale")
        return self._expired([seat]) | {pk: booking._replace(seat=seat)}
