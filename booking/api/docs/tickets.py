"""Tickets and calendar files."""

from drf_yasg import openapi

from ...exceptions import NotBooked, ReservationNotFound, TicketCancelled
from ..schema.errors import NOT_YOURS
from ..serializers import ReservationTicketsSerializer, TicketSerializer
from ..views.tickets import ReservationTicketViewSet, TicketViewSet
from .operation import Operation

TICKET_ERRORS = (NotBooked, TicketCancelled)
RESERVATION_ERRORS = (ReservationNotFound, NOT_YOURS)
FILE = openapi.Schema(type=openapi.TYPE_FILE)

CALENDAR = "The event keeps its UID, and its SEQUENCE grows when the show or the seats change."


def ticket_file(operation_id, summary, media_type):
    return Operation(
        id=operation_id,
        summary=summary,
        tag="Tickets",
        response=FILE,
        media_type=media_type,
        errors=(NOT_YOURS, *TICKET_ERRORS),
    )


OPERATIONS = {
    TicketViewSet: {
        "retrieve": Operation(
            id="getTicket",
            summary="The ticket of a booked seat: its code, and where its pictures are",
            tag="Tickets",
            response=TicketSerializer,
            errors=(NOT_YOURS, *TICKET_ERRORS),
        ),
        "svg": ticket_file("getTicketSvg", "The ticket as a vector picture", "image/svg+xml"),
        "png": ticket_file("getTicketPng", "The ticket as a picture", "image/png"),
        "pdf": ticket_file("getTicketPdf", "The ticket to print", "application/pdf"),
        "calendar": Operation(
            id="getBookingCalendar",
            summary="The show of a booking as an iCalendar file",
            description=CALENDAR,
            tag="Tickets",
            response=FILE,
            media_type="text/calendar",
            errors=(NOT_YOURS,),
        ),
    },
    ReservationTicketViewSet: {
        "retrieve": Operation(
            id="getReservationTickets",
            summary="The tickets of a reservation's booked seats",
            tag="Tickets",
            response=ReservationTicketsSerializer,
            errors=(*RESERVATION_ERRORS, *TICKET_ERRORS),
        ),
        "pdf": Operation(
            id="getReservationTicketsPdf",
            summary="The tickets of a reservation to print, a page for each seat",
            tag="Tickets",
            response=FILE,
            media_type="application/pdf",
            errors=(*RESERVATION_ERRORS, *TICKET_ERRORS),
        ),
        "calendar": Operation(
            id="getReservationCalendar",
            summary="The show of a reservation as an iCalendar file",
            description=CALENDAR,
            tag="Tickets",
            response=FILE,
            media_type="text/calendar",
            errors=RESERVATION_ERRORS,
        ),
    },
}
