import re
import secrets
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Case, Count, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Length, Replace, Substr
from django.utils import timezone

from ..db.compiled import map_rows
from ..seating import seat_label
from ..text import validate_visible
from .clock import Now
from .movies import SEARCH_KEY_FIELDS
from .shows import FIELDS_FOR_STAFF, Show, ShowSnapshot
from .statuses import ACTIVE, PRECEDENCE, CancelledBy, Status, is_expired_hold

REFERENCE_LENGTH = 8
REFERENCE_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"  # no two look alike
REFERENCE = re.compile(rf"[{REFERENCE_ALPHABET}]{{{REFERENCE_LENGTH}}}")
NUMBER_OF_REFERENCES = len(REFERENCE_ALPHABET) ** REFERENCE_LENGTH


def new_reference() -> str:
    """A random code that a customer can read out at the counter; there are 25 ** 8."""
    number = secrets.randbelow(NUMBER_OF_REFERENCES)  # eight random letters take five times as long
    letters = []
    for _ in range(REFERENCE_LENGTH):
        number, letter = divmod(number, len(REFERENCE_ALPHABET))
        letters.append(REFERENCE_ALPHABET[letter])
    return "".join(letters)


class BookingQuerySet(models.QuerySet):
    def active(self, now: datetime | None = None):
        """Bookings whose seat is not free: booked, or held and not expired."""
        # The same statuses as in `one_active_booking_per_seat`, so that its index is used.
        return self.filter(status__in=ACTIVE).exclude(is_expired_hold(now))

    def expired_holds(self, now: datetime | None = None):
        return self.filter(is_expired_hold(now))

    def ever_sold_or_active(self):
        """Bookings but for holds that were released or have expired: only those keep an end."""
        return self.filter(Q(held_until=None) | Q(pk__in=self.active().values("pk")))

    def of_user(self, user_id: int):
        return self.filter(user=user_id)

    def of_show(self, show_id: int):
        return self.filter(show=show_id)

    def with_current_status(self, status: str):
        """Bookings that have this status now: an expired hold is expired, not held."""
        if status == Status.HELD:
            return self.filter(status=status).exclude(is_expired_hold())
        if status == Status.EXPIRED:
            return self.filter(Q(status=status) | is_expired_hold())
        return self.filter(status=status)

    def first_of_reservations(self):
        """The first booking of each reservation, which stands for it in lists."""
        return self.exclude(Exists(of_same_reservation().filter(pk__lt=OuterRef("pk"))))

    def with_reservation_status(self, status: str):
        """Bookings whose reservation has this status now, by the rule of PRECEDENCE."""
        bookings = self
        for earlier in PRECEDENCE[: PRECEDENCE.index(status)]:
            bookings = bookings.exclude(Exists(of_same_reservation().with_current_status(earlier)))
        return bookings.filter(Exists(of_same_reservation().with_current_status(status)))

    def annotate_current_status(self):
        """Adds `current_status`: the status, where an expired hold is expired."""
        expired = When(is_expired_hold(), then=Value(Status.EXPIRED))
        return self.annotate(current_status=Case(expired, default=F("status")))

    def snapshots(self):
        """BookingSnapshots instead of bookings, with show and movie, in one query."""
        keys = (f"show__movie__{name}" for name in SEARCH_KEY_FIELDS)
        of_show = (f"show__{name}" for name in FIELDS_FOR_STAFF)
        bookings = (
            self.select_related("show__movie")
            .defer("note", "admitted_by", *of_show, *keys)
            .annotate(available_seats=available_seats("show"), now=Now())
        )
        return map_rows(bookings, _snapshot_of_row)


def _snapshot_of_row(booking: "Booking") -> "BookingSnapshot":
    values = booking.__dict__
    show = booking.show.snapshot(
        available_seats=values.pop("available_seats"), now=values.pop("now")
    )
    return booking.snapshot(show)


