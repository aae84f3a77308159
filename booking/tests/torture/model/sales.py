"""Sales and holds, by customers and at the counter."""

from ..operations import Inconsistent, expect
from .observations import Observations
from .state import BOOKED, HELD, Booking


class Sales(Observations):
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
