from datetime import timedelta

from django.conf import settings
from django.db import models

from .clock import Now

LIVES = timedelta(hours=24)
LONGEST_KEY = 255


class IdempotencyKeyQuerySet(models.QuerySet):
    def current(self):
        return self.filter(created_at__gt=Now() - LIVES)

    def outdated(self):
        """Those whose answers are not given again; `manage.py prune` removes them."""
        return self.filter(created_at__lte=Now() - LIVES)


class IdempotencyKey(models.Model):
    """A request that changed a seat and the answer to it, for whoever did not get to hear it.

    Written in the transaction of the change: there is the one if and only if there is the other.
    The key is the user's, not the token's, so that it outlives a token.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    key = models.CharField(max_length=LONGEST_KEY)
    fingerprint = models.CharField(max_length=64)  # SHA-256, in hexadecimal, of what was asked
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
