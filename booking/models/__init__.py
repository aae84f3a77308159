"""Models: fields, constraints and querysets. Only the box office changes bookings."""

from .booking_events import BookingEvent
from .bookings import Booking, BookingSnapshot, new_reference, show_snapshots
from .idempotency_keys import IdempotencyKey
from .movies import Movie
from .reservations import Reservation
from .seat_maps import SeatMap
from .sessions import Session
from .shows import Show, ShowSnapshot

__all__ = [
    "Booking",
    "BookingEvent",
    "BookingSnapshot",
    "IdempotencyKey",
    "Movie",
    "Reservation",
    "SeatMap",
    "Session",
    "Show",
    "ShowSnapshot",
    "new_reference",
    "show_snapshots",
]
