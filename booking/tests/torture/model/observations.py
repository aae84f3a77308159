"""Checks of responses that several operations share."""

from ..operations import expect
from .state import EXPIRED, THE_SHOW, State


class Observations(State):
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

    def _expect_taken(self, operation, now, wanted):
        if not self.rules.exact:  # refused by the constraint, with details read later
            return
        free, alternatives = self._free(now), operation.body["alternatives"]
        taken, kinds = sorted(set(wanted) - free), self.hall.plan.kinds
        like_taken = {kinds.get(seat) for seat in taken}
        others = {seat for seat in free.difference(wanted) if kinds[seat] in like_taken}
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

    def _expect_available(self, operation, free):
        """The response counts these free seats, without those that only staff sell."""
        seats = len(self._for_customers(free))
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
