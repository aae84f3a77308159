"""Mails about reservations, written in the transaction of the change that they are about.

A mail worker sends them later: booking/mail. Holds are not mailed.
"""

from collections.abc import Iterable

from ..db.writing import defer_insert
from ..models import Booking, Mail
from ..models.mails import MailKind
from ..models.statuses import Status


def mail_customers(bookings: Iterable[Booking], kind: MailKind) -> None:
    """Write a mail for each reservation of these bookings.

    The worker deletes mails of customers without an address.
    """
    references = dict.fromkeys(booking.reference for booking in bookings)
    if references:
        defer_insert([Mail(kind=kind, reference=reference) for reference in references])


def mail_all_customers(show_id: int, kind: MailKind) -> None:
    """Write a mail for each reservation of the show that has a booked seat."""
    booked = Booking.objects.of_show(show_id).filter(status=Status.BOOKED)
    mail_customers(booked.order_by("pk").only("reference"), kind)


def forget_reminders(show_id: int) -> None:
    """Delete the reminders of a show whose time changed, so that new ones are written."""
    references = Booking.objects.of_show(show_id).values("reference")
    Mail.objects.filter(kind=MailKind.REMINDER, reference__in=references).delete()
