"""Output serializers of tickets and admissions."""

from datetime import UTC

from rest_framework import serializers

from .. import examples
from ..read_only import ReadOnlySerializer


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
