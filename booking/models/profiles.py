from typing import Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models

from ..text import is_same_address


class Profile(models.Model):
    """Mail settings and verified email address of a user. Without a row, the defaults hold."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="profile"
    )
    mail_bookings = models.BooleanField(default=True, db_default=True)  # and reminders
    # The address that was verified. Another address of the user is not verified by it.
    verified_email = models.EmailField(blank=True, default="", db_default="")

    def __str__(self):
        return f"profile of {self.user}"

    @classmethod
    def of(cls, user: User) -> Self:
        """One query; a new, unsaved profile if there is no row."""
        profile = cls.objects.filter(pk=user.pk).first() or cls()
        profile.user = user
        return profile

    @property
    def email_verified(self) -> bool:
        email = self.user.email
        return bool(email) and is_same_address(email, self.verified_email)
