"""What there is: its columns, what must never be false of it, and the questions one asks about it.
Whatever changes a booking is in box_office.py."""

from .bookings import Booking, new_reference
from .idempotency_keys import IdempotencyKey
from .movies import Movie
from .reservations import Reservation
from .seat_maps import SeatMap
from .sessions import Session
from .shows import Show

__all__ = [
    "Booking",
    "IdempotencyKey",
    "Movie",
    "Reservation",
    "SeatMap",
    "Session",
    "Show",
    "new_reference",
]
