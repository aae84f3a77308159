"""The list of who has which seat of a show, to print for the door."""

from django.shortcuts import get_object_or_404
from django.views.generic import TemplateView

from ..accounts import HOUSE, WALK_IN
from ..models import Booking, Show
from ..models.statuses import Status
from ..text import search_key
from .pages import AdminPageMixin


class DoorListView(AdminPageMixin, TemplateView):
    """Booked seats, by seat or with `?by=name` by name; no holds, which are not sold."""

    template_name = "admin/booking/show/door_list.html"
    permission_required = "booking.view_booking"

    def get_context_data(self, pk, **context):
        show = get_object_or_404(Show.objects.select_related("movie"), pk=pk)
        booked = Booking.objects.of_show(show.pk).filter(status=Status.BOOKED)
        bookings = list(booked.select_related("user").order_by("seat_number"))
        for booking in bookings:
            booking.show = show  # the labels are of its layout
            booking.name = name_of(booking)
        by_name = self.request.GET.get("by") == "name"
        if by_name:
            bookings.sort(key=lambda booking: (search_key(booking.name), booking.seat_number))
        return super().get_context_data(
            title=f"Door list: {show}",
            show=show,
            bookings=bookings,
            admitted=sum(booking.admitted_at is not None for booking in bookings),
            by_name=by_name,
            **context,
        )


def name_of(booking):
    """Last name first, so that the list can be searched; of a walk-in the note."""
    user = booking.user
    if user.username in (WALK_IN, HOUSE):
        return booking.note or user.username
    name = ", ".join(filter(None, [user.last_name, user.first_name])) or user.username
    return f"{name} ({booking.note})" if booking.note else name
