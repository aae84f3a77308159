"""Every reason to say no. Plain Python: what each means for HTTP stands in api/errors.py.

The docstring of a refusal is the sentence that its reader sees, its facts filled in; its
`code` is what programs go by and never changes; `example` shows which facts it comes with.
(Docstrings are therefore needed at run time: do not start Python with -OO.)
"""

import inspect


class Refusal(Exception):
    """No."""

    code = "refused"
    example = {}

    def __init__(self, **facts):
        super().__init__(self.sentence().format_map(facts))
        self.facts = facts

    @classmethod
    def sentence(cls):
        return inspect.cleandoc(cls.__doc__).replace("\n", " ")


# --- Booking a seat ---


class ShowNotFound(Refusal):
    """There is no such show."""

    code = "not_found"


class ShowCancelled(Refusal):
    """This show has been cancelled."""

    code = "show_cancelled"
    example = {"cancelled_at": "2026-12-23T09:30:00Z"}


class SalesClosed(Refusal):
    """Sales for this show have closed."""

    code = "sales_closed"
    example = {"bookable_until": "2026-12-24T19:25:00Z"}


class NoSuchSeat(Refusal):
    """The seats of this show are numbered from 1 to {total_seats}."""

    code = "no_such_seat"
    example = {"total_seats": 120}


class SoldOut(Refusal):
    """This show is sold out."""

    code = "sold_out"


class SeatTaken(Refusal):
    """This seat is already taken."""

    code = "seat_taken"
    example = {"seat_numbers": [5], "alternatives": [4, 6, 3, 7, 17]}


class SeatsTaken(SeatTaken):
    """Some of these seats are already taken."""


class NotEnoughSeats(Refusal):
    """There are not that many seats left: {available_seats}."""

    code = "not_enough_seats"
    example = {"available_seats": 2}


class TooManySeats(Refusal):
    """One customer can have {limit} seats of a show, and you have {seats}."""

    code = "too_many_seats"
    example = {"limit": 10, "seats": 9}


class HeldTooSoon(Refusal):
    """You have just let a hold on these seats lapse, and held such seats again a moment ago. Try
    again in {retry_after} seconds, or book them."""

    code = "held_too_soon"
    example = {"seat_numbers": [5, 6], "retry_after": 42}


# --- Afterwards ---


class ReservationNotFound(Refusal):
    """There is no such reservation."""

    code = "not_found"


class AlreadyCancelled(Refusal):
    """This is already cancelled."""

    code = "already_cancelled"
    example = {"cancelled_at": "2026-12-23T09:30:00Z"}


class HoldExpired(Refusal):
    """This hold has expired."""

    code = "hold_expired"
    example = {"seat_numbers": [5, 6], "still_free": [6]}


class NotHeld(Refusal):
    """This reservation is not held but booked: it needs no more time."""

    code = "not_held"


class NotBooked(Refusal):
    """This seat is only held. Confirm the hold, then it can be moved."""

    code = "not_booked"


class ShowStarted(Refusal):
    """This show has started: its bookings can no longer be cancelled or moved."""

    code = "show_started"
    example = {"cancel_until": "2026-12-24T19:15:00Z"}


# --- Changing a show ---


class SeatsInUse(Refusal):
    """Seat {highest} is held or booked, so this show needs at least {highest} seats."""

    code = "seats_in_use"
    example = {"highest": 97}


class RowsInUse(Refusal):
    """Seats of this show are held or booked by row and place: its rows stay at {seats_per_row}
    seats."""

    code = "rows_in_use"
    example = {"seats_per_row": 12}


# --- Accounts ---


class CustomerNotFound(Refusal):
    """This account does not exist any more."""

    code = "user_not_found"


class NoActiveAccount(Refusal):
    """No active account found with the given credentials"""

    code = "no_active_account"


class TokenNotValid(Refusal):
    """Token is invalid or expired"""

    code = "token_not_valid"


class WrongPassword(Refusal):
    """This is not your password."""

    code = "wrong_password"


class UsernameTaken(Refusal):
    """A user with that username already exists."""

    code = "username_taken"