class Booking(models.Model):
    """One seat of one show for one user. The box office makes every change to it."""

    Status = Status

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="bookings", db_index=False
    )
    show = models.ForeignKey(Show, models.PROTECT, related_name="bookings", db_index=False)
    seat_number = models.PositiveIntegerField(validators=[MinValueValidator(1)])
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BOOKED)
    reference = models.CharField(max_length=REFERENCE_LENGTH, default=new_reference, editable=False)
    held_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    # Null, too, if it was cancelled before migration 0008, or by an account deleted since.
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
    )

    # When the customer was let in, and by whom; null, too, if that account was deleted since.
    admitted_at = models.DateTimeField(null=True, blank=True, editable=False)
    admitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
    )

    # By staff, such as a name or a phone number at the counter.
    note = models.CharField(
        max_length=100, blank=True, default="", db_default="", validators=[validate_visible]
    )

    objects = BookingQuerySet.as_manager()

    class Meta:
        permissions = [
            ("export_booking", "Can export booking"),
            ("admit_booking", "Can admit booking"),
        ]
        indexes = [
            models.Index(
                fields=["user", "-created_at", "-id"], name="bookings_of_user_newest_first"
            ),
            models.Index(  # for `?status=`
                fields=["user", "status", "-created_at", "-id"],
                name="bookings_of_user_by_status",
            ),
            models.Index(fields=["reference"], name="bookings_by_reference"),
            models.Index(  # for the search of staff
                fields=["-id"], condition=~Q(note=""), name="bookings_with_note"
            ),
            # Covers the count of a show's active bookings.
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
            # Calling a show off cancels those that are in as well.
            models.CheckConstraint(
                condition=Q(admitted_at__isnull=True) | Q(status__in=["booked", "cancelled"]),
                name="only_sold_seats_are_admitted",
            ),
        ]

    def __str__(self):
        return f"{self.reference}, seat {self.seat_number}"

    @property
    def seat_label(self) -> str:
        return seat_label(self.seat_number, self.show.seats_per_row, self.show.layout)

    @property
    def customer_name(self) -> str:
        """First and last name, or the note of who booked at the counter; often empty."""
        return self.user.get_full_name() or self.note

    def status_at(self, now: datetime) -> str:
        """The status, where an expired hold is expired; `is_expired_hold` is the same in SQL."""
        if self.status == Status.HELD and self.held_until <= now:
            return Status.EXPIRED
        return self.status

    def is_active(self, now: datetime) -> bool:
        return self.status_at(now) in ACTIVE

    def cancel_until(self, now: datetime) -> datetime:
        """Until when it can be cancelled: the end of a hold, or the start of the show."""
        held = self.status_at(now) == Status.HELD
        return self.held_until if held else self.show.date_time

    def can_cancel(self, now: datetime) -> bool:
        in_time = self.is_active(now) and now < self.cancel_until(now)
        return in_time and self.admitted_at is None

    def snapshot(self, show: ShowSnapshot) -> "BookingSnapshot":
        """The booking as it is at `show.now`."""
        now, status = show.now, self.status_at(show.now)
        expires_at = self.held_until if status == Status.HELD else None
        cancel_until = expires_at or show.show.date_time
        cancelled_by = None
        if self.cancelled_by_id is not None:
            by_customer = self.cancelled_by_id == self.user_id
            cancelled_by = CancelledBy.ME if by_customer else CancelledBy.CINEMA
        return BookingSnapshot(
            booking=self,
            show=show,
            status=status,
            seat_label=seat_label(self.seat_number, show.show.seats_per_row, show.show.layout),
            expires_at=expires_at,
            expires_in=int((expires_at - now).total_seconds()) if expires_at else None,
            can_cancel=status in ACTIVE and now < cancel_until and self.admitted_at is None,
            cancel_until=cancel_until,
            cancelled_by=cancelled_by,
            show_cancelled=show.show.cancelled_at is not None,
        )


class BookingSnapshot(NamedTuple):
    """A booking and its show at one moment of the database's clock, `show.now`."""

    booking: Booking
    show: ShowSnapshot
    status: str
    seat_label: str
    expires_at: datetime | None  # the end of a hold
    expires_in: int | None  # seconds, for clients whose clock is wrong
    can_cancel: bool
    cancel_until: datetime
    cancelled_by: CancelledBy | None
    show_cancelled: bool

    @property
    def user_id(self) -> int:
        return self.booking.user_id

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE


def of_same_reservation() -> BookingQuerySet:
    """For subqueries: the bookings of the outer query's reservation, itself included."""
    same = {name: OuterRef(name) for name in ("reference", "user", "show")}
    return Booking.objects.filter(**same)


def available_seats(show: str = ""):
    """Expression: number of free seats of a show, or of the show at the foreign key `show`.

    Free house seats do not count: they are not on sale.
    """
    prefix = f"{show}__" if show else ""
    letters = f"{prefix}seat_letters"
    taken = Booking.objects.active().filter(show=OuterRef(show or "pk"))
    is_house_seat = Q(letter="x")
    taken_on_sale = taken.alias(letter=Substr(OuterRef(letters), F("seat_number"), 1)).exclude(
        is_house_seat
    )
    on_sale = Length(Replace(F(letters), Value("x")))
    return Case(
        When(**{letters: ""}, then=F(f"{prefix}total_seats") - count_per_show(taken)),
        default=on_sale - count_per_show(taken_on_sale),
    )


def count_per_show(bookings: models.QuerySet):
    """Expression: number of bookings of the outer query's show, as a subquery."""
    return count_per(bookings, "show")


def count_per(bookings: models.QuerySet, field: str):
    """Expression: number of bookings, all with the same value of the field, as a subquery."""
    counted = bookings.order_by().values(field).annotate(count=Count("*"))
    return Coalesce(Subquery(counted.values("count")), 0)


def show_snapshots(shows: models.QuerySet):
    """ShowSnapshots instead of shows, with their movies, in one query."""
    keys = (f"movie__{name}" for name in SEARCH_KEY_FIELDS)
    shows = shows.select_related("movie").defer("layout", *FIELDS_FOR_STAFF, *keys)
    shows = shows.annotate(available_seats=available_seats(), now=Now())
    return map_rows(shows, _snapshot_of_show_row)


def _snapshot_of_show_row(show: Show) -> ShowSnapshot:
    values = show.__dict__
    return show.snapshot(available_seats=values.pop("available_seats"), now=values.pop("now"))
