from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery

from ..text import validate_visible
from .bookings import Booking

MAX_REQUEST_ID_LENGTH = 64  # RequestContextMiddleware accepts no longer ones


class Kind(models.TextChoices):
    HELD = "held"  # a new booking's event is its status
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    EXTENDED = "extended"
    MOVED = "moved"
    CANCELLED = "cancelled"
    ADMITTED = "admitted"
    UNDONE = "undone", "admission undone"


class BookingEvent(models.Model):
    """Who did what to a booking, and when: one row per change, never updated or deleted.

    The box office inserts it in the transaction of the change. A hold that expires has no event,
    as no user caused it; `held_until` has the time. Changes from before migration 0008 have none.
    """

    Kind = Kind

    booking = models.ForeignKey(Booking, models.CASCADE, related_name="events")
    # The user who did it, not always the customer; null if that account was deleted since. Without
    # an index, which every sale would have to write and only the deletion of a user would read.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    created_at = models.DateTimeField()  # by the database's clock, as the booking's times
    request_id = models.CharField(max_length=MAX_REQUEST_ID_LENGTH)  # "-" outside of a request
    seat_number = models.PositiveIntegerField(validators=[MinValueValidator(1)])  # after it
    moved_from = models.PositiveIntegerField(null=True)  # the seat before a move
    reason = models.CharField(  # given by staff
        max_length=200, blank=True, default="", db_default="", validators=[validate_visible]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "held",
                        "booked",
                        "confirmed",
                        "extended",
                        "moved",
                        "cancelled",
                        "admitted",
                        "undone",
                    ]
                ),
                name="event_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="moved", moved_from__isnull=False)
                | (~Q(kind="moved") & Q(moved_from__isnull=True)),
                name="a_move_has_the_seat_before",
            ),
        ]

    def __str__(self):
        return f"booking {self.booking_id} {self.kind}"


def first_actor():
    """Expression: username of the user who made the outer booking; null if deleted or unknown."""
    events = BookingEvent.objects.filter(booking=OuterRef("pk")).order_by("pk")
    return Subquery(events.values("actor__username")[:1])
