"""Admitting customers at the door, and undoing it."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localdate, localtime

from ..db.compiled import compiled
from ..exceptions import (
    AlreadyAdmitted,
    NotAdmitted,
    NotBooked,
    OtherDay,
    OtherShow,
    ShowEnded,
    TicketCancelled,
    TicketMoved,
    TooEarly,
    UndoTooLate,
    UnknownTicket,
)
from ..models import Booking, BookingSnapshot, ShowSnapshot
from ..models.booking_events import Kind
from ..models.statuses import Status
from .checks import require_not_called_off
from .locking import locked_booking, retry_transaction
from .queries import update_bookings

log = logging.getLogger(__name__)

UNDO_FOR = timedelta(minutes=5)
REPORT_FOR = timedelta(hours=24)  # after a show, scans from while a gate was offline


@dataclass(frozen=True, slots=True)
class Admission:
    """A seat whose customer is in, or was until it was undone."""

    booking: BookingSnapshot
    customer_name: str
    admitted_by: str | None  # username
    reservation: "AdmittedSeats"


class AdmittedSeats(NamedTuple):
    """Of a reservation: booked seats, and how many of them are checked in."""

    seats: int
    admitted: int


@retry_transaction
def admit(
    *,
    booking_id: int,
    seat_number: int,
    by: User,
    show_id: int | None = None,
    scanned_at: datetime | None = None,
) -> Admission:
    """Let the customer of a ticket in, once.

    `show_id` is the show at whose door it is scanned, if there is only one. `scanned_at` is the
    clock of a gate that was offline: of two such scans the earlier one counts, whichever is sent
    first. A time in the future is now, one before the doors open is when they open.

    Raises, judged in this order: UnknownTicket, TicketCancelled, NotBooked, TicketMoved, OtherShow,
    OtherDay, TooEarly, ShowEnded, ShowCancelled, AlreadyAdmitted.
    """
    with locked_booking(_find(booking_id)) as found:
        _require_valid_ticket(found, seat_number)
        _require_right_show(found.show, show_id, is_report=scanned_at is not None)
        require_not_called_off(found.show)
        admitted_at = _moment_of_scan(found.show, scanned_at)
        first = found.booking.admitted_at
        if first is not None and (scanned_at is None or admitted_at >= first):
            raise AlreadyAdmitted(
                admitted_at=first,
                admitted_by=_admitted_by(found.booking),
                at=_local_time(first, today=found.show.now),
            )
        update_bookings(
            [found.booking],
            kind=Kind.ADMITTED,
            by=by,
            now=found.show.now,
            admitted_at=admitted_at,
            admitted_by_id=by.pk,
        )
        admission = _admission(found, admitted_by=by.username)
    log.info("user %s admitted booking %s", by.pk, booking_id)
    return admission


@retry_transaction
def undo_admission(*, booking_id: int, seat_number: int, by: User) -> Admission:
    """Take a check-in back, within UNDO_FOR: the ticket can be used again.

    Raises UnknownTicket, TicketCancelled, NotBooked, TicketMoved, NotAdmitted or UndoTooLate.
    """
    with locked_booking(_find(booking_id)) as found:
        _require_valid_ticket(found, seat_number)
        if found.booking.admitted_at is None:
            raise NotAdmitted
        undo_until = found.booking.admitted_at + UNDO_FOR
        if found.show.now > undo_until:
            raise UndoTooLate(undo_until=undo_until, minutes=UNDO_FOR // timedelta(minutes=1))
        update_bookings(
            [found.booking],
            kind=Kind.UNDONE,
            by=by,
            now=found.show.now,
            admitted_at=None,
            admitted_by_id=None,
        )
        admission = _admission(found, admitted_by=None)
    log.info("user %s undid the admission of booking %s", by.pk, booking_id)
    return admission


def _find(booking_id: int) -> Booking:
    """The booking with its ID and that of its show only."""
    found = show_of_booking(booking_id)
    if not found:
        raise UnknownTicket
    return Booking(pk=booking_id, show_id=found[0].show_id)


@compiled
def show_of_booking(booking_id: int) -> QuerySet:
    return Booking.objects.filter(pk=booking_id).only("show_id")


@compiled
def booked_seats(show_id: int, reference: str, customer_id: int) -> QuerySet:
    """The booked seats of a reservation, with their customer."""
    of_show = Booking.objects.of_show(show_id).of_user(customer_id)
    return of_show.filter(reference=reference, status=Status.BOOKED).select_related("user")


def _require_valid_ticket(found: BookingSnapshot, seat_number: int) -> None:
    booking = found.booking
    if found.status == Status.CANCELLED:
        raise TicketCancelled(
            cancelled_at=booking.cancelled_at, show_cancelled=found.show_cancelled
        )
    if found.status != Status.BOOKED:
        raise NotBooked(status=found.status)
    if booking.seat_number != seat_number:
        raise TicketMoved(seat_number=booking.seat_number, seat_label=found.seat_label)


def _require_right_show(show: ShowSnapshot, show_id: int | None, *, is_report: bool) -> None:
    now, starts = show.now, show.show.date_time
    opens = starts - settings.DOORS_OPEN
    ends = show.ends_at + (REPORT_FOR if is_report else timedelta(0))
    facts = {
        "show": show.show.pk,
        "movie": show.movie.title,
        "screen_name": show.show.screen_name,
        "date_time": starts,
        "starts": _local_time(starts),
    }
    if show_id is not None and show_id != show.show.pk:
        raise OtherShow(**facts)
    is_open = opens <= now < ends
    if not is_open and localdate(now) != localdate(starts):
        raise OtherDay(**facts)
    if now < opens:
        raise TooEarly(doors_open_at=opens, opens=_local_time(opens, today=now))
    if now >= ends:
        raise ShowEnded(ends_at=show.ends_at, ended=_local_time(show.ends_at, today=now))


def _moment_of_scan(show: ShowSnapshot, scanned_at: datetime | None) -> datetime:
    """The gate's clock may be wrong: between the opening of the doors and now."""
    if scanned_at is None:
        return show.now
    return min(max(scanned_at, show.show.date_time - settings.DOORS_OPEN), show.now)


def _local_time(moment: datetime, today: datetime | None = None) -> str:
    """In the cinema's zone: the time, and the day unless it is that of `today`."""
    is_today = today is not None and localdate(moment) == localdate(today)
    return date_format(localtime(moment), "H:i" if is_today else "D j M Y, H:i")


def _admitted_by(booking: Booking) -> str | None:
    admitted = Booking.objects.filter(pk=booking.pk)
    return admitted.values_list("admitted_by__username", flat=True).get()


def _admission(found: BookingSnapshot, admitted_by: str | None) -> Admission:
    booking = found.booking
    seats = booked_seats(booking.show_id, booking.reference, booking.user_id)
    [stored] = [each for each in seats if each.pk == booking.pk]
    admitted = sum(each.admitted_at is not None for each in seats)
    return Admission(
        booking=booking.snapshot(found.show),
        customer_name=stored.customer_name,
        admitted_by=admitted_by,
        reservation=AdmittedSeats(len(seats), admitted),
    )
