"""The first page of the admin: what is on, what was sold, and where to go."""

from datetime import timedelta
from functools import wraps

from django.conf import settings
from django.contrib import admin
from django.core.cache import caches
from django.db.models import Count, OuterRef
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from ..accounts import HOUSE
from ..models import Booking, Movie, Screen, Show
from ..models.bookings import available_seats, count_per_show
from ..models.shows import cinema_midnight
from ..models.statuses import Status

SOON = timedelta(hours=1)
CHART_DAYS = 14
CHART_HEIGHT = 100  # units of the drawing
SALES_KEPT_FOR = 60  # seconds; counting a million bookings takes a tenth of one
SALES_KEY = "sales-of-two-weeks"


def with_overview(index):
    """Decorator for the site's index view."""

    @wraps(index)
    def view(request, extra_context=None):
        return index(request, {**overview(request), **(extra_context or {})})

    return view


admin.site.index = with_overview(admin.site.index)
admin.site.index_template = "admin/booking/index.html"


def overview(request):
    """At most five queries: shows, sales, and what is missing in an empty cinema."""
    may = request.user.has_perm
    context = {"title": "Today"}
    if may("booking.view_show"):
        context |= coming_shows()
        context["missing"] = missing(may) if not context["days"] else []
    if may("booking.view_booking"):
        context["chart"] = chart(sales_by_day())
    return context


def coming_shows():
    """Shows of today that have begun, shows to come today and tomorrow, those that begin within
    the hour, and the next one to sell for.
    """
    now, today = timezone.now(), timezone.localdate()
    shows = Show.objects.starting_from(cinema_midnight(today))
    shows = shows.starting_before(cinema_midnight(today + timedelta(days=2)))
    shows = shows.select_related("movie").defer("layout").order_by("date_time", "id")
    days = {}
    begun, soon, following = [], [], None
    booked = Booking.objects.filter(show=OuterRef("pk"), status=Status.BOOKED)
    not_in = count_per_show(booked.filter(admitted_at=None))
    shows = shows.annotate(available_seats=available_seats(), not_in=not_in)
    for show in shows.annotate(admitted=count_per_show(booked.exclude(admitted_at=None))):
        show.taken = show.total_seats - show.available_seats
        show.percent = round(100 * show.taken / show.total_seats)
        # Where nobody was checked in, the cinema does not check tickets.
        show.has_ended = show.ends_at <= now and show.admitted > 0
        if show.date_time < now:
            begun.append(show)
        else:
            days.setdefault(timezone.localdate(show.date_time), []).append(show)
        if show.takes_place and now <= show.date_time <= now + SOON:
            soon.append(show)
        if following is None and show.takes_place and now < show.bookable_until:
            following = show
    named = [("Today" if day == today else "Tomorrow", day, listed) for day, listed in days.items()]
    return {"begun": begun, "days": named, "soon": soon, "following": following}


def missing(may):
    """What to do first in a cinema without shows: (sentence, address) for who may do it."""
    steps = [
        (Screen, "Draw your first screen", "booking.add_screen", "admin:booking_screen_add"),
        (Movie, "Add the first movie", "booking.add_movie", "admin:booking_movie_add"),
        (Show, "Plan the first shows", "booking.add_show", "admin:booking_show_plan"),
    ]
    for model, sentence, permission, address in steps:
        if not model.objects.exists():
            return [(sentence, reverse(address))] if may(permission) else []
    return []


def sales_by_day():
    """[(day, seats)] of the last two weeks, by the day of the sale; kept for a minute."""
    return caches["local"].get_or_set(SALES_KEY, count_sales, SALES_KEPT_FOR)


def count_sales():
    today = timezone.localdate()
    first = today - timedelta(days=CHART_DAYS - 1)
    begin = cinema_midnight(first)
    # Nothing is sold later than this after a show's start, and shows are found by an index.
    shows = Show.objects.starting_from(begin - settings.SALES_CLOSE_AFTER_START)
    sold = Booking.objects.filter(show__in=shows, status=Status.BOOKED, created_at__gte=begin)
    by_day = sold.exclude(user__username=HOUSE).annotate(day=TruncDate("created_at"))
    counted = dict(by_day.order_by().values_list("day").annotate(seats=Count("pk")))
    days = [first + timedelta(days=number) for number in range(CHART_DAYS)]
    return [(day, counted.get(day, 0)) for day in days]


def chart(sales):
    """Bars of a drawing, CHART_HEIGHT high; the highest one has its full height."""
    most = max(seats for _, seats in sales) or 1
    return {
        "bars": [
            {
                "day": day,
                "seats": seats,
                "x": 40 * number,
                "height": round(CHART_HEIGHT * seats / most, 1),
                "y": round(CHART_HEIGHT * (1 - seats / most), 1),
            }
            for number, (day, seats) in enumerate(sales)
        ],
        "sum": sum(seats for _, seats in sales),
    }
