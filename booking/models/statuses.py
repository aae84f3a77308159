"""Statuses of a booking, and when a hold has expired."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from .clock import Now


class Status(models.TextChoices):
    HELD = "held"
    BOOKED = "booked"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ACTIVE = (Status.HELD, Status.BOOKED)

# The status of a reservation is that of its first booking in this order.
PRECEDENCE = [Status.HELD, Status.BOOKED, Status.EXPIRED, Status.CANCELLED]


class CancelledBy(models.TextChoices):
    """Who cancelled a booking, as its customer sees it."""

    ME = "me"
    CINEMA = "cinema"


def is_expired_hold(now: datetime | None = None) -> Q:
    """Condition for expired holds, at the given time or now by the database's clock.

    Their status is still "held" until a sale of their seat writes "expired". `Booking.status_at`
    decides the same in Python.
    """
    return Q(status=Status.HELD, held_until__lte=now or Now())
