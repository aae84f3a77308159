"""Serializers: input.py for requests, outgoing.py for responses."""

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
    MovieSerializer,
    PersonalSeatMapSerializer,
    PersonSerializer,
    ReservationSerializer,
    SeatMapSerializer,
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
    "LogIn",
    "MovieSerializer",
    "PersonSerializer",
    "PersonalSeatMapSerializer",
    "Refresh",
    "ReservationSerializer",
    "ReserveSeats",
    "SeatMapSerializer",
    "ShowSerializer",
    "SignUp",
    "TokenPair",
]
