from datetime import timedelta

from django.conf import settings
from django.db import models

from .clock import Now

KEY_TTL = timedelta(hours=24)
MAX_KEY_LENGTH = 255


class IdempotencyKeyQuerySet(models.QuerySet):
    def current(self):
        return self.filter(created_at__gt=Now() - KEY_TTL)

    def expired(self):
        """Keys that are no longer used; `manage.py prune` deletes them."""
        return self.filter(created_at__lte=Now() - KEY_TTL)


class IdempotencyKey(models.Model):
    """A request that changed a seat, and its response, which is repeated to retries.

    Written in the transaction of the change, so both are committed or neither. The key belongs to
    the user, not to a token: a retry may use a new token.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=MAX_KEY_LENGTH)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of the request, hexadecimal
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())

    objects = IdempotencyKeyQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_keys_by_age")]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key"),
        ]

    def __str__(self):
        return f"key of user {self.user_id}"
