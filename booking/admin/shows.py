from datetime import timedelta

from django import forms
from django.contrib import admin
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.db.models import Case, Count, Value, When
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from .. import box_office
from ..exceptions import (
    ChangedMeanwhile,
    RowsInUse,
    ScreenInUse,
    SeatsInUse,
    SeatsWouldMove,
    count_of,
)
from ..models import Booking, Show
from ..models.bookings import available_seats
from .addresses import HandMadeAddressMixin
from .calling_off import CallOffView
from .days import split_day
from .door import DoorView
from .door_list import DoorListView
from .fields import FORM_FIELDS, CinemaTimeField, same_clock
from .planning import PlanView
from .protection import ProtectSoldMixin
from .refusals import RefusalForm, RefusalMixin
from .searching import FoldedSearchMixin
from .seat_plan import SeatPlanStateView, SeatPlanView
from .timetable import TimetableView

DOUBLE_CLICK = timedelta(seconds=60)


class ShowForm(RefusalForm):
    """A show on a screen; or without one, as shows from before there were screens."""

    field_of_refusal = {
        SeatsInUse: "total_seats",
        RowsInUse: "seats_per_row",
        SeatsWouldMove: "screen",
        ScreenInUse: "date_time",
    }

    date_time = CinemaTimeField(label="Starts at")
    take_layout = forms.BooleanField(
        label="Take over the screen's layout",
        required=False,
        help_text="The show keeps the layout that the screen had when it was planned. Tick this to "
        "use the layout that the screen has now.",
    )
    confirm = forms.BooleanField(label="Change it all the same", required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput)

    class Meta:
        model = Show
        fields = ["movie", "screen", "screen_name", "date_time", "total_seats", "seats_per_row"]

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.initial["seen_version"] = self.instance.version
        if self.instance._state.adding and "screen" in self.fields:
            self.fields["screen"].required = True

    def validate_constraints(self):
        """Skipped: the box office names the other show."""

    def clean_date_time(self):
        """An unchanged time is kept: its seconds, and which of two equal hours it is in."""
        chosen, show = self.cleaned_data["date_time"], self.instance
        is_unchanged = show.pk and same_clock(
            timezone.localtime(chosen), timezone.localtime(show.date_time)
        )
        return show.date_time if is_unchanged else chosen

    def clean(self):
        cleaned = super().clean()
        show = self.instance
        is_moved = "screen" in self.changed_data or cleaned.get("date_time") != show.date_time
        if show.pk and is_moved and not self.errors and not cleaned.get("confirm"):
            active = Booking.objects.active().of_show(show.pk)
            touched = active.aggregate(bookings=Count("pk"), customers=Count("user", distinct=True))
            if touched["bookings"]:
                bookings = count_of(touched["bookings"], "booking")
                customers = count_of(touched["customers"], "customer")
                self.add_error(
                    "confirm" if "confirm" in self.fields else None,
                    f"{bookings} of {customers} are for the show as it was. Tick it to go on.",
                )
        return cleaned

    def _post_clean(self):
        super()._post_clean()
        show, cleaned = self.instance, self.cleaned_data
        show.version = cleaned.get("seen_version", show.version)
        if cleaned.get("screen") and (
            show._state.adding or "screen" in self.changed_data or cleaned.get("take_layout")
        ):
            show.use_screen(cleaned["screen"])

    def describe(self, refusal):
        if isinstance(refusal, ChangedMeanwhile) and (entry := last_change(self.instance)):
            when = date_format(timezone.localtime(entry.action_time), "H:i")
            return (
                f"This show has been changed meanwhile by {entry.user}, at {when}. "
                "Open it again to see how it is now."
            )
        return str(refusal)


def last_change(show):
    entries = LogEntry.objects.filter(
        content_type=get_content_type_for_model(show), object_id=str(show.pk)
    )
    return entries.select_related("user").order_by("-pk").first()


class TakesPlaceFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("on", "Takes place"), ("off", "Called off")]

    def queryset(self, request, shows):
        if self.value() is None:
            return shows
        return shows.filter(cancelled_at__isnull=self.value() == "on")


class WhenFilter(admin.SimpleListFilter):
    """Coming shows unless another choice is made."""

    title = "time"
    parameter_name = "when"

    def lookups(self, request, model_admin):
        return [("past", "Past"), ("all", "All")]

    def choices(self, changelist):
        [coming, *others] = super().choices(changelist)
        return [{**coming, "display": "Coming"}, *others]

    def queryset(self, request, shows):
        # A show of three hours ago may still be on.
        recent = timezone.now() - timedelta(hours=3)
        if self.value() == "past":
            return shows.filter(date_time__lt=recent).order_by("-date_time", "-id")
        searches = "q" in request.GET or any("date_time__" in name for name in request.GET)
        return shows if self.value() == "all" or searches else shows.starting_from(recent)


