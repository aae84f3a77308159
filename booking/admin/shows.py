from django import forms
from django.contrib import admin

from .. import box_office
from ..exceptions import RowsInUse, SeatsInUse
from ..models import Show
from .deletion import SoldIsKeptMixin


class ShowForm(forms.ModelForm):
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

    def clean(self):
        """The hall still has the seats that are sold. The admin validates and saves in one
        transaction, so the lock that is taken here keeps it true until the show is saved."""
        hall = {name: self.cleaned_data.get(name) for name in ("total_seats", "seats_per_row")}
        if self.instance.pk and None not in hall.values():
            try:
                box_office.check_new_hall(show=self.instance, **hall)
            except SeatsInUse as refusal:
                self.add_error("total_seats", str(refusal))
            except RowsInUse as refusal:
                self.add_error("seats_per_row", str(refusal))
        return super().clean()


class TakesPlaceFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [("on", "Takes place"), ("off", "Cancelled")]

    def queryset(self, request, shows):
        if self.value() is None:
            return shows
        return shows.filter(cancelled_at__isnull=self.value() == "on")


@admin.register(Show)
class ShowAdmin(SoldIsKeptMixin, admin.ModelAdmin):
    form = ShowForm
    list_display = ["movie", "screen_name", "date_time", "seats_sold", "takes_place"]
    list_filter = ["screen_name", TakesPlaceFilter]
    date_hierarchy = "date_time"
    search_fields = ["movie__title", "screen_name"]
    autocomplete_fields = ["movie"]
    ordering = ["date_time", "id"]

    def get_queryset(self, request):
        return super().get_queryset(request).with_availability().select_related("movie")

    @admin.display(description="Sold / total")
    def seats_sold(self, show):
        return f"{show.total_seats - show.available_seats} / {show.total_seats}"

    @admin.display(description="Takes place", boolean=True, ordering="cancelled_at")
    def takes_place(self, show):
        return show.cancelled_at is None
