"""What is read: seat map, my-bookings, and the table after the run."""

from ..operations import expect
from .observations import Observations
from .state import BOOKED, EXPIRED, HELD, THE_SHOW


class Reads(Observations):
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
        free, plan = self._free(now), self.hall.plan
        left = len(self._for_customers(free))
        expect(operation.body["available_seats"] == left, left, "seats are left")
        block = operation.body.get("largest_block")
        largest = plan.largest_block(free)
        expect(block in (None, largest), "the largest block has", largest, "seats")
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
        """The dump of the tables, after the run."""
        hall = operation.body.get("hall", self.hall.row)
        expect(hall == self.hall.row, "the hall is", self.hall.row, "not", hall)
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
