from django.contrib import admin, messages

from .. import box_office
from ..exceptions import NoSuchSeat, Refusal, SeatTaken
from ..models import Booking
from .addresses import HandMadeAddressMixin
from .history import history_table
from .refusals import RefusalForm, RefusalMixin
from .searching import FoldedSearchMixin


class SaleForm(RefusalForm):
    """A seat to sell at the counter."""

    field_of_refusal = {NoSuchSeat: "seat_number", SeatTaken: "seat_number"}

    class Meta:
        model = Booking
        fields = ["user", "show", "seat_number"]

    def validate_constraints(self):
        """Skipped: the constraint counts expired holds as taken. The box office checks the seat."""

    def describe(self, refusal):
        alternatives = refusal.facts.get("alternatives")
        nearby = f" Free nearby: {', '.join(map(str, alternatives))}." if alternatives else ""
        return f"{refusal}{nearby}"


class CurrentStatusFilter(admin.SimpleListFilter):
    """Filter by current status, which is "expired" for a hold that is over."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request, model_admin):
        return Booking.Status.choices

    def queryset(self, request, bookings):
        return bookings.with_current_status(self.value()) if self.value() else bookings


@admin.register(Booking)
class BookingAdmin(HandMadeAddressMixin, FoldedSearchMixin, RefusalMixin, admin.ModelAdmin):
    """Sell a seat, list bookings and cancel them. Bookings cannot be edited.

    Changes go through the box office, as in the API.
    """

    form = SaleForm
    autocomplete_fields = ["user", "show"]
    list_display = ["reference", "show", "seat", "user", "current_status", "created_at"]
    list_filter = [CurrentStatusFilter, "show__screen_name"]
    date_hierarchy = "created_at"
    search_fields = ["=reference", "user__username", "user__email", "show__movie__title_key"]
    search_help_text = "Reference, username, email address or movie"
    ordering = ["-created_at", "-id"]
    actions = ["cancel_selected"]

    def get_queryset(self, request):
        bookings = super().get_queryset(request).select_related("show__movie", "user")
        return bookings.annotate_current_status()

    def get_fields(self, request, obj=None):
        if obj is None:
            return SaleForm.Meta.fields
        return [
            "reference",
            "show",
            "seat",
            "user",
            "current_status",
            "created_at",
            "held_until",
            "cancelled_at",
            "history",
        ]

    def save_model(self, request, obj, form, change):
        """Sell the seat. Raises the refusals of `box_office.book`."""
        sold = box_office.book(
            show_id=obj.show_id, seat_number=obj.seat_number, by=request.user, customer=obj.user
        )
        obj.pk = sold.booking.pk
        obj.refresh_from_db()

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False  # bookings stay on record

    def has_cancel_permission(self, request):
        return request.user.has_perm("booking.change_booking")

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, booking):
        return f"{booking.seat_number}\N{NO-BREAK SPACE}({booking.seat_label})"

    @admin.display(description="What happened")
    def history(self, booking):
        return history_table(booking)

    @admin.display(description="Status", ordering="current_status")
    def current_status(self, booking):
        return Booking.Status(booking.current_status).label

    @admin.action(description="Cancel selected bookings", permissions=["cancel"])
    def cancel_selected(self, request, bookings):
        cancelled = 0
        for booking in bookings:
            try:
                box_office.cancel(booking=booking, by=request.user)
            except Refusal as refusal:
                self.message_user(request, f"{booking}: {refusal}", messages.WARNING)
            else:
                cancelled += 1
        if cancelled:
            plural = "" if cancelled == 1 else "s"
            self.message_user(request, f"Cancelled {cancelled} booking{plural}.", messages.SUCCESS)
