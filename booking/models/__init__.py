"""Models: fields, constraints and querysets. Only the box office changes bookings."""

from .booking_events import BookingEvent
from .bookings import Booking, BookingSnapshot, new_reference, show_snapshots
from .idempotency_keys import IdempotencyKey
from .mails import Mail
from .movies import Movie
from .profiles import Profile
from .reservations import Reservation
from .screens import Screen
from .seat_maps import SeatMap
from .sessions import Session
from .shows import MovieSnapshot, Show, ShowSnapshot, movie_snapshots

__all__ = [
    "Booking",
    "BookingEvent",
    "BookingSnapshot",
    "IdempotencyKey",
    "Mail",
    "Movie",
    "MovieSnapshot",
    "Profile",
    "Reservation",
    "Screen",
    "SeatMap",
    "Session",
    "Show",
    "ShowSnapshot",
    "movie_snapshots",
    "new_reference",
    "show_snapshots",
]
