"""Serializers of requests. They check the shape of the input; the box office checks the rest."""

from django.conf import settings
from django.contrib.auth import get_user_model, password_validation
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers

from ..fields import StrictIntegerField
from . import examples

User = get_user_model()


def validate(serializer_class, data, **context):
    """Validated data of a request, or a 400 with what is wrong with each field."""
    serializer = serializer_class(data=data, context=context)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class UsernameField(serializers.CharField):
    """A name as it is kept."""

    def to_internal_value(self, data):
        return User.normalize_username(super().to_internal_value(data))


class PasswordField(serializers.CharField):
    """A password as it was typed, blanks at its ends included."""

    def __init__(self, **kwargs):
        super().__init__(trim_whitespace=False, style={"input_type": "password"}, **kwargs)


class NewPasswordField(PasswordField):
    def __init__(self):
        super().__init__(
            max_length=128,
            help_text="At least eight characters, not only digits, not one that many people use, "
            "and nothing like the username or the address.",
        )


class NormalisedEmailField(serializers.EmailField):
    def to_internal_value(self, data):
        return User.objects.normalize_email(super().to_internal_value(data))


class NewPasswordMixin:
    """For what sets a password: it must be good enough for the user."""

    def check_new_password(self, field, password, user):
        try:
            password_validation.validate_password(password, user)
        except DjangoValidationError as error:
            raise serializers.ValidationError({field: error.messages}) from None


class SignUp(NewPasswordMixin, serializers.Serializer):
    # ASCII only: two names that look alike to a person must not be two accounts.
    username = serializers.CharField(max_length=150, validators=[ASCIIUsernameValidator()])
    password = NewPasswordField()
    email = NormalisedEmailField(max_length=254, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {"example": {"username": "ada", "password": "paper-moon-1973"}}

    def validate(self, attrs):
        user = User(username=attrs["username"], email=attrs.get("email", ""))
        self.check_new_password("password", attrs["password"], user)
        return attrs


class LogIn(serializers.Serializer):
    username = UsernameField()
    password = PasswordField()

    class Meta:
        swagger_schema_fields = SignUp.Meta.swagger_schema_fields


class Refresh(serializers.Serializer):
    refresh = serializers.CharField()

    class Meta:
        swagger_schema_fields = {"example": {"refresh": examples.TOKENS["refresh"]}}


class ChangeAccount(serializers.Serializer):
    email = NormalisedEmailField(max_length=254, required=False, allow_blank=True)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {"example": {"email": "ada@example.com", "first_name": "Ada"}}


class EraseAccount(serializers.Serializer):
    password = PasswordField()

    class Meta:
        swagger_schema_fields = {"example": {"password": "paper-moon-1973"}}


class ChangePassword(NewPasswordMixin, serializers.Serializer):
    old_password = PasswordField()
    new_password = NewPasswordField()

    class Meta:
        swagger_schema_fields = {
            "example": {"old_password": "paper-moon-1973", "new_password": "silver-screen-1927"}
        }

    def validate(self, attrs):
        self.check_new_password("new_password", attrs["new_password"], self.context["user"])
        return attrs


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

    class Meta:
        swagger_schema_fields = {"uniqueItems": True}

    child = SeatNumberField()
    default_error_messages = {
        "max_length": f"Name {settings.MAX_SEATS_PER_RESERVATION} seats at the most.",
        "distinct": "Each seat can be named once only.",
    }

    def __init__(self, **kwargs):
        limit = settings.MAX_SEATS_PER_RESERVATION
        super().__init__(allow_empty=False, min_length=1, max_length=limit, **kwargs)

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
