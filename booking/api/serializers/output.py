"""Output serializers: movies, shows, bookings, reservations, seat maps, accounts, tokens."""

from datetime import UTC

from django.contrib.auth import get_user_model
from rest_framework import serializers

from ...models import Booking, Movie, Session, Show
from ...models.bookings import CancelledBy
from ...seating import Kind
from . import examples
from .read_only import ReadOnlyModelSerializer, ReadOnlySerializer

CANCELLED_BY = "Who cancelled it; null if it is not cancelled, or if that is not on record."
SHOW_CANCELLED = (
    "Whether the cinema has cancelled the show. The booking itself stays as it is; it can still be "
    "cancelled, but not be moved, confirmed or extended."
)


class TokenPair(serializers.Serializer):
    """Reads simplejwt's RefreshToken."""

    refresh = serializers.CharField(read_only=True, source="*")
    access = serializers.CharField(read_only=True, source="access_token")

    class Meta:
        swagger_schema_fields = {"example": examples.TOKENS}


class ProfileSerializer(ReadOnlyModelSerializer):
    """Reads a Profile."""

    mail_bookings = serializers.BooleanField(
        read_only=True,
        help_text="Whether confirmations and reminders are mailed. That a booking or a show was "
        "changed or cancelled always is.",
    )
    email_verified = serializers.BooleanField(
        read_only=True, help_text="Whether the link in the mail to this address was followed."
    )

    class Meta:
        ref_name = "Person"  # in generated clients
        model = get_user_model()
        model_source = "user"
        fields = [
            *("id", "username", "email", "first_name", "last_name"),
            *("mail_bookings", "email_verified"),
        ]
        swagger_schema_fields = {"example": examples.PROFILE}


class AccountSerializer(ReadOnlyModelSerializer):
    class Meta:
        model = get_user_model()
        fields = ["id", "username", "email"]
        swagger_schema_fields = {"example": examples.ACCOUNT}


class SessionSerializer(ReadOnlyModelSerializer):
    """Reads an OpenSession."""

    created_at = serializers.DateTimeField(
        default_timezone=UTC, source="session.created_at", help_text="When the user logged in."
    )
    last_used_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="session.last_used_at",
        help_text="When it last got new tokens: by logging in or by a refresh.",
    )
    expires_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="session.expires_at",
        help_text="When it ends unless it is refreshed before.",
    )
    client_ip = serializers.CharField(
        read_only=True, source="session.client_ip", help_text="The IP address at that time."
    )
    user_agent = serializers.CharField(
        read_only=True, source="session.user_agent", help_text="The app or browser at that time."
    )
    is_current = serializers.BooleanField(help_text="Whether this request belongs to it.")

    class Meta:
        model = Session
        model_source = "session"
        fields = [
            "id",
            "created_at",
            "last_used_at",
            "expires_at",
            "client_ip",
            "user_agent",
            "is_current",
        ]
        swagger_schema_fields = {"example": examples.SESSION}


class MovieSerializer(ReadOnlyModelSerializer):
    class Meta:
        model = Movie
        fields = [
            "id",
            "title",
            "duration_minutes",
            "description",
            "genre",
            "language",
            "certificate",
            "release_date",
            "poster_url",
        ]
        swagger_schema_fields = {"example": examples.MOVIE}


class ListedMovieSerializer(MovieSerializer):
    """Reads a MovieSnapshot."""

    next_show_at = serializers.DateTimeField(
        default_timezone=UTC,
        allow_null=True,
        help_text="Start of the next show that takes place and whose sales are open; null if there "
        "is none.",
    )

    class Meta(MovieSerializer.Meta):
        model_source = "movie"
        fields = [*MovieSerializer.Meta.fields, "next_show_at"]
        swagger_schema_fields = {"example": examples.LISTED_MOVIE}


