from django.contrib import admin
from django.urls import path

from .. import box_office
from ..exceptions import RowsInUse, SeatsInUse
from ..models import Show
from ..models.bookings import available_seats
from .protection import ProtectSoldMixin
from .refusals import RefusalForm, RefusalMixin
from .searching import FoldedSearchMixin
from .seat_plan import SeatPlanStateView, SeatPlanView


class ShowForm(RefusalForm):
    field_of_refusal = {SeatsInUse: "total_seats", RowsInUse: "seats_per_row"}

    class Meta:
        model = Show
        fields = [
            "movie",
            "screen_name",
            "date_time",
            "total_seats",
            "seats_per_row",
            "cancelled_at",
        ]


class CancelledFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("on", "Takes place"), ("off", "Cancelled")]

    def queryset(self, request, shows):
        if self.value() is None:
            return shows
        return shows.filter(cancelled_at__isnull=self.value() == "on")


@admin.register(Show)
class ShowAdmin(FoldedSearchMixin, RefusalMixin, ProtectSoldMixin, admin.ModelAdmin):
    form = ShowForm
    list_display = ["movie", "screen_name", "date_time", "seats_sold", "takes_place"]
    list_filter = ["screen_name", CancelledFilter]
    date_hierarchy = "date_time"
    search_fields = ["movie__title_key", "screen_name"]
    autocomplete_fields = ["movie"]
    ordering = ["date_time", "id"]

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/seats/", view(SeatPlanView.as_view()), name="booking_show_seats"),
            path(
                "<int:pk>/seats/state/",
                view(SeatPlanStateView.as_view()),
                name="booking_show_seats_state",
            ),
            *super().get_urls(),
        ]

    def get_queryset(self, request):
        shows = super().get_queryset(request).select_related("movie")
        return shows.annotate(available_seats=available_seats())

    def save_model(self, request, obj, form, change):
        """Raises SeatsInUse or RowsInUse. The admin's view is one transaction."""
        box_office.schedule([obj])

    @admin.display(description="Sold / total")
    def seats_sold(self, show):
        return f"{show.total_seats - show.available_seats} / {show.total_seats}"

    @admin.display(description="Takes place", boolean=True, ordering="cancelled_at")
    def takes_place(self, show):
        return show.cancelled_at is None
