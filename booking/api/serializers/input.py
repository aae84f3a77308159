"""Input serializers. They check the shape of the input; the box office checks the rest."""

from datetime import UTC
from itertools import chain

from django.conf import settings
from django.contrib.auth import get_user_model, password_validation
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.fields import empty, get_error_detail

from ...accounts import validate_username
from ...exceptions import BadTicket, count_of
from ...text import normalize, validate_visible
from ...tickets import read_code
from ..fields import MAX_INTEGER, StrictIntegerField
from . import examples

User = get_user_model()


class UsernameField(serializers.CharField):
    """A username, normalized as Django stores it."""

    def to_internal_value(self, data):
        return User.normalize_username(super().to_internal_value(data))


class PasswordField(serializers.CharField):
    """A password exactly as typed, with leading and trailing spaces."""

    def __init__(self, **kwargs):
        super().__init__(trim_whitespace=False, style={"input_type": "password"}, **kwargs)


class NewPasswordField(PasswordField):
    def __init__(self):
        super().__init__(
            max_length=128,
            help_text="At least eight characters, not only digits, not a common password, and "
            "not similar to the username or email address.",
        )

    def to_internal_value(self, data):
        return normalize(super().to_internal_value(data))


class NormalizedEmailField(serializers.EmailField):
    default_validators = [validate_visible]

    def to_internal_value(self, data):
        return User.objects.normalize_email(normalize(super().to_internal_value(data)))


class NameField(serializers.CharField):
    """A first or last name: one line, in NFC."""

    def __init__(self):
        super().__init__(
            max_length=150, required=False, allow_blank=True, validators=[validate_visible]
        )

    def to_internal_value(self, data):
        return normalize(super().to_internal_value(data))


def validate_new_password(field, password, user):
    """Run AUTH_PASSWORD_VALIDATORS, which DRF does not do by itself."""
    try:
        password_validation.validate_password(password, user)
    except DjangoValidationError as error:
        raise serializers.ValidationError({field: get_error_detail(error)}) from None


class SignUp(serializers.Serializer):
    username = serializers.CharField(
        max_length=150,
        validators=[validate_username],
    )
    password = NewPasswordField()
    email = NormalizedEmailField(max_length=254, required=False, allow_blank=True)

    class Meta:
        swagger_schema_fields = {"example": {"username": "ada", "password": "paper-moon-1973"}}

    def validate(self, attrs):
        user = User(username=attrs["username"], email=attrs.get("email", ""))
        validate_new_password("password", attrs["password"], user)
        return attrs


class LogIn(serializers.Serializer):
    username = UsernameField(help_text="Or the email address, if it is of one account.")
    password = PasswordField()

    class Meta:
        swagger_schema_fields = SignUp.Meta.swagger_schema_fields


class Refresh(serializers.Serializer):
    refresh = serializers.CharField()

    class Meta:
        swagger_schema_fields = {"example": {"refresh": examples.TOKENS["refresh"]}}


class SwitchField(serializers.BooleanField):
    """An optional boolean that keeps its value if it is omitted, in a form as well."""

    default_empty_html = empty


class ChangeAccount(serializers.Serializer):
    email = NormalizedEmailField(max_length=254, required=False, allow_blank=True)
    first_name = NameField()
    last_name = NameField()
    password = PasswordField(
        required=False, help_text="The current password; only for another email address."
    )
    mail_bookings = SwitchField(
        required=False,
        help_text="False switches off confirmations and reminders. Changes and cancellations of "
        "bookings and shows are mailed nevertheless.",
    )

    class Meta:
        swagger_schema_fields = {
            "example": {
                "email": "ada@example.com",
                "first_name": "Ada",
                "password": "paper-moon-1973",
                "mail_bookings": True,
            }
        }


class EraseAccount(serializers.Serializer):
    password = PasswordField()

    class Meta:
        swagger_schema_fields = {"example": {"password": "paper-moon-1973"}}


class ChangePassword(serializers.Serializer):
    old_password = PasswordField()
    new_password = NewPasswordField()

    class Meta:
        swagger_schema_fields = {
            "example": {"old_password": "paper-moon-1973", "new_password": "silver-screen-1927"}
        }

    def validate(self, attrs):
        validate_new_password("new_password", attrs["new_password"], self.context["user"])
        return attrs


class RequestPasswordReset(serializers.Serializer):
    email = NormalizedEmailField(max_length=254)

    class Meta:
        swagger_schema_fields = {"example": {"email": "ada@example.com"}}


class ResetPassword(serializers.Serializer):
    token = serializers.CharField(max_length=200, help_text="Of the link in the mail.")
    new_password = NewPasswordField()

    class Meta:
        swagger_schema_fields = {
            "example": {"token": "3-d5x8j0-9e1c…", "new_password": "silver-screen-1927"}
        }


class VerifyEmail(serializers.Serializer):
    token = serializers.CharField(max_length=200, help_text="Of the link in the mail.")

    class Meta:
        swagger_schema_fields = {"example": {"token": "3.1wQ2lq.yJ8h…"}}


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


class TicketField(serializers.CharField):
    """A ticket, by its code.

    Whatever is wrong with it is the refusal BadTicket, no field error: the body of a field error
    would have a list at `code`, where all other errors have their code.
    """

    has_field_errors = False

    def run_validation(self, data=empty):
        if not isinstance(data, str):
            raise BadTicket
        return read_code(data)


class TicketCode(serializers.Serializer):
    code = TicketField(help_text="As scanned or typed; blanks do not matter.")

    class Meta:
        swagger_schema_fields = {"example": {"code": examples.TICKET["code"]}}


class CheckIn(TicketCode):
    show = StrictIntegerField(
        required=False,
        source="show_id",
        min_value=1,
        max_value=MAX_INTEGER,
        help_text="The show at whose door it is scanned. Without it, any show of the moment.",
    )
    scanned_at = serializers.DateTimeField(
        required=False,
        default_timezone=UTC,
        help_text="When it was scanned, if the scanner was offline then.",
    )

    class Meta:
        swagger_schema_fields = {"example": {"code": examples.TICKET["code"], "show": 7}}
