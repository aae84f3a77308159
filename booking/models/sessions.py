from django.conf import settings
from django.db import models

from .clock import Now

MAX_TOKEN_ID_LENGTH = 255


class SessionQuerySet(models.QuerySet):
    def expired(self):
        """Sessions whose refresh token has expired; `manage.py prune` deletes them."""
        return self.filter(expires_at__lte=Now())


class Session(models.Model):
    """A JWT session, from login until logout or until its refresh token expires.

    Has the ID of the current refresh token, not the token. The admin uses Django's own sessions.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    token_id = models.CharField(max_length=MAX_TOKEN_ID_LENGTH)  # the claim `jti`
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = SessionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="sessions_by_expiry")]
        constraints = [
            models.UniqueConstraint(fields=["token_id"], name="one_session_per_refresh_token"),
        ]

    def __str__(self):
        return f"session of user {self.user_id}"
