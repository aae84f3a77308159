"""Input about accounts: sign-up, login, changes, password reset, verification."""

from django.contrib.auth import get_user_model
from rest_framework import serializers

from ....accounts import validate_username
from .. import examples
from .account_fields import (
    NameField,
    NewPasswordField,
    NormalizedEmailField,
    PasswordField,
    SwitchField,
    UsernameField,
    validate_new_password,
)

User = get_user_model()


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