class ShowSerializer(ReadOnlyModelSerializer):
    """Reads a ShowSnapshot."""

    movie = MovieSerializer()
    date_time = serializers.DateTimeField(default_timezone=UTC, source="show.date_time")
    ends_at = serializers.DateTimeField(
        default_timezone=UTC, help_text="The start and the running time."
    )
    available_seats = serializers.IntegerField()
    is_bookable = serializers.BooleanField(
        help_text="Whether a seat can be booked: not cancelled, sales open, a seat free."
    )
    bookable_until = serializers.DateTimeField(default_timezone=UTC, help_text="When sales close.")
    cancelled_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="show.cancelled_at",
        allow_null=True,
        help_text="When the show was cancelled.",
    )

    class Meta:
        model = Show
        model_source = "show"
        fields = [
            "id",
            "movie",
            "screen_name",
            "date_time",
            "ends_at",
            "total_seats",
            "seats_per_row",
            "available_seats",
            "is_bookable",
            "bookable_until",
            "cancelled_at",
        ]
        swagger_schema_fields = {"example": examples.SHOW}


class BookingSerializer(ReadOnlyModelSerializer):
    """Reads a BookingSnapshot."""

    user = serializers.IntegerField(source="booking.user_id", help_text="The user's id.")
    show = ShowSerializer()
    seat_label = serializers.CharField(read_only=True, help_text="Row and place, such as B2.")
    created_at = serializers.DateTimeField(default_timezone=UTC, source="booking.created_at")
    cancelled_at = serializers.DateTimeField(
        default_timezone=UTC, source="booking.cancelled_at", allow_null=True
    )
    status = serializers.ChoiceField(Booking.Status.choices)
    expires_at = serializers.DateTimeField(
        default_timezone=UTC,
        allow_null=True,
        help_text="When the hold expires; null if it is not held.",
    )
    expires_in = serializers.IntegerField(
        allow_null=True, help_text="Seconds until the hold expires; null if it is not held."
    )
    can_cancel = serializers.BooleanField()
    cancel_until = serializers.DateTimeField(
        default_timezone=UTC,
        help_text="Until when it can be cancelled: the start of the show, or the end of the hold.",
    )
    cancelled_by = serializers.ChoiceField(
        CancelledBy.choices, allow_null=True, help_text=CANCELLED_BY
    )
    show_cancelled = serializers.BooleanField(help_text=SHOW_CANCELLED)
    admitted_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="booking.admitted_at",
        allow_null=True,
        help_text="When its ticket was checked in at the door.",
    )

    class Meta:
        model = Booking
        model_source = "booking"
        fields = [
            "id",
            "reference",
            "user",
            "show",
            "seat_number",
            "seat_label",
            "status",
            "created_at",
            "cancelled_at",
            "expires_at",
            "expires_in",
            "can_cancel",
            "cancel_until",
            "cancelled_by",
            "show_cancelled",
            "admitted_at",
        ]
        swagger_schema_fields = {"example": examples.BOOKING}


class CancelledBookingSerializer(BookingSerializer):
    detail = serializers.ReadOnlyField(default="Booking cancelled.")

    class Meta(BookingSerializer.Meta):
        fields = [*BookingSerializer.Meta.fields, "detail"]
        swagger_schema_fields = {"example": examples.CANCELLED_BOOKING}


class ReservedSeatSerializer(ReadOnlyModelSerializer):
    seat_label = serializers.CharField(read_only=True, help_text="Row and place, such as B2.")
    status = serializers.ChoiceField(Booking.Status.choices)
    cancelled_by = serializers.ChoiceField(
        CancelledBy.choices, allow_null=True, help_text=CANCELLED_BY
    )

    class Meta:
        model = Booking
        model_source = "booking"
        fields = ["id", "seat_number", "seat_label", "status", "cancelled_by"]


