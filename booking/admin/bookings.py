from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import content_disposition_header

from .. import box_office
from ..exceptions import NoSuchSeat, Refusal, SeatTaken, count_of
from ..models import Booking, Reservation
from ..models.booking_events import first_actor
from ..tickets import ticket_file
from .addresses import HandMadeAddressMixin, UnreadableAddress
from .booking_filters import (
    AdmittedFilter,
    CurrentStatusFilter,
    MovieFilter,
    ScreenFilter,
    ShowDayFilter,
)
from .booking_search import search_bookings
from .export import export_bookings
from .fields import FORM_FIELDS, LineField
from .history import history_table
from .mails import mails_table, may_send_again
from .pagination import BoundedChangeList, BoundedPaginator
from .refusals import RefusalForm, RefusalMixin


class SaleForm(RefusalForm):
    """A seat to sell at the counter."""

    field_of_refusal = {NoSuchSeat: "seat_number", SeatTaken: "seat_number"}

    class Meta:
        model = Booking
        fields = ["user", "show", "seat_number", "note"]

    def validate_constraints(self):
        """Skipped: the constraint counts expired holds as taken. The box office checks the seat."""

    def describe(self, refusal):
        alternatives = refusal.facts.get("alternatives")
        nearby = f" Free nearby: {', '.join(map(str, alternatives))}." if alternatives else ""
        return f"{refusal}{nearby}"


class CancelForm(forms.Form):
    reason = LineField(required=False, max_length=200, help_text="For the history.")


