"""Content of mails about a reservation: texts, tickets and a calendar file."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.utils.formats import date_format
from django.utils.timezone import localtime

from ..exceptions import ReservationNotFound
from ..models import Profile, Reservation
from ..models.mails import MailKind
from ..models.statuses import CancelledBy, Status
from ..tickets import calendar_of, ticket_file

# Customers may switch these off: `mail_bookings` of the profile.
CONFIRMATIONS = {MailKind.BOOKED, MailKind.REMINDER}

TITLES = {
    MailKind.BOOKED: "Your tickets",
    MailKind.CHANGED: "Your booking was changed",
    MailKind.CANCELLED: "Your booking was cancelled",
    MailKind.SHOW_MOVED: "New time or screen",
    MailKind.REMINDER: "Reminder",
}
CALLED_OFF = "The show was called off"
MAX_GREETING = 50  # characters of a name
LINK = re.compile(r"[:/@]|\w[.\u3002\uff0e\uff61]\w")  # text that mail programs turn into a link


class Attachment(NamedTuple):
    name: str
    content: bytes
    media_type: str


class ReservationMail(NamedTuple):
    recipient: str
    subject: str
    context: dict[str, Any]  # of the template
    attachments: Iterable[Attachment]


def mail_of_reservation(reference: str, kinds: set[MailKind]) -> ReservationMail | None:
    """One mail for all of these kinds, from the current state; None if it is not wanted."""
    try:
        reservation = Reservation.find(reference)
    except ReservationNotFound:
        return None
    customer = User.objects.filter(pk=reservation.user_id, is_active=True).first()
    kind = kind_now(reservation, kinds)
    if customer is None or kind is None or not wants(customer, kinds):
        return None
    show, starts = reservation.show.show, localtime(reservation.show.show.date_time)
    movie = reservation.show.movie.title
    is_called_off = kind == MailKind.CANCELLED and not show.takes_place
    title = CALLED_OFF if is_called_off else TITLES[kind]
    return ReservationMail(
        recipient=customer.email,
        subject=f"{title}: {movie}, {date_format(starts, 'D j M, H:i')}",
        context={
            "title": title,
            "kind": kind.value,
            "is_called_off": is_called_off,
            "movie": movie,
            "screen": show.screen_name,
            "starts": f"{date_format(starts, 'l, j F Y, H:i')} ({settings.TIME_ZONE})",
            "doors": date_format(starts - settings.DOORS_OPEN, "H:i"),
            "reference": reservation.reference,
            "name": greeting(customer),
            "seats": seats(reservation, Status.BOOKED),
            "cancelled": seats(reservation, Status.CANCELLED),
            "by_cinema": any(
                each.cancelled_by == CancelledBy.CINEMA for each in reservation.bookings
            ),
        },
        attachments=attachments(reservation, customer),
    )


def kind_now(reservation: Reservation, kinds: set[MailKind]) -> MailKind | None:
    """Kind of the one mail for all of these kinds; None if no mail is needed any more."""
    if kinds <= CONFIRMATIONS and reservation.show.now >= reservation.show.ends_at:
        return None
    if not seats(reservation, Status.BOOKED):
        return None if kinds == {MailKind.REMINDER} else MailKind.CANCELLED
    if kinds == {MailKind.REMINDER}:
        has_begun = reservation.show.now >= reservation.show.show.date_time
        return None if has_begun else MailKind.REMINDER
    for kind in (MailKind.BOOKED, MailKind.SHOW_MOVED):
        if kind in kinds:
            return kind
    return MailKind.CHANGED


def wants(customer: User, kinds: set[MailKind]) -> bool:
    if not customer.email:
        return False
    profile = Profile.of(customer)
    if settings.MAIL_ONLY_VERIFIED and not profile.email_verified:
        return False
    return profile.mail_bookings or not kinds <= CONFIRMATIONS


def greeting(customer: User) -> str:
    """First name or else username; empty if it could be a link or is long.

    A stranger may sign up with another person's address, and must not send text to it.
    """
    names = (customer.first_name, customer.username)
    return next((n for n in names if n and len(n) <= MAX_GREETING and not LINK.search(n)), "")


def seats(reservation: Reservation, status: Status) -> list[str]:
    """Labels of the seats with this status."""
    return [each.seat_label for each in reservation.bookings if each.status == status]


def attachments(reservation: Reservation, customer: User) -> Iterable[Attachment]:
    if seats(reservation, Status.BOOKED):
        file = ticket_file(reservation.bookings, customer_name=customer.get_full_name(), form="pdf")
        yield Attachment(file.name, file.content, file.media_type)
    name = f"show-{reservation.reference}.ics"
    yield Attachment(name, calendar_of(reservation), "text/calendar")
