from django.contrib import admin, messages

from .. import box_office
from ..exceptions import Refusal
from ..models import Booking


@admin.register(Booking)
class BookingAdmin(admin.ModelAdmin):
    """To look at, and to cancel by the action; seats are sold and moved by the box office only."""

    list_display = ["reference", "show", "seat", "user", "status", "created_at"]
    list_filter = ["status", "show__screen_name"]
    list_select_related = ["show__movie", "user"]
    date_hierarchy = "created_at"
    search_fields = ["=reference", "user__username", "user__email", "show__movie__title"]
    search_help_text = "Reference, user's name or e-mail, movie"
    ordering = ["-created_at", "-id"]
    actions = ["cancel_selected"]
    fields = [
        "reference",
        "show",
        "seat",
        "user",
        "status",
        "created_at",
        "held_until",
        "cancelled_at",
    ]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False  # what was sold stays on record

    def has_cancel_permission(self, request):
        return request.user.has_perm("booking.change_booking")

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, booking):
        return f"{booking.seat_number}\N{NO-BREAK SPACE}({booking.seat_label})"

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
