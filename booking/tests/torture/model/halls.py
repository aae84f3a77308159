"""Changes of a show's hall by staff: nobody who has a seat loses it or is moved."""

from ..operations import Inconsistent, expect
from .observations import Observations
from .state import THE_HALL


class Halls(Observations):
    def _change_hall(self, operation, now):
        arguments, active = operation.arguments, self._active_seats(now)
        if operation.code == "changed_meanwhile":
            expect(self.hall.version > arguments["version"], "nobody has changed it meanwhile")
            return {}
        if operation.code == "confirm_first":
            expect(active, "no seat is held or booked")
            return {}
        if operation.code is None:
            expect(self.hall.version == arguments["version"], "it was changed meanwhile")
            name, drawing = operation.body["name"], operation.body["drawing"]
            hall = self.hall._replace(version=self.hall.version + 1, name=name, drawing=drawing)
            before, after = self.hall.plan.places, hall.plan.places
            lost = [seat for seat in active if before[seat] != after.get(seat)]
            expect(not lost, "these seats are held or booked, and would be elsewhere:", lost)
            return {THE_HALL: hall}
        expect(self.hall.version == arguments["version"], "it should be: changed meanwhile")
        if operation.code == "seats_in_use":
            highest = max(active, default=0)
            expect(operation.body["highest"] == highest, "the highest seat in use is", highest)
            expect(highest > arguments.get("seats", 0), "all seats in use would stay")
        elif operation.code == "seats_would_move":
            named = operation.body["seat_numbers"]
            expect(named and set(named) <= set(active), "in use are", active)
            expect("seats" not in arguments, "rows of this length move nobody")
        else:
            raise Inconsistent("this refusal is not possible here")
        return {}

    def _active_seats(self, now):
        at_seat = sorted(self.at_seat.items())
        return [seat for seat, pk in at_seat if self.bookings[pk].is_active_at(now)]
