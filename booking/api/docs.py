"""OpenAPI documentation of every operation: summary, request, response and errors.

Lists the errors that are particular to an operation. Those of many operations (401 of a bad token,
429, 503, errors of the body) are added by api/schema/inspector.py.
"""

from dataclasses import dataclass

from drf_yasg import openapi

from ..exceptions import (
    AlreadyCancelled,
    HeldTooSoon,
    HoldExpired,
    NoActiveAccount,
    NoSuchSeat,
    NotBooked,
    NotEnoughSeats,
    NotHeld,
    ReservationNotFound,
    SalesClosed,
    SeatsTaken,
    SeatTaken,
    ShowCancelled,
    ShowNotFound,
    ShowStarted,
    SoldOut,
    TokenNotValid,
    TooManySeats,
    WrongPassword,
)
from .schema.errors import NOT_YOURS
from .serializers import (
    AccountSerializer,
    BookingSerializer,
    BookSeat,
    CancelledBookingSerializer,
    ChangeAccount,
    ChangePassword,
    EraseAccount,
    LogIn,
    MovieSerializer,
    PersonalSeatMapSerializer,
    ProfileSerializer,
    Refresh,
    ReservationSerializer,
    ReserveSeats,
    ShowSerializer,
    SignUp,
    TokenPair,
)
from .views.accounts import (
    LoginView,
    LogoutView,
    MeView,
    PasswordView,
    RefreshView,
    SignUpView,
)
from .views.bookings import BookingViewSet, MyBookingsViewSet
from .views.movies import MovieViewSet
from .views.reservations import ReservationViewSet
from .views.root import LINKS, RootView
from .views.shows import MovieShowsViewSet, SeatMapViewSet, ShowViewSet


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of a view, as OpenAPI describes it."""

    id: str  # in generated clients
    summary: str
    tag: str
    description: str = ""
    request: type | None = None  # serializer class
    response: type | openapi.Schema | None = None
    status: int = 200
    has_etag: bool = False
    errors: tuple = ()  # Refusal classes, or ApiErrors


LINKS_SCHEMA = openapi.Schema(
    type=openapi.TYPE_OBJECT,
    properties=dict.fromkeys(
        LINKS, openapi.Schema(type=openapi.TYPE_STRING, format="uri-reference")
    ),
    required=list(LINKS),
)

SALES_ERRORS = (ShowCancelled, SalesClosed)
NEW_SALE_ERRORS = (ShowNotFound, *SALES_ERRORS, NoSuchSeat, SoldOut)
HOLD_ERRORS = (HoldExpired, AlreadyCancelled)
CANCEL_ERRORS = (AlreadyCancelled, HoldExpired, ShowStarted)
RESERVATION_ERRORS = (ReservationNotFound, NOT_YOURS)

# By view class, then by action of a view set or by HTTP method.
OPERATIONS = {
    RootView: {
        "get": Operation(
            id="listLinks", summary="Where everything is", tag="Start", response=LINKS_SCHEMA
        ),
    },
    # --- Accounts ---
    SignUpView: {
        "post": Operation(
            id="signUp",
            summary="Open an account",
            tag="Accounts",
            request=SignUp,
            response=AccountSerializer,
            status=201,
        ),
    },
    LoginView: {
        "post": Operation(
            id="logIn",
            summary="Get an access and a refresh token",
            tag="Accounts",
            request=LogIn,
            response=TokenPair,
            errors=(NoActiveAccount,),
        ),
    },
    RefreshView: {
        "post": Operation(
            id="refreshToken",
            summary="Get new tokens",
            tag="Accounts",
            description="A refresh token works once: use the new one next time.",
            request=Refresh,
            response=TokenPair,
            errors=(TokenNotValid,),
        ),
    },
    LogoutView: {
        "post": Operation(
            id="logOut",
            summary="End the session of a refresh token",
            tag="Accounts",
            description="The access token stays valid until it expires, so delete it. Logging out "
            "twice is fine.",
            request=Refresh,
            status=204,
            errors=(TokenNotValid,),
        ),
    },
    MeView: {
        "get": Operation(
            id="getMe", summary="My account", tag="Accounts", response=ProfileSerializer
        ),
        "patch": Operation(
            id="changeMe",
            summary="Change my account",
            tag="Accounts",
            request=ChangeAccount,
            response=ProfileSerializer,
        ),
        "delete": Operation(
            id="eraseMe",
            summary="Erase my account",
            tag="Accounts",
            description="Needs the password. Bookings of future shows are cancelled; past bookings "
            "are kept without personal data.",
            request=EraseAccount,
            status=204,
            errors=(WrongPassword,),
        ),
    },
    PasswordView: {
        "post": Operation(
            id="changePassword",
            summary="Change my password",
            tag="Accounts",
            description="Ends all sessions and returns the tokens of a new one.",
            request=ChangePassword,
            response=TokenPair,
            errors=(WrongPassword,),
        ),
    },
    # --- Movies and shows ---
    MovieViewSet: {
        "list": Operation(
            id="listMovies",
            summary="Movies, by title",
            tag="Movies",
            response=MovieSerializer,
            has_etag=True,
        ),
        "retrieve": Operation(
            id="getMovie",
            summary="One movie",
            tag="Movies",
            response=MovieSerializer,
            has_etag=True,
        ),
    },
    ShowViewSet: {
        "list": Operation(
            id="listShows",
            summary="Shows, by time",
            tag="Shows",
            response=ShowSerializer,
            has_etag=True,
        ),
        "retrieve": Operation(
            id="getShow", summary="One show", tag="Shows", response=ShowSerializer, has_etag=True
        ),
    },
    MovieShowsViewSet: {
        "list": Operation(
            id="listMovieShows",
            summary="Shows of a movie, past ones included, by time",
            tag="Movies",
            response=ShowSerializer,
            has_etag=True,
        ),
    },
    SeatMapViewSet: {
        "retrieve": Operation(
            id="getSeatMap",
            summary="Which seats of a show are not free",
            tag="Shows",
            description="Seats that are not listed are free. With a token, `mine` lists your own.",
            response=PersonalSeatMapSerializer,
            has_etag=True,
        ),
    },
    # --- Bookings ---
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
            "are offered.",
            request=BookSeat,
            response=BookingSerializer,
            errors=(
                NOT_YOURS,
                NotBooked,
                AlreadyCancelled,
                HoldExpired,
                ShowCancelled,
                ShowStarted,
                NoSuchSeat,
                SeatTaken,
            ),
        ),
    },
    # --- Reservations ---
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
            description="There is a limit, counted from when the seats were first held.",
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