@admin.register(Booking)
class BookingAdmin(HandMadeAddressMixin, RefusalMixin, admin.ModelAdmin):
    """Sell a seat, list bookings and cancel them. Bookings cannot be edited.

    Changes go through the box office, as in the API.
    """

    form = SaleForm
    formfield_overrides = FORM_FIELDS
    change_form_template = "admin/booking/booking/change_form.html"
    change_list_template = "admin/booking/booking/change_list.html"
    autocomplete_fields = ["user", "show"]
    list_display = [
        "reference",
        "seat",
        "show",
        "customer",
        "current_status",
        "note",
        "sold_by",
        "sold_at",
    ]
    list_filter = [ShowDayFilter, CurrentStatusFilter, AdmittedFilter, ScreenFilter, MovieFilter]
    # `search_fields` only shows the search; search_bookings says what is searched.
    search_fields = ["reference"]
    search_help_text = "Reference, username, email address, name, note or movie"
    show_full_result_count = False
    paginator = BoundedPaginator
    list_per_page = 50
    ordering = ["-id"]
    actions = ["cancel_selected"]

    def get_urls(self):
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export), name="booking_booking_export"),
            path("<int:pk>/cancel/", view(self.cancel), name="booking_booking_cancel"),
            path("<int:pk>/ticket.pdf", view(self.ticket), name="booking_booking_ticket"),
            path(
                "<int:pk>/tickets.pdf",
                view(self.tickets_of_reservation),
                name="booking_booking_tickets",
            ),
            *super().get_urls(),
        ]

    def get_changelist(self, request, **kwargs):
        return BoundedChangeList

    def get_queryset(self, request):
        bookings = super().get_queryset(request).select_related("show__movie", "user")
        return bookings.annotate_current_status().annotate(sold_by=first_actor())

    def get_search_results(self, request, queryset, search_term):
        return search_bookings(queryset, search_term), False

    def get_fields(self, request, obj=None):
        if obj is None:
            return SaleForm.Meta.fields
        return [
            "reference",
            "show",
            "seat",
            "user",
            "note",
            "current_status",
            "created_at",
            "held_until",
            "cancelled_at",
            "admitted_at",
            "history",
        ]

    def render_change_form(self, request, context, *args, obj=None, **more):
        if obj is not None:
            context["mails"] = mails_table(obj.reference, may_send=may_send_again(request))
        return super().render_change_form(request, context, *args, obj=obj, **more)

    def save_model(self, request, obj, form, change):
        """Sell the seat. Raises the refusals of `box_office.book`."""
        sold = box_office.book(
            show_id=obj.show_id,
            seat_number=obj.seat_number,
            by=request.user,
            customer=obj.user,
            note=obj.note,
        )
        obj.pk = sold.booking.pk
        obj.refresh_from_db()

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False  # bookings stay on record

    def has_cancel_permission(self, request):
        return request.user.has_perm("booking.change_booking")

    def has_export_permission(self, request):
        return request.user.has_perm("booking.export_booking")

    @admin.display(description="Seat", ordering="seat_number")
    def seat(self, booking):
        return f"{booking.seat_label}\N{NO-BREAK SPACE}({booking.seat_number})"

    @admin.display(description="Customer", ordering="user__username")
    def customer(self, booking):
        user = booking.user
        return format_html(
            '<a href="{}">{}</a>{}{}',
            reverse("admin:auth_user_change", args=[user.pk]),
            user.username,
            ", " if user.get_full_name() else "",
            user.get_full_name(),
        )

    @admin.display(description="Sold by")
    def sold_by(self, booking):
        own = booking.sold_by == booking.user.username
        return "customer" if own else booking.sold_by

    @admin.display(description="Sold at", ordering="id")
    def sold_at(self, booking):
        return date_format(timezone.localtime(booking.created_at), "j M Y, H:i")

    @admin.display(description="What happened")
    def history(self, booking):
        return history_table(booking)

    @admin.display(description="Status", ordering="current_status")
    def current_status(self, booking):
        return Booking.Status(booking.current_status).label

    # --- Cancelling ---

    @admin.action(description="Cancel selected bookings", permissions=["cancel"])
    def cancel_selected(self, request, bookings):
        """A page that lists what will be cancelled; with `confirmed` they are."""
        return self.ask_and_cancel(request, bookings, action="cancel_selected")

    def cancel(self, request, pk):
        if not self.has_cancel_permission(request):
            raise PermissionDenied
        bookings = self.get_queryset(request).filter(pk=pk)
        if not bookings:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        return self.ask_and_cancel(request, bookings)

    def ask_and_cancel(self, request, bookings, action=""):
        form = CancelForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            self.cancel_each(request, bookings, form.cleaned_data["reason"])
            return None if action else HttpResponseRedirect(self.address(bookings[0]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Cancel bookings",
            "opts": self.opts,
            "bookings": bookings,
            "form": form,
            "action": action,
        }
        return TemplateResponse(request, "admin/booking/booking/cancel.html", context)

    def cancel_each(self, request, bookings, reason):
        cancelled = []
        for booking in bookings:
            try:
                box_office.cancel(booking=booking, by=request.user, as_staff=True, reason=reason)
            except Refusal as refusal:
                self.message_user(request, f"{booking}: {refusal}", messages.WARNING)
            else:
                cancelled.append(booking)
        if cancelled:
            sentence = f"Cancelled. {reason}".strip()
            LogEntry.objects.log_actions(request.user.pk, cancelled, CHANGE, sentence)
            done = f"Cancelled {count_of(len(cancelled), 'booking')}."
            self.message_user(request, done, messages.SUCCESS)

    def address(self, booking):
        return reverse("admin:booking_booking_change", args=[booking.pk])

    # --- Tickets ---

    def ticket(self, request, pk):
        """The ticket of one seat as PDF."""
        return self.print_tickets(request, pk, lambda booking: [booking])

    def tickets_of_reservation(self, request, pk):
        return self.print_tickets(
            request, pk, lambda booking: Reservation.find(booking.booking.reference).bookings
        )

    def print_tickets(self, request, pk, bookings_of):
        if not self.has_view_permission(request):
            raise PermissionDenied
        booking = Booking.objects.filter(pk=pk).select_related("user").first()
        if booking is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(pk))
        snapshot = Booking.objects.filter(pk=pk).snapshots().get()
        try:
            file = ticket_file(
                bookings_of(snapshot), customer_name=booking.customer_name, form="pdf"
            )
        except Refusal as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(self.address(booking))
        headers = {"Content-Disposition": content_disposition_header(False, file.name)}
        return HttpResponse(file.content, content_type=file.media_type, headers=headers)

    # --- Export ---

    def export(self, request):
        """The list as it is filtered, as CSV."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        try:
            return export_bookings(self.get_changelist_instance(request).queryset)
        except UnreadableAddress:
            return self.list_everything(request)

    def changelist_view(self, request, extra_context=None):
        extra = {
            "has_export_permission": self.has_export_permission(request),
            "query": request.GET.urlencode(),
        }
        return super().changelist_view(request, {**extra, **(extra_context or {})})
