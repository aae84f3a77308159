"""JSON in and JSON out, one direction each. Input is checked for its shape only; whether a
seat can be had is for the box office to say."""

from django.conf import settings
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework_simplejwt.exceptions import InvalidToken
from rest_framework_simplejwt.serializers import (
    TokenObtainPairSerializer,
    TokenRefreshSerializer,
)

from ..models import Booking, Movie, Show
from .fields import StrictIntegerField, UTCDateTimeField

User = get_user_model()


def valid(serializer_class, data):
    """What the client sent, checked and converted, or a 400 that says what is wrong with it."""
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


# --- In ---


class UsernameField(serializers.CharField):
    """A name as it is kept. Normalised before it is checked: NFKC can make it longer."""

    def to_internal_value(self, data):
        return User.normalize_username(super().to_internal_value(data))


class PasswordField(serializers.CharField):
    """A password as it was typed, blanks at its ends included."""

    def __init__(self, **kwargs):
        super().__init__(trim_whitespace=False, style={"input_type": "password"}, **kwargs)


class NormalisedEmailField(serializers.EmailField):
    def to_internal_value(self, data):
        return User.objects.normalize_email(super().to_internal_value(data))


class SignUp(serializers.Serializer):
    username = UsernameField(max_length=150, validators=[UnicodeUsernameValidator()])
    password = PasswordField(max_length=128)
    email = NormalisedEmailField(max_length=254, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {"example": {"username": "ada", "password": "paper-moon-1973"}}

    def validate(self, attrs):
        user = User(username=attrs["username"], email=attrs.get("email", ""))
        try:
            password_validation.validate_password(attrs["password"], user)
        except DjangoValidationError as error:
            raise serializers.ValidationError({"password": error.messages}) from None
        return attrs


class LogIn(TokenObtainPairSerializer):
    class Meta:
        swagger_schema_fields = SignUp.Meta.swagger_schema_fields

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)  # which makes fields that strip passwords
        self.fields["username"] = UsernameField()
        self.fields["password"] = PasswordField()


class Refresh(TokenRefreshSerializer):
    def validate(self, attrs):
        try:
            return super().validate(attrs)
        except User.DoesNotExist:  # simplejwt looks for the user and does not expect to miss
            raise InvalidToken("The user of this token does not exist.") from None


class SeatNumberField(StrictIntegerField):
    default_error_messages = {
        "min_value": "Seats are numbered from 1.",
        "max_value": "No show has that many seats.",
    }

    def __init__(self, **kwargs):
        super().__init__(min_value=1, **kwargs)


class BookSeat(serializers.Serializer):
    seat_number = SeatNumberField()

    class Meta:
        swagger_schema_fields = {"example": {"seat_number": 5}}


class SeatNumbersField(serializers.ListField):
    """Distinct seats; what is wrong with them is said in one list, as of any other field."""

    child = SeatNumberField()
    default_error_messages = {
        "max_length": f"Name {settings.MAX_SEATS_PER_RESERVATION} seats at the most.",
        "distinct": "Each seat can be named once only.",
    }

    def __init__(self, **kwargs):
        limit = settings.MAX_SEATS_PER_RESERVATION
        super().__init__(allow_empty=False, max_length=limit, **kwargs)

    def to_internal_value(self, data):
        if isinstance(data, list) and len(data) > self.max_length:
            self.fail("max_length")  # before each of a million of them is looked at
        try:
            seat_numbers = super().to_internal_value(data)
        except serializers.ValidationError as error:
            if isinstance(error.detail, dict):  # by place in the list
                sentences = {each: None for of_one in error.detail.values() for each in of_one}
                raise serializers.ValidationError(list(sentences)) from None
            raise
        if len(set(seat_numbers)) < len(seat_numbers):
            self.fail("distinct")
        return seat_numbers


class ReserveSeats(serializers.Serializer):
    seat_numbers = SeatNumbersField(
        required=False,
        help_text="Which seats; all different. Either these or `count`.",
    )
    count = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=settings.MAX_SEATS_PER_RESERVATION,
        help_text="How many seats; the best that are free are chosen.",
    )
    hold = serializers.BooleanField(
        default=False, help_text="Hold them for a while instead of booking them at once."
    )

    class Meta:
        swagger_schema_fields = {"example": {"seat_numbers": [5, 6], "hold": True}}

    def validate(self, attrs):
        if ("seat_numbers" in attrs) == ("count" in attrs):
            raise serializers.ValidationError("Send either seat_numbers or count.")
        return attrs


