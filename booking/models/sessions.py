from datetime import timedelta

from django.conf import settings
from django.db import models

from .clock import Now

MAX_TOKEN_ID_LENGTH = 255
MAX_CLIENT_IP_LENGTH = 64  # an IPv6 address, with the port that some proxies add
MAX_USER_AGENT_LENGTH = 200
LEEWAY: timedelta = settings.SIMPLE_JWT["LEEWAY"]


class SessionQuerySet(models.QuerySet):
    def expired(self):
        """Sessions whose refresh token has expired; `manage.py prune` deletes them."""
        return self.filter(expires_at__lte=Now() - LEEWAY)

    def unexpired(self):
        return self.filter(expires_at__gt=Now() - LEEWAY)


class Session(models.Model):
    """A JWT session, from login until logout or until its refresh token expires.

    Has the ID of the current refresh token, not the token. The admin uses Django's own sessions.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token_id = models.CharField(max_length=MAX_TOKEN_ID_LENGTH)  # the claim `jti`
    previous_token_id = models.CharField(max_length=MAX_TOKEN_ID_LENGTH, default="", db_default="")
    created_at = models.DateTimeField()
    refreshed_at = models.DateTimeField(null=True)  # when the current token replaced the previous
    expires_at = models.DateTimeField()
    # Of the login or of the last refresh. Not validated: any printable ASCII.
    client_ip = models.CharField(max_length=MAX_CLIENT_IP_LENGTH, default="", db_default="")
    user_agent = models.CharField(max_length=MAX_USER_AGENT_LENGTH, default="", db_default="")

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="sessions_by_expiry")]
        constraints = [
            models.UniqueConstraint(fields=["token_id"], name="one_session_per_refresh_token"),
        ]

    def __str__(self):
        return f"session of user {self.user_id}"

    @property
    def last_used_at(self):
        """When its current tokens were issued: a request with an access token writes nothing."""
        return self.refreshed_at or self.created_at
