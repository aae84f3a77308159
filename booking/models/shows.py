from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone
from django.utils.formats import date_format

from ..db.compiled import compiled, map_rows
from ..seating import MAX_SEATS, Layout, Rectangle, layout_of
from .clock import sales_open_from
from .fields import LineField
from .movies import SEARCH_KEY_FIELDS, Movie
from .screens import Screen

# Outside of these bounds, adding minutes or converting to a time zone may overflow.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(3000, 1, 1, tzinfo=UTC)


# Not read with the shows that are sold and listed: only staff's pages need them.
FIELDS_FOR_STAFF = ("screen", "seat_letters", "version")


class ShowQuerySet(models.QuerySet):
    def of_movie(self, movie_id: int):
        return self.filter(movie=movie_id)

    def on_day(self, day: date):
        """Shows that start on a day in the cinema's time zone."""
        next_day = day + timedelta(days=1)
        return self.starting_from(cinema_midnight(day)).starting_before(cinema_midnight(next_day))

    def starting_from(self, moment: datetime):
        return self.filter(date_time__gte=moment)

    def starting_before(self, moment: datetime):
        return self.filter(date_time__lt=moment)

    def with_open_sales(self):
        """Shows whose sales have not closed by the database's clock, cancelled ones included."""
        return self.filter(date_time__gt=sales_open_from())

    def bookable(self, wanted: bool = True):
        """Of `show_snapshots()`: shows that are bookable as `ShowSnapshot.is_bookable`, or not."""
        is_bookable = Q(cancelled_at=None, date_time__gt=sales_open_from(), available_seats__gt=0)
        return self.filter(is_bookable if wanted else ~is_bookable)


def cinema_midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=timezone.get_default_timezone())


class Show(models.Model):
    """One screening of a movie."""

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="shows", db_index=False)
    # Null for shows from before there were screens. The name and the seats are copies: a screen
    # that changes later moves nobody.
    screen = models.ForeignKey(
        Screen, models.PROTECT, related_name="shows", null=True, blank=True, db_index=False
    )
    screen_name = LineField("screen", max_length=100)
    date_time = models.DateTimeField(
        "starts at", validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]
    )
    total_seats = models.PositiveIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)]
    )
    seats_per_row = models.PositiveIntegerField(
        default=10,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_SEATS)],
        help_text="Seats are numbered from 1, row after row, beginning at the front.",
    )
    layout = models.TextField(blank=True, default="", db_default="", editable=False)  # a drawing
    # The letters of the layout's seats, for SQL; empty without house seats, which makes it faster.
    seat_letters = models.TextField(blank=True, default="", db_default="", editable=False)
    cancelled_at = models.DateTimeField(
        null=True,
        blank=True,
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
        help_text="Since then no seats are sold.",
    )

    # Counts the changes by staff, so that none overwrites another unseen.
    version = models.PositiveIntegerField(default=0, db_default=0, editable=False)

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
                condition=Q(cancelled_at__isnull=True)
                | Q(cancelled_at__gte=EARLIEST, cancelled_at__lte=LATEST),
                name="show_is_cancelled_in_this_millennium_or_so",
            ),
            models.CheckConstraint(
                condition=Q(total_seats__gte=1), name="show_has_at_least_one_seat"
            ),
            models.CheckConstraint(
                condition=Q(seats_per_row__gte=1), name="row_has_at_least_one_seat"
            ),
            models.UniqueConstraint(
                fields=["screen", "date_time"],
                condition=Q(cancelled_at__isnull=True),
                name="one_show_per_screen_and_start",
            ),
        ]

    def __str__(self):
        starts = date_format(timezone.localtime(self.date_time), "D j M Y, H:i")
        return f"{self.movie.title}, {starts}, {self.screen_name}"

    def save(self, *args: Any, **options: Any) -> None:
        if self._state.adding and self.screen and not self.layout:
            self.use_screen(self.screen)
        super().save(*args, **options)

    def use_screen(self, screen: Screen) -> None:
        """Copy name and layout of a screen. Nothing is saved."""
        layout = screen.seating
        self.screen, self.screen_name, self.layout = screen, screen.name, layout.drawing
        self.total_seats, self.seats_per_row = layout.total_seats, layout.seats_per_row
        self.seat_letters = layout.letters if layout.house else ""

    @property
    def seating(self) -> Layout:
        if self.layout:
            return layout_of(self.layout)
        return Rectangle(self.total_seats, self.seats_per_row)

    @property
    def takes_place(self) -> bool:
        return self.cancelled_at is None

    @property
    def ends_at(self) -> datetime:
        """Without advertisements."""
        return self.date_time + timedelta(minutes=self.movie.duration_minutes)

    @property
    def screen_is_free_at(self) -> datetime:
        """When the screen has been cleaned after the show."""
        return self.ends_at + settings.CLEANING_TIME

    @property
    def bookable_until(self) -> datetime:
        """When sales close."""
        return self.date_time + settings.SALES_CLOSE_AFTER_START

    def snapshot(self, *, available_seats: int, now: datetime) -> "ShowSnapshot":
        bookable_until = self.bookable_until
        return ShowSnapshot(
            show=self,
            movie=self.movie,
            now=now,
            available_seats=available_seats,
            is_bookable=self.cancelled_at is None and now < bookable_until and available_seats > 0,
            bookable_until=bookable_until,
            ends_at=self.date_time + timedelta(minutes=self.movie.duration_minutes),
        )


class ShowSnapshot(NamedTuple):
    """A show and its number of free seats at one moment, `now`, by the database's clock."""

    show: Show
    movie: Movie
    now: datetime
    available_seats: int
    is_bookable: bool
    bookable_until: datetime
    ends_at: datetime  # without advertisements


class MovieSnapshot(NamedTuple):
    """A movie and when its next show starts, by the database's clock."""

    movie: Movie
    next_show_at: datetime | None  # of shows that are not cancelled and whose sales are open


def movie_snapshots(movies: models.QuerySet):
    """MovieSnapshots instead of movies, in one query."""
    next_show = (
        Show.objects.with_open_sales()
        .filter(movie=OuterRef("pk"), cancelled_at=None)
        .order_by("date_time")
        .values("date_time")[:1]
    )
    movies = movies.defer(*SEARCH_KEY_FIELDS).annotate(next_show_at=Subquery(next_show))
    return map_rows(movies, _snapshot_of_movie_row)


def _snapshot_of_movie_row(movie: Movie) -> MovieSnapshot:
    return MovieSnapshot(movie=movie, next_show_at=movie.__dict__.pop("next_show_at"))


@compiled
def shows_by_id(show_id: int):
    """At most one show."""
    return Show.objects.filter(pk=show_id)
