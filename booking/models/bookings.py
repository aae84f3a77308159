import secrets

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.query import ModelIterable
from django.utils import timezone

from ..seating import seat_label
from . import shows
from .clock import Now
from .rows import QuickModel

REFERENCE_LENGTH = 8
REFERENCE_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"  # nothing that looks like something else
BY_CHANCE = secrets.SystemRandom()


def new_reference():
    """A code that a person can read out at the counter; 25 ** 8, about 150 thousand million."""
    return "".join(BY_CHANCE.choices(REFERENCE_ALPHABET, k=REFERENCE_LENGTH))


LAPSED = Q(status="held", held_until__lte=Now())


class WithShows(ModelIterable):
    """Bookings whose shows know what was counted for them; those of one show have the same."""

    def __iter__(self):
        return self.complete(super().__iter__())

    @staticmethod
    def complete(bookings):
        found = {}
        for booking in bookings:
            counted = {name: booking.__dict__.pop(name) for name in ("available_seats", "as_of")}
            booking.show = found.setdefault(booking.show_id, booking.show)
            vars(booking.show).update(counted)
            yield booking


class BookingQuerySet(models.QuerySet):
    def active(self, as_of=None):
        """Those whose seat is not free: booked, or held and not yet lapsed; now, or as of the time
        that was read after the lock."""
        # The statuses in the words of the index `one_active_booking_per_seat`, which serves this.
        return self.filter(status__in=Booking.ACTIVE).filter(
            Q(status=Booking.Status.BOOKED) | Q(held_until__gt=as_of or Now())
        )

    def lapsed(self):
        """Holds whose time is over, whether or not anybody has noted it yet."""
        return self.filter(LAPSED)

    def with_shows(self):
        """With show and movie at hand, and the show's availability, in one query."""
        bookings = self.select_related("show__movie").annotate(
            available_seats=shows.available_seats("show"), as_of=Now()
        )
        bookings._iterable_class = WithShows
        return bookings

    def matching(self, *, status=None, show=None):
        """Of one show (its id); of one status, where a hold that has lapsed is expired."""
        bookings = self
        if status == Booking.Status.HELD:
            bookings = bookings.active().filter(status=status)
        elif status == Booking.Status.EXPIRED:
            bookings = bookings.filter(Q(status=status) | LAPSED)
        elif status:
            bookings = bookings.filter(status=status)
        if show:
            bookings = bookings.filter(show=show)
        return bookings


class Booking(QuickModel):
    """One seat of one show for one user. What depends on the time (`current_status`, `can_cancel`,
    …) is known of a booking read `with_shows`, as of the moment that was."""

    class Status(models.TextChoices):
        HELD = "held"
        BOOKED = "booked"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    ACTIVE = [Status.HELD, Status.BOOKED]

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="bookings", db_index=False
    )
    show = models.ForeignKey("Show", models.PROTECT, related_name="bookings", db_index=False)
    seat_number = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BOOKED)
    reference = models.CharField(max_length=REFERENCE_LENGTH, default=new_reference, editable=False)
    held_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = BookingQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["user", "-created_at", "-id"], name="bookings_of_user_newest_first"
            ),
            models.Index(fields=["reference"], name="bookings_by_reference"),
            # With all that it takes to count those that are active.
            models.Index(fields=["show", "status", "held_until"], name="bookings_of_show"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["show", "seat_number"],
                condition=Q(status__in=["held", "booked"]),
                name="one_active_booking_per_seat",
            ),
            models.CheckConstraint(
                condition=Q(seat_number__gte=1), name="seat_numbers_start_at_one"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["held", "booked", "cancelled", "expired"]),
                name="booking_status_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(status="held") | Q(held_until__isnull=False),
                name="a_hold_has_an_end",
            ),
        ]

    def __str__(self):
        return f"{self.reference}, seat {self.seat_number}"

    @property
    def seat_label(self):
        return seat_label(self.seat_number, self.show.seats_per_row)

    @property
    def cancel_until(self):
        """The show's start; a hold can be released as long as it lasts."""
        return self.expires_at or self.show.date_time

    @property
    def current_status(self):
        """The status, where a hold that has lapsed is expired, noted or not."""
        if self.status == self.Status.HELD and self.held_until <= self.show.as_of:
            return self.Status.EXPIRED
        return self.status

    @property
    def is_active(self):
        return self.current_status in self.ACTIVE

    @property
    def expires_at(self):
        return self.held_until if self.current_status == self.Status.HELD else None

    @property
    def expires_in(self):
        """Whole seconds until the hold lapses, for clients whose clocks are wrong."""
        return self.expires_at and int((self.expires_at - self.show.as_of).total_seconds())

    @property
    def can_cancel(self):
        return self.is_active and self.show.as_of < self.cancel_until