@admin.register(Show)
class ShowAdmin(
    HandMadeAddressMixin, FoldedSearchMixin, RefusalMixin, ProtectSoldMixin, admin.ModelAdmin
):
    form = ShowForm
    change_form_template = "admin/booking/show/change_form.html"
    change_list_template = "admin/booking/show/change_list.html"
    list_display = ["movie", "screen_name", "date_time", "seats_sold", "takes_place", "seats"]
    list_filter = [WhenFilter, TakesPlaceFilter, "screen_name"]
    date_hierarchy = "date_time"
    search_fields = ["movie__title_key", "screen_name"]
    search_help_text = "Movie, screen or day, such as “26 Nov”, “tonight” or “2026-11-26”"
    autocomplete_fields = ["movie"]
    ordering = ["date_time", "id"]
    formfield_overrides = FORM_FIELDS
    readonly_fields = ["called_off"]

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("timetable/", view(TimetableView.as_view()), name="booking_show_timetable"),
            path(
                "<int:pk>/door-list/",
                view(DoorListView.as_view()),
                name="booking_show_door_list",
            ),
            path("door/", view(DoorView.as_view()), name="booking_show_doors"),
            path("<int:pk>/door/", view(DoorView.as_view()), name="booking_show_door"),
            path("plan/", view(PlanView.as_view()), name="booking_show_plan"),
            path("<int:pk>/call-off/", view(CallOffView.as_view()), name="booking_show_call_off"),
            path("<int:pk>/seats/", view(SeatPlanView.as_view()), name="booking_show_seats"),
            path(
                "<int:pk>/seats/state/",
                view(SeatPlanStateView.as_view()),
                name="booking_show_seats_state",
            ),
            *super().get_urls(),
        ]

    def get_fields(self, request, obj=None):
        if obj is None:
            return ["movie", "screen", "date_time", "seen_version"]
        seats = [] if obj.screen_id else ["screen_name", "total_seats", "seats_per_row"]
        take_layout = ["take_layout"] if obj.screen_id else []
        called_off = [] if obj.takes_place else ["called_off"]
        if not self.has_change_permission(request, obj):
            return ["movie", "screen", "screen_name", "date_time", "total_seats", *called_off]
        is_sold = Booking.objects.active().of_show(obj.pk).exists()
        confirm = ["confirm"] if is_sold else []
        fields = ["movie", "screen", *seats, "date_time", *take_layout, *called_off]
        return [*fields, *confirm, "seen_version"]

    def get_queryset(self, request):
        shows = super().get_queryset(request).select_related("movie")
        return shows.annotate(available_seats=available_seats())

    def get_search_results(self, request, queryset, search_term):
        """Coming shows first in the pickers of other forms."""
        day, rest = split_day(search_term)
        if day:
            queryset = queryset.starting_from(day[0]).starting_before(day[1])
        shows, may_have_duplicates = super().get_search_results(request, queryset, rest)
        if request.path.endswith("/autocomplete/"):
            is_past = When(date_time__lt=timezone.now() - timedelta(hours=3), then=Value(1))
            shows = shows.order_by(Case(is_past, default=Value(0)), "date_time", "id")
        return shows, may_have_duplicates

    def save_model(self, request, obj, form, change):
        """Raises the refusals of `box_office.schedule`."""
        try:
            box_office.schedule([obj])
        except ScreenInUse:
            twin = None if change else self.just_added(request, obj)
            if twin is None:
                raise
            obj.pk = twin.pk  # the second request of a double click
            obj.refresh_from_db()

    def get_deleted_objects(self, objs, request):
        """A show that has never sold a seat is deleted with its released and expired holds."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        bookings = Booking.objects.filter(show__in=objs)
        if protected and not bookings.ever_sold_or_active().exists():
            holds = count_of(bookings.count(), "released or expired hold")
            return [*deleted, holds], counts, missing, []
        return deleted, counts, missing, protected

    def delete_model(self, request, obj):
        box_office.delete_show(show=obj)

    def delete_queryset(self, request, queryset):
        for show in queryset:
            box_office.delete_show(show=show)

    def just_added(self, request, show):
        """The same show, if this user has added it a moment ago."""
        same = Show.objects.filter(
            movie=show.movie, screen=show.screen, date_time=show.date_time, cancelled_at=None
        ).first()
        if same is None:
            return None
        added = LogEntry.objects.filter(
            user=request.user,
            action_flag=ADDITION,
            content_type=get_content_type_for_model(same),
            object_id=str(same.pk),
            action_time__gt=timezone.now() - DOUBLE_CLICK,
        )
        return same if added.exists() else None

    @admin.display(description="Sold / total")
    def seats_sold(self, show):
        return f"{show.total_seats - show.available_seats} / {show.total_seats}"

    @admin.display(description="Takes place", boolean=True, ordering="cancelled_at")
    def takes_place(self, show):
        return show.takes_place

    @admin.display(description="Seat plan")
    def seats(self, show):
        return format_html(
            '<a href="{}">Seats</a>', reverse("admin:booking_show_seats", args=[show.pk])
        )

    @admin.display(description="Called off")
    def called_off(self, show):
        since = date_format(timezone.localtime(show.cancelled_at), "D j M Y, H:i")
        return f"{since}. No seats are sold."
