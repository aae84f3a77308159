"""Every reason to say no. Plain Python: what each means for HTTP stands in api/errors.py.

The docstring of a refusal is the sentence that its reader sees, its facts filled in; its
`code` is what programs go by and never changes. (Docstrings are therefore needed at run
time: do not start Python with -OO.)
"""

import inspect


class Refusal(Exception):
    """No."""

    code = "refused"

    def __init__(self, **facts):
        super().__init__(self.sentence().format_map(facts))
        self.facts = facts

    @classmethod
    def sentence(cls):
        return inspect.cleandoc(cls.__doc__)


# --- Booking a seat ---


class ShowNotFound(Refusal):
    """There is no such show."""

    code = "not_found"


class ShowCancelled(Refusal):
    """This show has been cancelled."""

    code = "show_cancelled"


class SalesClosed(Refusal):
    """Sales for this show have closed."""

    code = "sales_closed"


class NoSuchSeat(Refusal):
    """The seats of this show are numbered from 1 to {total_seats}."""

    code = "no_such_seat"


class SoldOut(Refusal):
    """This show is sold out."""

    code = "sold_out"


class SeatTaken(Refusal):
    """This seat is already taken."""

    code = "seat_taken"


# --- Cancelling a booking ---


class AlreadyCancelled(Refusal):
    """This booking is already cancelled."""

    code = "already_cancelled"


class BookingExpired(Refusal):
    """This booking was only held, and the hold has expired."""

    code = "booking_expired"


class ShowStarted(Refusal):
    """This show has started: its bookings can no longer be cancelled."""

    code = "show_started"


# --- Changing a show ---


class SeatsInUse(Refusal):
    """Seat {highest} is held or booked, so this show needs at least {highest} seats."""

    code = "seats_in_use"


# --- Accounts ---


class UsernameTaken(Refusal):
    """A user with that username already exists."""

    code = "username_taken"
