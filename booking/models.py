"""Movie, Show, Booking: their columns, what must never be false of them, and the questions
one asks about them. Whatever changes a booking is in box_office.py."""

import re
import secrets
from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from .seating import seat_label

REFERENCE_LENGTH = 8
REFERENCE_ALPHABET = "ACDEFGHJKMNPQRTUVWXY34679"  # nothing that looks like something else

MOST_SEATS = 10_000  # more than any hall has; keeps a slip of the finger out of the admin


def new_reference():
    """A code that a person can read out at the counter; 25 ** 8, about 150 thousand million."""
    return "".join(secrets.choice(REFERENCE_ALPHABET) for _ in range(REFERENCE_LENGTH))


class MovieQuerySet(models.QuerySet):
    def matching(self, *, search="", genre="", language=""):
        """Title contains `search`; genre and language are those, all without regard to case."""
        # Regular expressions, because SQLite's LIKE ignores the case of ASCII letters only.
        movies = self
        if search:
            movies = movies.filter(title__iregex=re.escape(search))
        if genre:
            movies = movies.filter(genre__iregex=f"^{re.escape(genre)}$")
        if language:
            movies = movies.filter(language__iregex=f"^{re.escape(language)}$")
        return movies


class Movie(models.Model):
    title = models.CharField(max_length=200)
    duration_minutes = models.PositiveIntegerField(
        "running time",
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
        help_text="In minutes.",
    )
    description = models.TextField(blank=True, default="")
    genre = models.CharField(max_length=50, blank=True, default="")
    language = models.CharField(
        max_length=50, blank=True, default="", help_text="The language it is spoken in."
    )
    certificate = models.CharField(
        max_length=20, blank=True, default="", help_text="Who may see it, such as PG-13."
    )
    release_date = models.DateField(null=True, blank=True)
    poster_url = models.URLField("poster", max_length=500, blank=True, default="")

    objects = MovieQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["title", "id"], name="movies_by_title")]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=1), name="movie_lasts_at_least_a_minute"
            ),
        ]

    def __str__(self):
        return self.title


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
        taken = (
            Booking.objects.active()
            .filter(show=OuterRef("pk"))
            .order_by()
            .values("show")
            .annotate(count=Count("*"))
            .values("count")
        )
        return self.annotate(
            available_seats=F("total_seats") - Coalesce(Subquery(taken), 0), as_of=Now()
        )

    def with_seat(self, seat_number):
        """Adds `seat_is_taken` and `seat_has_lapsed_hold` for one seat."""
        bookings = Booking.objects.filter(show=OuterRef("pk"), seat_number=seat_number)
        return self.annotate(
            seat_is_taken=Exists(bookings.active()), seat_has_lapsed_hold=Exists(bookings.lapsed())
        )


class Show(models.Model):
    """One screening. Whether it `is_bookable` is known of a show read `with_availability`."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="shows", db_index=False)
    screen_name = models.CharField("screen", max_length=100)
    date_time = models.DateTimeField("starts at")
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


class BookingQuerySet(models.QuerySet):
    def active(self):
        """Those whose seat is not free: booked, or held and not yet lapsed."""
        # The statuses in the words of the index `one_active_booking_per_seat`, which serves this.
        return self.filter(status__in=Booking.ACTIVE).filter(
            Q(status=Booking.Status.BOOKED) | Q(held_until__gt=Now())
        )

    def lapsed(self):
        """Holds whose time is over, whether or not anybody has noted it yet."""
        return self.filter(status=Booking.Status.HELD, held_until__lte=Now())

    def with_shows(self):
        """With show and movie at hand, and the show's availability: two queries for any number."""
        shows = Show.objects.with_availability().select_related("movie")
        return self.prefetch_related(Prefetch("show", shows))


class Booking(models.Model):
    """One seat of one show for one user."""

    class Status(models.TextChoices):
        HELD = "held"
        BOOKED = "booked"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    ACTIVE = [Status.HELD, Status.BOOKED]

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="bookings", db_index=False
    )
    show = models.ForeignKey(Show, models.PROTECT, related_name="bookings")
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
            )
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
        return self.show.date_time

    @property
    def is_active(self):
        """Whether the seat was not free when its show was read `with_availability`."""
        if self.status == self.Status.HELD:
            return self.held_until > self.show.as_of
        return self.status == self.Status.BOOKED

    @property
    def can_cancel(self):
        return self.is_active and self.show.as_of < self.cancel_until
