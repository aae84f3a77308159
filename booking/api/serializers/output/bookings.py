"""Output serializers of bookings and reservations."""

from datetime import UTC

from rest_framework import serializers

from ....models import Booking
from ....models.statuses import CancelledBy
from .. import examples
from ..read_only import ReadOnlyModelSerializer, ReadOnlySerializer
from .shows import ShowSerializer

CANCELLED_BY = "Who cancelled it; null if it is not cancelled, or if that is not on record."
SHOW_CANCELLED = (
    "Whether the cinema has cancelled the show. The booking itself stays as it is; it can still be "
    "cancelled, but not be moved, confirmed or extended."
)


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
