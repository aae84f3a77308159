"""Serializers: input.py for requests, output.py for responses."""

from .input import (
    BookSeat,
    ChangeAccount,
    ChangePassword,
    EraseAccount,
    LogIn,
    Refresh,
    ReserveSeats,
    SignUp,
)
from .output import (
    AccountSerializer,
    BookingSerializer,
    CancelledBookingSerializer,
    ListedMovieSerializer,
    MovieSerializer,
    PersonalSeatMapSerializer,
    ProfileSerializer,
    ReservationSerializer,
    SeatMapSerializer,
    SessionSerializer,
    ShowSerializer,
    TokenPair,
)

__all__ = [
    "AccountSerializer",
    "BookSeat",
    "BookingSerializer",
    "CancelledBookingSerializer",
    "ChangeAccount",
    "ChangePassword",
    "EraseAccount",
    "ListedMovieSerializer",
    "LogIn",
    "MovieSerializer",
    "PersonalSeatMapSerializer",
    "ProfileSerializer",
    "Refresh",
    "ReservationSerializer",
    "ReserveSeats",
    "SeatMapSerializer",
    "SessionSerializer",
    "ShowSerializer",
    "SignUp",
    "TokenPair",
]
