"""Tickets: signed codes, their pictures, and the show as a calendar file."""

from .admission_list import AdmissionList
from .calendar import calendar_of
from .codes import Ticket, code_of, read_code, with_tickets
from .printing import ticket_file

__all__ = [
    "AdmissionList",
    "Ticket",
    "calendar_of",
    "code_of",
    "read_code",
    "ticket_file",
    "with_tickets",
]