class ReservationSerializer(ReadOnlySerializer):
    reference = serializers.CharField(
        read_only=True, help_text="The code that the customer shows at the counter."
    )
    user = serializers.IntegerField(source="user_id", help_text="The user's id.")
    show = ShowSerializer()
    status = serializers.ChoiceField(Booking.Status.choices)
    bookings = ReservedSeatSerializer(many=True)
    created_at = serializers.DateTimeField(default_timezone=UTC)
    expires_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="leading.expires_at",
        allow_null=True,
        help_text="When the hold expires; null if it is not held.",
    )
    expires_in = serializers.IntegerField(
        source="leading.expires_in",
        allow_null=True,
        help_text="Seconds until the hold expires; null if it is not held.",
    )
    can_cancel = serializers.BooleanField(source="leading.can_cancel")
    cancel_until = serializers.DateTimeField(default_timezone=UTC, source="leading.cancel_until")
    show_cancelled = serializers.BooleanField(
        source="leading.show_cancelled", help_text=SHOW_CANCELLED
    )

    class Meta:
        swagger_schema_fields = {"example": examples.RESERVATION}


class MySeatsSerializer(ReadOnlySerializer):
    booked = serializers.ListField(child=serializers.IntegerField())
    held = serializers.ListField(child=serializers.IntegerField())


class SeatMapSerializer(ReadOnlySerializer):
    total_seats = serializers.IntegerField()
    seats_per_row = serializers.IntegerField()
    available_seats = serializers.IntegerField()
    largest_block = serializers.IntegerField(
        help_text="The largest number of free seats side by side in one row."
    )
    booked = serializers.ListField(child=serializers.IntegerField())
    held = serializers.ListField(child=serializers.IntegerField())


class PersonalSeatMapSerializer(SeatMapSerializer):
    mine = MySeatsSerializer(help_text="The user's own seats; only with a token.", required=False)

    class Meta:
        swagger_schema_fields = {"example": examples.SEAT_MAP}


class RowSerializer(ReadOnlySerializer):
    label = serializers.CharField(read_only=True)
    y = serializers.IntegerField(help_text="Rows from the front, from 0; gaps count.")


class SeatSerializer(ReadOnlySerializer):
    number = serializers.IntegerField(help_text="The `seat_number` to book it by.")
    label = serializers.CharField(read_only=True, help_text="Row and place, such as B2.")
    row = serializers.CharField(read_only=True, help_text="Label of its row.")
    x = serializers.IntegerField(help_text="Places from the left, from 0; aisles count.")
    y = serializers.IntegerField(help_text="Rows from the front, from 0; gaps count.")
    kind = serializers.ChoiceField(
        [kind.value for kind in Kind],
        help_text="`companion` is beside a wheelchair space; `house` is sold by staff only. A "
        "reservation by `count` gets only seats of the kind `seat`.",
    )


class LayoutSerializer(ReadOnlySerializer):
    """Reads a layout of `seating`."""

    width = serializers.IntegerField(help_text="Places of the widest row, aisles included.")
    depth = serializers.IntegerField(help_text="Number of rows, gaps included.")
    rows = RowSerializer(many=True)
    seats = SeatSerializer(many=True)

    class Meta:
        swagger_schema_fields = {"example": examples.LAYOUT}


class TicketSerializer(ReadOnlySerializer):
    """Reads a TicketLinks."""

    booking = serializers.IntegerField(source="booking.booking.pk", help_text="The booking's id.")
    reference = serializers.CharField(read_only=True, source="booking.booking.reference")
    seat_number = serializers.IntegerField(source="booking.booking.seat_number")
    seat_label = serializers.CharField(read_only=True, source="booking.seat_label")
    admitted_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="booking.booking.admitted_at",
        allow_null=True,
        help_text="When it was checked in at the door.",
    )
    code = serializers.CharField(
        read_only=True, help_text="For a QR code of its own: 32 capital letters and digits."
    )
    svg = serializers.CharField(read_only=True, help_text="Address of the ticket as a picture.")
    png = serializers.CharField(read_only=True, help_text="Address of the ticket as a picture.")
    pdf = serializers.CharField(read_only=True, help_text="Address of the ticket to print.")
    calendar = serializers.CharField(
        read_only=True, help_text="Address of an iCalendar file with the show."
    )

    class Meta:
        swagger_schema_fields = {"example": examples.TICKET}


