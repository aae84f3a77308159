"""JSON in. Input is checked for its shape only; whether a seat can be had is for the box office to
say."""

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

from ..fields import StrictIntegerField

User = get_user_model()


def valid(serializer_class, data):
    """What the client sent, checked and converted, or a 400 that says what is wrong with it."""
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


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
