"""Fields of accounts: usernames, passwords, email addresses, names."""

from django.contrib.auth import get_user_model, password_validation
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework.fields import empty, get_error_detail

from ....text import normalize, validate_visible

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


class SwitchField(serializers.BooleanField):
    """An optional boolean that keeps its value if it is omitted, in a form as well."""

    default_empty_html = empty


def validate_new_password(field, password, user):
    """Run AUTH_PASSWORD_VALIDATORS, which DRF does not do by itself."""
    try:
        password_validation.validate_password(password, user)
    except DjangoValidationError as error:
        raise serializers.ValidationError({field: get_error_detail(error)}) from None
