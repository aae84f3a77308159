"""What staff do with bookings, at the counter and at the door."""

from ..operations import expect
from .observations import Observations
from .state import BOOKED, CANCELLED, THE_HALL, THE_SHOW, Booking


class Staff(Observations):
    def _staff_cancel(self, operation, now):
        pk = operation.body["id"]
        expect(pk == operation.arguments.get("booking", pk), "it is another booking")
        booking = self.bookings[pk]
        expect(booking.is_active_at(now), "it is not active")
        expect(not booking.is_in, "somebody is in")
        return {pk: booking._replace(status=CANCELLED, given_back=now)}

    # Whoever had the seat on the page, most often the house.
    _release = _staff_cancel

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
        hall = self.hall._replace(version=self.hall.version + 1)
        return changes | {
            THE_SHOW: Booking("", 0, 0, "called off", None, now),
            THE_HALL: hall,
        }

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
