"""Sequential model of a show: which response each operation may have in a given state.

Written independently of the application. Every response is checked as an observation: a refusal
needs its reason, a seat map and a count must be those of the state. Times are the database's. An
operation reads the clock once, at a moment between request and response; a hold has expired if its
end is not later than that moment.

(booking/tests/reference_model.py is another model: it predicts the one response of a sequential
call, this one accepts every response that is possible.)
"""

from ..operations import Inconsistent, expect
from .changes import Changes
from .hall import Hall
from .halls import Halls
from .reads import Reads
from .sales import Sales
from .staff import Staff
from .state import EXPIRED, HELD, THE_SHOW

__all__ = ["Hall", "ShowModel"]


class ShowModel(Sales, Changes, Staff, Halls, Reads):
    """One show. Each kind of operation has a method, which returns its changes."""

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
            bookings = {pk: each for pk, each in changes.items() if pk > THE_SHOW}
            changed = {pk for pk, each in bookings.items() if each.status != EXPIRED}
            expect(changed == operation.changed, "it should have changed", sorted(changed))

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