class ReservationTicketsSerializer(ReadOnlySerializer):
    """Reads a ReservationTickets."""

    reference = serializers.CharField(read_only=True)
    tickets = TicketSerializer(many=True)
    pdf = serializers.CharField(
        read_only=True, help_text="Address of all tickets to print, a page each."
    )
    calendar = serializers.CharField(
        read_only=True, help_text="Address of an iCalendar file with the show."
    )

    class Meta:
        swagger_schema_fields = {"example": examples.RESERVATION_TICKETS}


class AdmittedSeatsSerializer(ReadOnlySerializer):
    seats = serializers.IntegerField(help_text="Booked seats of the reservation.")
    admitted = serializers.IntegerField(help_text="How many of them are checked in.")


class AdmissionSerializer(ReadOnlySerializer):
    """Reads an Admission."""

    booking = serializers.IntegerField(source="booking.booking.pk", help_text="The booking's id.")
    reference = serializers.CharField(read_only=True, source="booking.booking.reference")
    show = serializers.IntegerField(source="booking.show.show.pk", help_text="The show's id.")
    movie = serializers.CharField(
        read_only=True, source="booking.show.movie.title", help_text="The movie's title."
    )
    screen_name = serializers.CharField(read_only=True, source="booking.show.show.screen_name")
    date_time = serializers.DateTimeField(
        default_timezone=UTC, source="booking.show.show.date_time"
    )
    seat_number = serializers.IntegerField(source="booking.booking.seat_number")
    seat_label = serializers.CharField(read_only=True, source="booking.seat_label")
    customer_name = serializers.CharField(
        read_only=True, help_text="Or the note of who booked at the counter; may be empty."
    )
    admitted_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="booking.booking.admitted_at",
        allow_null=True,
        help_text="Null after the check-in was undone.",
    )
    admitted_by = serializers.CharField(read_only=True, allow_null=True, help_text="Username.")
    reservation = AdmittedSeatsSerializer()

    class Meta:
        swagger_schema_fields = {"example": examples.ADMISSION}


class ListedTicketSerializer(ReadOnlySerializer):
    """Reads a ListedTicket."""

    booking = serializers.IntegerField(source="booking.pk", help_text="The booking's id.")
    reference = serializers.CharField(read_only=True, source="booking.reference")
    seat_number = serializers.IntegerField(source="booking.seat_number")
    seat_label = serializers.CharField(read_only=True, source="booking.seat_label")
    customer_name = serializers.CharField(read_only=True, source="booking.customer_name")
    hashes = serializers.ListField(
        child=serializers.CharField(),
        help_text="SHA-256 of the ticket's code in hexadecimal, one for each key in use.",
    )
    admitted_at = serializers.DateTimeField(
        default_timezone=UTC, source="booking.admitted_at", allow_null=True
    )
    admitted_by = serializers.CharField(
        read_only=True, source="booking.admitted_by_username", allow_null=True
    )


class AdmissionListSerializer(ReadOnlySerializer):
    """Reads an AdmissionList."""

    show = serializers.IntegerField(source="show.pk", help_text="The show's id.")
    movie = serializers.CharField(read_only=True, source="show.movie.title")
    screen_name = serializers.CharField(read_only=True, source="show.screen_name")
    date_time = serializers.DateTimeField(default_timezone=UTC, source="show.date_time")
    doors_open_at = serializers.DateTimeField(default_timezone=UTC)
    cancelled_at = serializers.DateTimeField(
        default_timezone=UTC, source="show.cancelled_at", allow_null=True
    )
    booked = serializers.IntegerField(help_text="Booked seats of the show.")
    admitted = serializers.IntegerField(help_text="How many of them are checked in.")
    cursor = serializers.CharField(
        read_only=True, help_text="Send it as `since` to get only what has changed."
    )
    tickets = ListedTicketSerializer(many=True)
    gone = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Ids of bookings whose tickets are not valid any more; only with `since`.",
    )

    class Meta:
        swagger_schema_fields = {"example": examples.ADMISSION_LIST}
