"""Mails about reservations, written in the transaction of the change that they tell of.

A mail worker sends them later: booking/mail. What a customer merely holds is not mailed.
"""

from collections.abc import Iterable

from ..db.writing import defer_insert
from ..models import Booking, Mail
from ..models.bookings import Status
from ..models.mails import MailKind


def mail_customers(bookings: Iterable[Booking], kind: MailKind) -> None:
    """Write a mail for each reservation of these bookings.

    Customers without an address are left out when it is sent.
    """
    references = dict.fromkeys(booking.reference for booking in bookings)
    if references:
        defer_insert([Mail(kind=kind, reference=reference) for reference in references])


def mail_all_customers(show_id: int, kind: MailKind) -> None:
    """Write a mail for each reservation of the show that has a booked seat."""
    booked = Booking.objects.of_show(show_id).filter(status=Status.BOOKED)
    mail_customers(booked.order_by("pk").only("reference"), kind)


def forget_reminders(show_id: int) -> None:
    """So that customers are reminded of the new time."""
    references = Booking.objects.of_show(show_id).values("reference")
    Mail.objects.filter(kind=MailKind.REMINDER, reference__in=references).delete()
