"""Serializers: input/ for requests, output/ for responses."""

from .input.account_fields import validate_new_password
from .input.accounts import (
    ChangeAccount,
    ChangePassword,
    EraseAccount,
    LogIn,
    Refresh,
    RequestPasswordReset,
    ResetPassword,
    SignUp,
    VerifyEmail,
)
from .input.seats import BookSeat, ReserveSeats
from .input.tickets import CheckIn, TicketCode
from .output.accounts import AccountSerializer, ProfileSerializer, SessionSerializer, TokenPair
from .output.bookings import BookingSerializer, CancelledBookingSerializer, ReservationSerializer
from .output.seats import LayoutSerializer, PersonalSeatMapSerializer, SeatMapSerializer
from .output.shows import ListedMovieSerializer, MovieSerializer, ShowSerializer
from .output.tickets import (
    AdmissionListSerializer,
    AdmissionSerializer,
    ReservationTicketsSerializer,
    TicketSerializer,
)

__all__ = [
    "AccountSerializer",
    "AdmissionListSerializer",
    "AdmissionSerializer",
    "BookSeat",
    "BookingSerializer",
    "CancelledBookingSerializer",
    "ChangeAccount",
    "ChangePassword",
    "CheckIn",
    "EraseAccount",
    "LayoutSerializer",
    "ListedMovieSerializer",
    "LogIn",
    "MovieSerializer",
    "PersonalSeatMapSerializer",
    "ProfileSerializer",
    "Refresh",
    "RequestPasswordReset",
    "ReservationSerializer",
    "ReservationTicketsSerializer",
    "ReserveSeats",
    "ResetPassword",
    "SeatMapSerializer",
    "SessionSerializer",
    "ShowSerializer",
    "SignUp",
    "TicketCode",
    "TicketSerializer",
    "TokenPair",
    "VerifyEmail",
    "validate_new_password",
]
