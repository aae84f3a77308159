"""The tickets of a show for scanners that go on while the network is away."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, F, Max, Q

from ..models import Booking, Show
from ..models.statuses import Status
from .codes import Ticket, hashes_of


@dataclass(frozen=True, slots=True)
class ListedTicket:
    booking: Booking
    hashes: list[str]


class AdmissionList:
    """All valid tickets of a show; or with `since`, an earlier `cursor`, those that have changed.

    Three queries. The cursor is the newest event of the show's bookings: they are written under the
    lock of the show, so none that is older is committed later.
    """

    def __init__(self, show: Show, *, since: int | None = None) -> None:
        self.show = show
        bookings = Booking.objects.of_show(show.pk)
        self.cursor = str(bookings.aggregate(newest=Max("events"))["newest"] or 0)
        booked = Q(status=Status.BOOKED)
        counts = bookings.aggregate(
            booked=Count("pk", filter=booked),
            admitted=Count("pk", filter=booked & Q(admitted_at__isnull=False)),
        )
        self.booked, self.admitted = counts["booked"], counts["admitted"]
        if since is None:
            bookings = bookings.filter(booked)
        else:
            bookings = bookings.filter(events__gt=since).distinct()
        bookings = bookings.select_related("user").annotate(
            admitted_by_username=F("admitted_by__username")
        )
        self.tickets: list[ListedTicket] = []
        self.gone: list[int] = []
        for booking in bookings.order_by("seat_number", "pk"):
            booking.show = show  # the labels are of its layout
            if booking.status == Status.BOOKED:
                self.tickets.append(ListedTicket(booking, hashes_of(Ticket.of(booking))))
            else:
                self.gone.append(booking.pk)

    @property
    def doors_open_at(self) -> datetime:
        return self.show.date_time - settings.DOORS_OPEN
