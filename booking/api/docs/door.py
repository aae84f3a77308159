"""Checking tickets in, for staff."""

from ...exceptions import (
    AlreadyAdmitted,
    BadTicket,
    NotAdmitted,
    NotBooked,
    OtherDay,
    OtherShow,
    ShowCancelled,
    ShowEnded,
    TicketCancelled,
    TicketMoved,
    TooEarly,
    UndoTooLate,
    UnknownTicket,
)
from ..serializers import AdmissionListSerializer, AdmissionSerializer, CheckIn, TicketCode
from ..views.check_in import AdmissionsViewSet, CheckInViewSet
from .operation import Operation

INVALID_TICKET_ERRORS = (BadTicket, UnknownTicket, NotBooked, TicketCancelled, TicketMoved)

OPERATIONS = {
    CheckInViewSet: {
        "create": Operation(
            id="checkIn",
            summary="Check a ticket in at the door",
            description="Of two scans of one ticket exactly one is 200. A scanner that was offline "
            "sends `scanned_at`; of two such scans the earlier one counts, and the other is "
            "`already_admitted`, or sees it in the list of admissions.",
            tag="Door",
            request=CheckIn,
            response=AdmissionSerializer,
            errors=(
                *INVALID_TICKET_ERRORS,
                OtherShow,
                OtherDay,
                TooEarly,
                ShowEnded,
                ShowCancelled,
                AlreadyAdmitted,
            ),
        ),
        "undo": Operation(
            id="undoCheckIn",
            summary="Undo a check-in, within five minutes",
            tag="Door",
            request=TicketCode,
            response=AdmissionSerializer,
            errors=(*INVALID_TICKET_ERRORS, NotAdmitted, UndoTooLate),
        ),
    },
    AdmissionsViewSet: {
        "list": Operation(
            id="listAdmissions",
            summary="The tickets of a show and who is in, for scanners that are offline",
            description="A scanner compares the SHA-256 of the code that it reads (without blanks, "
            "in capital letters) with `hashes`. With `since`, only what has changed.",
            tag="Door",
            response=AdmissionListSerializer,
            has_etag=True,
        ),
    },
}
