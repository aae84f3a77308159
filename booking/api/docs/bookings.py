"""Bookings and reservations."""

from ...exceptions import (
    AlreadyCancelled,
    CheckedIn,
    HeldTooSoon,
    HoldExpired,
    NoSuchSeat,
    NotEnoughSeats,
    NotForSale,
    NotHeld,
    ReservationNotFound,
    SalesClosed,
    SeatsTaken,
    SeatTaken,
    ShowCancelled,
    ShowNotFound,
    ShowStarted,
    SoldOut,
    TooManySeats,
)
from ..schema.errors import NOT_YOURS
from ..serializers import (
    BookingSerializer,
    BookSeat,
    CancelledBookingSerializer,
    ReservationSerializer,
    ReserveSeats,
)
from ..views.bookings import BookingViewSet, MyBookingsViewSet
from ..views.reservations import MyReservationsViewSet, ReservationViewSet
from .operation import Operation

SALES_ERRORS = (ShowCancelled, SalesClosed)
NEW_SALE_ERRORS = (ShowNotFound, *SALES_ERRORS, NoSuchSeat, NotForSale, SoldOut)
HOLD_ERRORS = (HoldExpired, AlreadyCancelled)
CANCEL_ERRORS = (AlreadyCancelled, HoldExpired, CheckedIn, ShowStarted)
RESERVATION_ERRORS = (ReservationNotFound, NOT_YOURS)

OPERATIONS = {
    MyBookingsViewSet: {
        "list": Operation(
            id="listMyBookings",
            summary="My bookings, newest first, with held, cancelled and expired ones",
            tag="Bookings",
            response=BookingSerializer,
        ),
    },
    BookingViewSet: {
        "retrieve": Operation(
            id="getBooking",
            summary="One of my bookings",
            tag="Bookings",
            response=BookingSerializer,
            errors=(NOT_YOURS,),
        ),
        "book": Operation(
            id="bookSeat",
            summary="Book a seat of a show",
            tag="Bookings",
            description="`seat_taken` names the `seat_numbers` and offers up to five "
            "`alternatives`, nearest first.",
            request=BookSeat,
            response=BookingSerializer,
            status=201,
            errors=(*NEW_SALE_ERRORS, SeatTaken, TooManySeats),
        ),
        "cancel": Operation(
            id="cancelBooking",
            summary="Cancel a booking",
            tag="Bookings",
            response=CancelledBookingSerializer,
            errors=(NOT_YOURS, *CANCEL_ERRORS),
        ),
        "move": Operation(
            id="moveBooking",
            summary="Move a booking to another seat",
            tag="Bookings",
            description="If the new seat is taken, the booking keeps its seat and `alternatives` "
            "are offered. A held seat can be moved, too; the hold ends when it would have.",
            request=BookSeat,
            response=BookingSerializer,
            errors=(
                NOT_YOURS,
                AlreadyCancelled,
                HoldExpired,
                CheckedIn,
                *SALES_ERRORS,
                ShowStarted,
                NoSuchSeat,
                NotForSale,
                SeatTaken,
            ),
        ),
    },
    MyReservationsViewSet: {
        "list": Operation(
            id="listMyReservations",
            summary="My reservations, newest first, with held, cancelled and expired ones",
            tag="Reservations",
            response=ReservationSerializer,
        ),
    },
    ReservationViewSet: {
        "create": Operation(
            id="reserveSeats",
            summary="Book or hold several seats, all or none",
            tag="Reservations",
            description="Name the `seat_numbers`, or give a `count` to get the best free seats. "
            "With `hold`, they are yours until `expires_at`: confirm the reservation before then.",
            request=ReserveSeats,
            response=ReservationSerializer,
            status=201,
            errors=(*NEW_SALE_ERRORS, SeatsTaken, NotEnoughSeats, TooManySeats, HeldTooSoon),
        ),
        "retrieve": Operation(
            id="getReservation",
            summary="One of my reservations",
            tag="Reservations",
            response=ReservationSerializer,
            errors=RESERVATION_ERRORS,
        ),
        "confirm": Operation(
            id="confirmReservation",
            summary="Book the held seats",
            tag="Reservations",
            description="Confirming twice is fine. `hold_expired` says which seats are "
            "`still_free`.",
            response=ReservationSerializer,
            errors=(*RESERVATION_ERRORS, *HOLD_ERRORS, *SALES_ERRORS),
        ),
        "extend": Operation(
            id="extendReservation",
            summary="Hold the seats for longer",
            tag="Reservations",
            description="There is a limit to how long you can hold seats of a show in all. Once "
            "it is reached, `expires_at` stays as it is.",
            response=ReservationSerializer,
            errors=(*RESERVATION_ERRORS, *HOLD_ERRORS, NotHeld, *SALES_ERRORS),
        ),
        "cancel": Operation(
            id="cancelReservation",
            summary="Release a hold, or cancel all its bookings",
            tag="Reservations",
            response=ReservationSerializer,
            errors=(*RESERVATION_ERRORS, *CANCEL_ERRORS),
        ),
    },
}
