from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from ...models import Booking, BookingSnapshot, Reservation
from ...tickets import Ticket, calendar_of, code_of, ticket_file, with_tickets
from ..negotiation import AnyMediaType
from ..permissions import IsOwner
from ..serializers import ReservationTicketsSerializer, TicketSerializer


class TicketLinks(NamedTuple):
    booking: BookingSnapshot
    code: str
    svg: str
    png: str
    pdf: str
    calendar: str

    @classmethod
    def of(cls, booking: BookingSnapshot) -> "TicketLinks":
        names = ("ticket_svg", "ticket_png", "ticket_pdf", "booking_calendar")
        pk = booking.booking.pk
        code = code_of(Ticket.of(booking.booking))
        return cls(booking, code, *(reverse(name, args=[pk]) for name in names))


class ReservationTickets(NamedTuple):
    reference: str
    tickets: list[TicketLinks]
    pdf: str
    calendar: str


class TicketViewSet(ViewSet):
    permission_classes = [IsAuthenticated, IsOwner]
    content_negotiation_class = AnyMediaType

    def retrieve(self, request, pk):
        [booking] = with_tickets([self.get_object(pk)])
        return Response(TicketSerializer.represent(TicketLinks.of(booking)))

    def svg(self, request, pk):
        return self._printed(pk, "svg")

    def png(self, request, pk):
        return self._printed(pk, "png")

    def pdf(self, request, pk):
        return self._printed(pk, "pdf")

    def calendar(self, request, pk):
        reference = self.get_object(pk).booking.reference
        return calendar_response(Reservation.find(reference))

    def get_object(self, pk):
        booking = get_object_or_404(Booking.objects.snapshots(), pk=pk)
        self.check_object_permissions(self.request, booking)
        return booking

    def _printed(self, pk, form):
        booking = self.get_object(pk)
        return ticket_response([booking], self.request.user, form)


class ReservationTicketViewSet(ViewSet):
    permission_classes = [IsAuthenticated, IsOwner]
    content_negotiation_class = AnyMediaType

    def retrieve(self, request, reference):
        reservation = self.get_object(reference)
        tickets = ReservationTickets(
            reference=reservation.reference,
            tickets=[TicketLinks.of(each) for each in with_tickets(reservation.bookings)],
            pdf=reverse("reservation_pdf", args=[reservation.reference]),
            calendar=reverse("reservation_calendar", args=[reservation.reference]),
        )
        return Response(ReservationTicketsSerializer.represent(tickets))

    def pdf(self, request, reference):
        return ticket_response(self.get_object(reference).bookings, request.user, "pdf")

    def calendar(self, request, reference):
        return calendar_response(self.get_object(reference))

    def get_object(self, reference):
        reservation = Reservation.find(reference)
        self.check_object_permissions(self.request, reservation)
        return reservation


def ticket_response(bookings, user, form):
    file = ticket_file(bookings, customer_name=user.get_full_name(), form=form)
    return file_response(*file)


def calendar_response(reservation):
    name = f"show-{reservation.reference}.ics"
    return file_response(calendar_of(reservation), "text/calendar; charset=utf-8", name)


def file_response(content, media_type, name):
    headers = {"Content-Disposition": content_disposition_header(False, name)}
    return HttpResponse(content, content_type=media_type, headers=headers)
