"""Input of bookings and reservations."""

from itertools import chain

from django.conf import settings
from rest_framework import serializers

from ....exceptions import count_of
from ...fields import MAX_INTEGER, StrictIntegerField

TOO_FEW_SEATS = "Choose at least 1 seat."
TOO_MANY_SEATS = (
    f"You can take at most {count_of(settings.MAX_SEATS_PER_RESERVATION, 'seat')} at once."
)


class SeatNumberField(StrictIntegerField):
    default_error_messages = {
        "min_value": "Seats are numbered from 1.",
        "max_value": "No show has that many seats.",
    }


class BookSeat(serializers.Serializer):
    seat_number = SeatNumberField(min_value=1, max_value=MAX_INTEGER)

    class Meta:
        swagger_schema_fields = {"example": {"seat_number": 5}}


class SeatNumbersField(serializers.ListField):
    """Distinct seat numbers. Errors are one list for the field, not a dictionary by index."""

    class Meta:
        swagger_schema_fields = {"uniqueItems": True}

    child = SeatNumberField(min_value=1, max_value=MAX_INTEGER)
    default_error_messages = {
        "empty": TOO_FEW_SEATS,
        "max_length": TOO_MANY_SEATS,
        "distinct": "Each seat can be listed only once.",
    }

    def __init__(self, **kwargs):
        limit = settings.MAX_SEATS_PER_RESERVATION
        super().__init__(allow_empty=False, min_length=1, max_length=limit, **kwargs)

    def get_value(self, dictionary):
        try:
            return super().get_value(dictionary)
        except ValueError:  # a form with `seat_numbers[…]=5` and more digits than int() accepts
            return [""]

    def to_internal_value(self, data):
        if isinstance(data, list) and len(data) > self.max_length:
            self.fail("max_length")  # before validating each item of a very long list
        try:
            seat_numbers = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if isinstance(error.detail, dict):  # by index in the list
                distinct = dict.fromkeys(chain.from_iterable(error.detail.values()))
                raise serializers.ValidationError(list(distinct)) from None
            raise
        if len(set(seat_numbers)) < len(seat_numbers):
            self.fail("distinct")
        return seat_numbers


class ReserveSeats(serializers.Serializer):
    seat_numbers = SeatNumbersField(
        required=False,
        help_text="Which seats, without repetition. Either these or `count`.",
    )
    count = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=settings.MAX_SEATS_PER_RESERVATION,
        error_messages={
            "min_value": TOO_FEW_SEATS,
            "max_value": TOO_MANY_SEATS,
        },
        help_text="How many seats; the best free ones are chosen.",
    )
    hold = serializers.BooleanField(
        default=False, help_text="Hold the seats for a while instead of booking them now."
    )

    class Meta:
        swagger_schema_fields = {"example": {"seat_numbers": [5, 6], "hold": True}}

    def validate(self, attrs):
        if ("seat_numbers" in attrs) == ("count" in attrs):
            raise serializers.ValidationError(
                "Send either seat_numbers or count.", code="seat_numbers_or_count"
            )
        return attrs
