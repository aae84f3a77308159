"""OpenAPI documentation of every operation: summary, request, response and errors.

Lists the errors that are particular to an operation. Those of many operations (401 of a bad token,
429, 503, errors of the body) are added by api/schema/inspector.py.
"""

from dataclasses import dataclass

from drf_yasg import openapi
from rest_framework.serializers import BaseSerializer

from ..exceptions import (
    AlreadyAdmitted,
    AlreadyCancelled,
    BadTicket,
    CheckedIn,
    HeldTooSoon,
    HoldExpired,
    NoActiveAccount,
    NoSuchSeat,
    NotAdmitted,
    NotBooked,
    NotEnoughSeats,
    NotForSale,
    NotHeld,
    OtherDay,
    OtherShow,
    PasswordRequired,
    ReservationNotFound,
    SalesClosed,
    SeatsTaken,
    SeatTaken,
    SessionNotFound,
    ShowCancelled,
    ShowEnded,
    ShowNotFound,
    ShowStarted,
    SoldOut,
    TicketCancelled,
    TicketMoved,
    TokenNotValid,
    TooEarly,
    TooManySeats,
    UndoTooLate,
    UnknownTicket,
    WrongPassword,
)
from .schema.errors import NOT_YOURS
from .serializers import (
    AccountSerializer,
    AdmissionListSerializer,
    AdmissionSerializer,
    BookingSerializer,
    BookSeat,
    CancelledBookingSerializer,
    ChangeAccount,
    ChangePassword,
    CheckIn,
    EraseAccount,
    LayoutSerializer,
    ListedMovieSerializer,
    LogIn,
    PersonalSeatMapSerializer,
    ProfileSerializer,
    Refresh,
    ReservationSerializer,
    ReservationTicketsSerializer,
    ReserveSeats,
    SessionSerializer,
    ShowSerializer,
    SignUp,
    TicketCode,
    TicketSerializer,
    TokenPair,
)
from .views.accounts import (
    LoginView,
    LogoutView,
    MeView,
    MySessionsView,
    MySessionView,
    PasswordView,
    RefreshView,
    SignUpView,
)
from .views.bookings import BookingViewSet, MyBookingsViewSet
from .views.check_in import AdmissionsViewSet, CheckInViewSet
from .views.movies import MovieViewSet
from .views.reservations import MyReservationsViewSet, ReservationViewSet
from .views.root import LINKS, RootView
from .views.shows import LayoutViewSet, MovieShowsViewSet, SeatMapViewSet, ShowViewSet
from .views.tickets import ReservationTicketViewSet, TicketViewSet


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of a view, as OpenAPI describes it."""

    id: str  # in generated clients
    summary: str
    tag: str
    description: str = ""
    request: type | None = None  # serializer class
    response: type | BaseSerializer | openapi.Schema | None = None
    status: int = 200
    has_etag: bool = False
    media_type: str = "application/json"  # of the response
    errors: tuple = ()  # Refusal classes, or ApiErrors


LINKS_SCHEMA = openapi.Schema(
    type=openapi.TYPE_OBJECT,
    properties={
        **dict.fromkeys(LINKS, openapi.Schema(type=openapi.TYPE_STRING, format="uri-reference")),
        "time_zone": openapi.Schema(
            type=openapi.TYPE_STRING, description="The cinema's, such as Europe/Berlin."
        ),
    },
    required=[*LINKS, "time_zone"],
)

SALES_ERRORS = (ShowCancelled, SalesClosed)
NEW_SALE_ERRORS = (ShowNotFound, *SALES_ERRORS, NoSuchSeat, NotForSale, SoldOut)
HOLD_ERRORS = (HoldExpired, AlreadyCancelled)
CANCEL_ERRORS = (AlreadyCancelled, HoldExpired, CheckedIn, ShowStarted)
RESERVATION_ERRORS = (ReservationNotFound, NOT_YOURS)
TICKET_ERRORS = (NotBooked, TicketCancelled)
INVALID_TICKET_ERRORS = (BadTicket, UnknownTicket, *TICKET_ERRORS, TicketMoved)
FILE = openapi.Schema(type=openapi.TYPE_FILE)

CALENDAR = "The event keeps its UID, and its SEQUENCE grows when the show or the seats change."


def ticket_file(operation_id, summary, media_type):
    return Operation(
        id=operation_id,
        summary=summary,
        tag="Tickets",
        response=FILE,
        media_type=media_type,
        errors=(NOT_YOURS, *TICKET_ERRORS),
    )


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
            description="A refresh token works once: use the new one next time. Using it again "
            "ends the session, except within 30 seconds, if the response was lost: then it "
            "returns the same new refresh token.",
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
            description="Ends its access tokens as well. A used or expired refresh token of the "
            "session will do, and logging out twice is fine.",
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
            description="Another email address takes the password.",
            request=ChangeAccount,
            response=ProfileSerializer,
            errors=(PasswordRequired, WrongPassword),
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
    MySessionsView: {
        "get": Operation(
            id="listMySessions",
            summary="Where I am logged in, newest first",
            tag="Accounts",
            description="At most 20: another login ends the oldest.",
            response=SessionSerializer(many=True),
        ),
    },
    MySessionView: {
        "delete": Operation(
            id="endMySession",
            summary="End one of my sessions",
            tag="Accounts",
            description="Its tokens stop working at once.",
            status=204,
            errors=(SessionNotFound,),
        ),
    },
    # --- Movies and shows ---
    MovieViewSet: {
        "list": Operation(
            id="listMovies",
            summary="Movies, by title",
            tag="Movies",
            response=ListedMovieSerializer,
            has_etag=True,
        ),
        "retrieve": Operation(
            id="getMovie",
            summary="One movie",
            tag="Movies",
            response=ListedMovieSerializer,
            has_etag=True,
        ),
    },
    ShowViewSet: {
        "list": Operation(
            id="listShows",
            summary="Shows, by time",
            description="Without `from` the list starts with the shows whose sales are still open.",
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
    LayoutViewSet: {
        "retrieve": Operation(
            id="getLayout",
            summary="Where the seats of a show are",
            tag="Shows",
            description="To draw the hall: its rows from the front, and the place, label and kind "
            "of each seat. It hardly ever changes, so it may be kept for an hour.",
            response=LayoutSerializer,
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
    # --- Reservations ---
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
    # --- Tickets ---
    TicketViewSet: {
        "retrieve": Operation(
            id="getTicket",
            summary="The ticket of a booked seat: its code, and where its pictures are",
            tag="Tickets",
            response=TicketSerializer,
            errors=(NOT_YOURS, *TICKET_ERRORS),
        ),
        "svg": ticket_file("getTicketSvg", "The ticket as a vector picture", "image/svg+xml"),
        "png": ticket_file("getTicketPng", "The ticket as a picture", "image/png"),
        "pdf": ticket_file("getTicketPdf", "The ticket to print", "application/pdf"),
        "calendar": Operation(
            id="getBookingCalendar",
            summary="The show of a booking as an iCalendar file",
            description=CALENDAR,
            tag="Tickets",
            response=FILE,
            media_type="text/calendar",
            errors=(NOT_YOURS,),
        ),
    },
    ReservationTicketViewSet: {
        "retrieve": Operation(
            id="getReservationTickets",
            summary="The tickets of a reservation's booked seats",
            tag="Tickets",
            response=ReservationTicketsSerializer,
            errors=(*RESERVATION_ERRORS, *TICKET_ERRORS),
        ),
        "pdf": Operation(
            id="getReservationTicketsPdf",
            summary="The tickets of a reservation to print, a page for each seat",
            tag="Tickets",
            response=FILE,
            media_type="application/pdf",
            errors=(*RESERVATION_ERRORS, *TICKET_ERRORS),
        ),
        "calendar": Operation(
            id="getReservationCalendar",
            summary="The show of a reservation as an iCalendar file",
            description=CALENDAR,
            tag="Tickets",
            response=FILE,
            media_type="text/calendar",
            errors=RESERVATION_ERRORS,
        ),
    },
    # --- The door, for staff ---
    CheckInViewSet: {
        "create": Operation(
            id="checkIn",
            summary="Check a ticket in at the door",
            description="Of two scans of one ticket exactly one is 200. A scanner that was offline "
            "sends `scanned_at`; of two such scans the earlier one counts, and the other is "
            "`already_admitted`, or sees it in the list of admissions.",
            tag="Door",
            request=CheckIn,
            response=AdmissionSerializer,
            errors=(
                *INVALID_TICKET_ERRORS,
                OtherShow,
                OtherDay,
                TooEarly,
                ShowEnded,
                ShowCancelled,
                AlreadyAdmitted,
            ),
        ),
        "undo": Operation(
            id="undoCheckIn",
            summary="Undo a check-in, within five minutes",
            tag="Door",
            request=TicketCode,
            response=AdmissionSerializer,
            errors=(*INVALID_TICKET_ERRORS, NotAdmitted, UndoTooLate),
        ),
    },
    AdmissionsViewSet: {
        "list": Operation(
            id="listAdmissions",
            summary="The tickets of a show and who is in, for scanners that are offline",
            description="A scanner compares the SHA-256 of the code that it reads (without blanks, "
            "in capital letters) with `hashes`. With `since`, only what has changed.",
            tag="Door",
            response=AdmissionListSerializer,
            has_etag=True,
        ),
    },
}
