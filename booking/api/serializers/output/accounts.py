"""Output serializers of tokens, users and sessions."""

from datetime import UTC

from django.contrib.auth import get_user_model
from rest_framework import serializers

from ....models import Session
from .. import examples
from ..read_only import ReadOnlyModelSerializer


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