# --- Out ---


class TokenPair(serializers.Serializer):
    refresh = serializers.CharField()
    access = serializers.CharField()


class AccessToken(serializers.Serializer):
    access = serializers.CharField()


class AccountSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "email"]
        read_only_fields = fields


class MovieSerializer(serializers.ModelSerializer):
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
        read_only_fields = fields


class ShowSerializer(serializers.ModelSerializer):
    """A show read `with_availability`."""

    movie = MovieSerializer()
    date_time = UTCDateTimeField()
    available_seats = serializers.IntegerField()
    is_bookable = serializers.BooleanField(
        help_text="Whether a seat can be booked: not cancelled, sales open, a seat free."
    )
    bookable_until = UTCDateTimeField(help_text="When sales close.")
    cancelled_at = UTCDateTimeField(allow_null=True, help_text="When the show was called off.")

    class Meta:
        model = Show
        fields = [
            "id",
            "movie",
            "screen_name",
            "date_time",
            "total_seats",
            "seats_per_row",
            "available_seats",
            "is_bookable",
            "bookable_until",
            "cancelled_at",
        ]
        read_only_fields = fields


class BookingSerializer(serializers.ModelSerializer):
    """A booking read `with_shows`."""

    user = serializers.IntegerField(source="user_id", help_text="The user's id.")
    show = ShowSerializer()
    seat_label = serializers.CharField(help_text="Row and place, such as B2.")
    created_at = UTCDateTimeField()
    cancelled_at = UTCDateTimeField(allow_null=True)
    status = serializers.ChoiceField(Booking.Status.choices, source="current_status")
    expires_at = UTCDateTimeField(allow_null=True, help_text="When the hold lapses, if it is one.")
    expires_in = serializers.IntegerField(allow_null=True, help_text="The same in seconds.")
    can_cancel = serializers.BooleanField()
    cancel_until = UTCDateTimeField(
        help_text="Until when: the show's start, or as long as the hold lasts."
    )

    class Meta:
        model = Booking
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
        ]
        read_only_fields = fields


class CancelledBookingSerializer(BookingSerializer):
    detail = serializers.ReadOnlyField(default="Booking cancelled.")

    class Meta(BookingSerializer.Meta):
        fields = [*BookingSerializer.Meta.fields, "detail"]
        read_only_fields = fields


class ReservedSeatSerializer(serializers.ModelSerializer):
    seat_label = serializers.CharField(help_text="Row and place, such as B2.")
    status = serializers.ChoiceField(Booking.Status.choices, source="current_status")

    class Meta:
        model = Booking
        fields = ["id", "seat_number", "seat_label", "status"]
        read_only_fields = fields


class ReservationSerializer(serializers.Serializer):
    reference = serializers.CharField(help_text="The code to read out at the counter.")
    user = serializers.IntegerField(source="user_id", help_text="The user's id.")
    show = ShowSerializer()
    status = serializers.ChoiceField(Booking.Status.choices)
    bookings = ReservedSeatSerializer(many=True)
    created_at = UTCDateTimeField()
    expires_at = UTCDateTimeField(
        source="leading.expires_at",
        allow_null=True,
        help_text="When the hold lapses, if it is one.",
    )
    expires_in = serializers.IntegerField(
        source="leading.expires_in", allow_null=True, help_text="The same in seconds."
    )
    can_cancel = serializers.BooleanField(source="leading.can_cancel")
    cancel_until = UTCDateTimeField(source="leading.cancel_until")


class MySeatsSerializer(serializers.Serializer):
    booked = serializers.ListField(child=serializers.IntegerField())
    held = serializers.ListField(child=serializers.IntegerField())


class SeatMapSerializer(serializers.Serializer):
    total_seats = serializers.IntegerField()
    seats_per_row = serializers.IntegerField()
    available_seats = serializers.IntegerField()
    largest_block = serializers.IntegerField(
        help_text="How many people can sit together in one row."
    )
    booked = serializers.ListField(child=serializers.IntegerField())
    held = serializers.ListField(child=serializers.IntegerField())


class PersonalSeatMapSerializer(SeatMapSerializer):
    mine = MySeatsSerializer(help_text="One's own of these; only with a token.", required=False)
