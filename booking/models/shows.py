from datetime import datetime, time, timedelta
from datetime import timezone as dt_timezone

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from . import bookings
from .clock import Now
from .movies import Movie
from .prepared import prepared
from .rows import QuickModel

# Beyond, a time may overflow when ten minutes are added or it is told in another time zone.
EARLIEST = datetime(1900, 1, 1, tzinfo=dt_timezone.utc)
LATEST = datetime(3000, 1, 1, tzinfo=dt_timezone.utc)

MOST_SEATS = 10_000  # more than any hall has; keeps a slip of the finger out of the admin


class ShowQuerySet(models.QuerySet):
    def matching(self, *, movie=None, on=None, not_before=None, before=None):
        """Of one movie (its id); on one day in the cinema's time zone; from one time on, and
        before another."""
        shows = self
        if movie:
            shows = shows.filter(movie=movie)
        if on:
            cinema = timezone.get_default_timezone()
            midnight = datetime.combine(on, time.min, tzinfo=cinema)
            next_midnight = datetime.combine(on + timedelta(days=1), time.min, tzinfo=cinema)
            shows = shows.filter(date_time__gte=midnight, date_time__lt=next_midnight)
        if not_before:
            shows = shows.filter(date_time__gte=not_before)
        if before:
            shows = shows.filter(date_time__lt=before)
        return shows

    def with_availability(self):
        """Adds `available_seats` and `as_of`, the database's clock when they were counted."""
        return self.annotate(available_seats=available_seats(), as_of=Now())

    def with_seats(self, seat_numbers):
        """Adds `seats_are_taken` and `seats_have_lapsed_holds`: whether any of these are."""
        of_seats = bookings.Booking.objects.filter(
            show=OuterRef("pk"), seat_number__in=seat_numbers
        )
        return self.annotate(
            seats_are_taken=Exists(of_seats.active()),
            seats_have_lapsed_holds=Exists(of_seats.lapsed()),
        )

    def with_seats_of(self, user_id):
        """Adds `seats_of_customer`, how many active bookings the user has, and
        `customers_password`, as it is kept; None without an active account."""
        mine = bookings.Booking.objects.active().filter(show=OuterRef("pk"), user=user_id)
        account = get_user_model().objects.filter(pk=user_id, is_active=True)
        return self.annotate(
            seats_of_customer=_count(mine), customers_password=Subquery(account.values("password"))
        )

    def with_reference(self, reference):
        """Adds `reference_is_used`: whether any booking of any show has it."""
        used = bookings.Booking.objects.filter(reference=reference)
        return self.annotate(reference_is_used=Exists(used))


def available_seats(show=None):
    """Of a show, or of that which the foreign key leads to."""
    taken = bookings.Booking.objects.active().filter(show=OuterRef(show or "pk"))
    return F(f"{show}__total_seats" if show else "total_seats") - _count(taken)


@prepared
def shows_of_id(show_id):
    """The show, or nothing; without what is counted."""
    return Show.objects.filter(pk=show_id)


@prepared
def for_sale(show_id, seat_numbers, user_id, reference):
    """The show (or nothing), with all that is asked before seats of it are sold."""
    return (
        Show.objects.with_availability()
        .with_seats(seat_numbers)
        .with_seats_of(user_id)
        .with_reference(reference)
        .select_related("movie")
        .filter(pk=show_id)
    )


def _count(bookings_of_show):
    """A subquery; 0 where there are none."""
    counted = bookings_of_show.order_by().values("show").annotate(count=Count("*"))
    return Coalesce(Subquery(counted.values("count")), 0)


class Show(QuickModel):
    """One screening. Whether it `is_bookable` is known of a show read `with_availability`."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="shows", db_index=False)
    screen_name = models.CharField("screen", max_length=100)
    date_time = models.DateTimeField(
        "starts at", validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
    )
    total_seats = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)]
    )
    seats_per_row = models.PositiveIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)],
        help_text="Seats are numbered from 1, row after row, beginning at the front.",
    )
    cancelled_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Set it and no more seats are sold. Bookings stay as they are.",
    )

    objects = ShowQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["movie", "date_time", "id"], name="shows_of_movie_by_time"),
            models.Index(fields=["date_time", "id"], name="shows_by_time"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(date_time__gte=EARLIEST, date_time__lte=LATEST),
                name="show_is_in_this_millennium_or_so",
            ),
            models.CheckConstraint(
                condition=Q(total_seats__gte=1), name="show_has_at_least_one_seat"
            ),
            models.CheckConstraint(
                condition=Q(seats_per_row__gte=1), name="row_has_at_least_one_seat"
            ),
        ]

    def __str__(self):
        starts = timezone.localtime(self.date_time).strftime("%a %d %b %Y, %H:%M")
        return f"{self.movie.title}, {starts}, {self.screen_name}"

    @property
    def bookable_until(self):
        return self.date_time + settings.SALES_CLOSE_AFTER_START

    @property
    def sales_are_open(self):
        return self.cancelled_at is None and self.as_of < self.bookable_until

    @property
    def is_bookable(self):
        return self.sales_are_open and self.available_seats > 0
