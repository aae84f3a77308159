"""Sales and holds, by customers and at the counter."""

from math import inf

from ..operations import Inconsistent, expect
from .observations import Observations
from .state import BOOKED, HELD, Booking

LONG = 3600  # seconds; longer than any run


class Sales(Observations):
    def _reserve(self, operation, now):
        arguments, body = operation.arguments, operation.body
        if self._refused_as_called_off(operation) or self._refused_by_hall(operation):
            return {}
        wanted, free = arguments.get("seats"), self._free(now)
        count = len(wanted) if wanted else arguments["count"]
        mine = self._seats_of(operation.user, now)
        if operation.code is None:
            return self._sell(operation, now, wanted, count, free, mine)
        for_all = self._for_customers(free)
        for_groups = free & self.hall.plan.ordinary
        if operation.code == "sold_out":
            left = for_all if wanted else for_groups
            expect(not left, "these seats are free:", sorted(left))
        elif operation.code == "not_enough_seats":
            expect(not wanted, "seats were named")
            expect(0 < len(for_groups) < count, len(for_groups), "seats are free")
            expect(body["available_seats"] == len(for_groups), len(for_groups), "seats are free")
        elif operation.code == "seat_taken":
            if not wanted:  # without the lock, seats chosen by the server can be taken meanwhile
                expect(not self.rules.exact, "no seat was named")
                return {}
            expect(for_all or not self.rules.exact, "it should be: sold out")
            self._expect_taken(operation, now, wanted)
        elif operation.code == "too_many_seats":
            enough = for_all.issuperset(wanted) if wanted else len(for_groups) >= count
            expect(enough, "there are not enough seats for that")
            expect(mine + count > self.rules.limit, "the customer has only", mine, "seats")
            expect((body["limit"], body["seats"]) == (self.rules.limit, mine), mine, "seats")
        elif operation.code == "held_too_soon":
            self._expect_too_soon(operation, now, wanted, count, free)
        else:
            raise Inconsistent("this refusal is not possible here")
        return {}

    def _counter_sale(self, operation, now):
        """A sale by staff, without a limit, also of house seats. Its page tells no more than that
        it is done."""
        # The page looks for the seats first.
        if self._refused_by_hall(operation) or self._refused_as_called_off(operation):
            return {}
        wanted, free = operation.arguments["seats"], self._free(now)
        if operation.code is None:
            return self._sell(operation, now, wanted, len(wanted), free, mine=None)
        for_all = self._for_customers(free)
        if operation.code == "sold_out":
            expect(not for_all, "these seats are free:", sorted(for_all))
        else:
            expect(operation.code == "seat_taken", "this refusal is not possible here")
            expect(for_all or not self.rules.exact, "it should be: sold out")
            self._expect_taken(operation, now, wanted)
        return {}

    # Seats set aside are held for the house.
    _set_aside = _counter_sale

    def _refused_by_hall(self, operation):
        """True if it is the right refusal of seats that are not there, or are the house's."""
        wanted, plan = operation.arguments.get("seats", ()), self.hall.plan
        if operation.code == "no_such_seat":
            expect(wanted and max(wanted) > plan.seats, "the hall has these seats")
        elif operation.code == "not_for_sale":
            house = sorted(plan.house.intersection(wanted))
            expect("clerk" not in operation.arguments, "staff sell house seats")
            found = sorted(operation.body["seat_numbers"])
            expect(house and found == house, "of the house are", house)
        else:
            return False
        return True

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
        """`mine` is how many seats the customer has, None if staff sell."""
        by_staff = mine is None
        body = operation.body
        sold = {each["seat_number"]: each["id"] for each in body["bookings"]}
        expect(len(sold) == len(body["bookings"]) == count, "it should be", count, "seats")
        expect(not wanted or sold.keys() == set(wanted), "other seats were requested")
        expect(free.issuperset(sold), "seats are taken:", sorted(sold.keys() - free))
        if not by_staff:
            expect(not self.hall.plan.house.intersection(sold), "house seats are for staff to sell")
            few = mine + count <= self.rules.limit or not self.rules.exact
            expect(few, "the customer has", mine, "seats already")
        if not wanted:
            self._expect_good_choice(sold.keys(), free)
        self._expect_available(operation, free - sold.keys())
        expect(not self.of_reference.get(body["reference"]), "the reference is used")
        expect(not self.bookings.keys() & sold.values(), "an id is used")
        status = HELD if operation.arguments.get("hold") else BOOKED
        expect({each["status"] for each in body["bookings"]} == {status}, "they are not", status)
        until = body["expires_at"]
        if status == HELD and by_staff:
            until = until or inf
            expect(until > now + LONG, "what is set aside stays so")
        elif status == HELD:
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

    def _expect_good_choice(self, chosen, free):
        """Seats chosen by the application are ordinary ones, and together if that is possible."""
        plan = self.hall.plan
        expect(plan.ordinary.issuperset(chosen), "these are not for groups")
        possible = plan.largest_block(free) >= len(chosen)
        expect(
            plan.is_together(chosen) or not (possible and self.rules.exact),
            "there are seats side by side for",
            len(chosen),
        )
