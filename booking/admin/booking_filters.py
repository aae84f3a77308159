"""Filters of the list of bookings."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.utils import timezone

from ..models import Booking, Movie, Screen, Show
from ..models.shows import cinema_midnight
from .days import read_day

LISTED_MOVIES = 100
FEW_SHOWS = 500


def of_shows(bookings, shows):
    """The bookings of the shows. Few shows are read first, and their bookings found by the index.

    Of many, most lists need the newest only: they are found by looking at one booking after
    another, newest first. SQLite does not choose that by itself, and sorts all bookings.
    """
    ids = list(shows.order_by().values_list("pk", flat=True)[: FEW_SHOWS + 1])
    if len(ids) <= FEW_SHOWS:
        return bookings.filter(show__in=ids)
    return bookings.filter(Exists(shows.filter(pk=OuterRef("show"))))


class CurrentStatusFilter(admin.SimpleListFilter):
    """Filter by current status, which is "expired" for a hold that is over."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request, model_admin):
        return Booking.Status.choices

    def queryset(self, request, bookings):
        return bookings.with_current_status(self.value()) if self.value() else bookings


class AdmittedFilter(admin.SimpleListFilter):
    title = "checked in"
    parameter_name = "admitted"

    def lookups(self, request, model_admin):
        return [("yes", "In"), ("no", "Not in"), ("no-show", "No-show: the show has begun")]

    def queryset(self, request, bookings):
        if self.value() == "yes":
            return bookings.filter(admitted_at__isnull=False)
        if self.value() in ("no", "no-show"):
            bookings = bookings.filter(status=Booking.Status.BOOKED, admitted_at=None)
        if self.value() == "no-show":
            bookings = of_shows(bookings, Show.objects.starting_before(timezone.now()))
        return bookings


class ShowDayFilter(admin.SimpleListFilter):
    """Filter by the day of the show; `?day=2026-12-24` for any day."""

    title = "day of the show"
    parameter_name = "day"

    def lookups(self, request, model_admin):
        chosen = self.used_parameters.get("day") or request.GET.get("day", "")
        days = [("today", "Today"), ("tomorrow", "Tomorrow"), ("week", "Next seven days")]
        return [*days, (chosen, chosen)] if read_day(chosen) else days

    def queryset(self, request, bookings):
        today = timezone.localdate()
        named = {"today": (today, 1), "tomorrow": (today + timedelta(days=1), 1)}
        named["week"] = (today, 7)
        day, length = named.get(self.value(), (read_day(self.value()), 1))
        if day is None:
            return bookings
        shows = Show.objects.starting_from(cinema_midnight(day))
        shows = shows.starting_before(cinema_midnight(day + timedelta(days=length)))
        return of_shows(bookings, shows)


class ScreenFilter(admin.SimpleListFilter):
    title = "screen"
    parameter_name = "screen"

    def lookups(self, request, model_admin):
        return Screen.objects.values_list("pk", "name")

    def queryset(self, request, bookings):
        if not self.value():
            return bookings
        return of_shows(bookings, Show.objects.filter(screen=self.value()))


class MovieFilter(admin.SimpleListFilter):
    """Movies with shows of last week or to come; the search finds the others."""

    title = "movie"
    parameter_name = "movie"

    def lookups(self, request, model_admin):
        recent = Show.objects.starting_from(timezone.now() - timedelta(days=7)).values("movie")
        movies = Movie.objects.filter(pk__in=recent).order_by("title_key", "pk")
        return movies.values_list("pk", "title")[:LISTED_MOVIES]

    def queryset(self, request, bookings):
        if not self.value():
            return bookings
        return of_shows(bookings, Show.objects.filter(movie=self.value()))
