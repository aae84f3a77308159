from django import forms
from django.contrib import admin, messages

from .. import box_office
from ..exceptions import NoSuchSeat, Refusal, SeatTaken
from ..models import Booking


class SaleForm(forms.ModelForm):
    """A seat that is sold at the counter."""

    class Meta:
        model = Booking
        fields = ["user", "show", "seat_number"]

    def clean(self):
        """Sells it: only the box office knows whether it can be had, and the admin does all of
        this in one transaction."""
        sale = super().clean()
        if not self.errors:
            try:
                self.booking = box_office.book(
                    show_id=sale["show"].pk,
                    seat_number=sale["seat_number"],
                    by=self.seller,
                    customer=sale["user"],
                )
            except (NoSuchSeat, SeatTaken) as refusal:
                self.add_error("seat_number", sentence_of(refusal))
            except Refusal as refusal:
                self.add_error(None, str(refusal))
        return sale

    def _post_clean(self):
        """Not the model's own checks, which would now find the seat taken: by this sale."""


def sentence_of(refusal):
    alternatives = refusal.facts.get("alternatives")
    free = f" Free nearby: {', '.join(map(str, alternatives))}." if alternatives else ""
    return f"{refusal}{free}"


@admin.register(Booking)
class BookingAdmin(admin.ModelAdmin):
    """To sell a seat, to look at what was sold, and to cancel it by the action. The box office
    does it; nothing of a booking is edited."""

    form = SaleForm
    autocomplete_fields = ["user", "show"]
    list_display = ["reference", "show", "seat", "user", "current_status", "created_at"]
    list_filter = ["status", "show__screen_name"]
    date_hierarchy = "created_at"
    search_fields = ["=reference", "user__username", "user__email", "show__movie__title"]
    search_help_text = "Reference, user's name or e-mail, movie"
    ordering = ["-created_at", "-id"]
    actions = ["cancel_selected"]

    def get_queryset(self, request):
        return super().get_queryset(request).with_shows().select_related("user")

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
        ]

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.seller = request.user
        return form

    def save_form(self, request, form, change):
        return form.booking

    def save_model(self, request, obj, form, change):
        """It is sold already."""

    def save_related(self, request, form, formsets, change):
        """Nothing else belongs to it."""

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False  # what was sold stays on record

    def has_cancel_permission(self, request):
        return request.user.has_perm("booking.change_booking")

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, booking):
        return f"{booking.seat_number}\N{NO-BREAK SPACE}({booking.seat_label})"

    @admin.display(description="Status", ordering="status")
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
