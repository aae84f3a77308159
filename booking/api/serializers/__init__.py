"""JSON in and JSON out, one direction each."""

from .incoming import BookSeat, LogIn, Refresh, ReserveSeats, SignUp, valid
from .outgoing import (
    AccessToken,
    AccountSerializer,
    BookingSerializer,
    CancelledBookingSerializer,
    MovieSerializer,
    PersonalSeatMapSerializer,
    ReservationSerializer,
    SeatMapSerializer,
    ShowSerializer,
    TokenPair,
)

__all__ = [
    "AccessToken",
    "AccountSerializer",
    "BookSeat",
    "BookingSerializer",
    "CancelledBookingSerializer",
    "LogIn",
    "MovieSerializer",
    "PersonalSeatMapSerializer",
    "Refresh",
    "ReservationSerializer",
    "ReserveSeats",
    "SeatMapSerializer",
    "ShowSerializer",
    "SignUp",
    "TokenPair",
    "valid",
]
