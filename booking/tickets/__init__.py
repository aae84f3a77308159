"""Tickets: signed codes, their pictures, and the show as a calendar file."""

from .admission_list import AdmissionList
from .calendar import calendar_of
from .codes import Ticket, code_of, read_code, with_tickets
from .printing import MEDIA_TYPES, print_tickets

__all__ = [
    "MEDIA_TYPES",
    "AdmissionList",
    "Ticket",
    "calendar_of",
    "code_of",
    "print_tickets",
    "read_code",
    "with_tickets",
]
