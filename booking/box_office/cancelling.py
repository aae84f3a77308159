"""Cancelling bookings and releasing holds."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import F

from ..models import Booking, BookingSnapshot, Reservation, Show, show_snapshots
from ..models.booking_events import Kind
from ..models.mails import MailKind
from ..models.statuses import Status
from .checks import (
    require_active,
    require_can_cancel,
    require_not_admitted,
    require_not_called_off,
)
from .locking import lock_show, locked_booking, locked_reservation, retry_transaction, transaction
from .mailing import mail_customers
from .queries import update_bookings

log = logging.getLogger(__name__)


@retry_transaction
def cancel(
    *, booking: Booking, by: User, as_staff: bool = False, reason: str = ""
) -> BookingSnapshot:
    """Give a seat back before the show starts; staff at any time.

    `by` is the customer or staff; the permission is checked where the request is.
    Raises AlreadyCancelled, HoldExpired, CheckedIn or ShowStarted.
    """
    with locked_booking(booking) as found:
        [cancelled] = _cancel_active([found], by=by, as_staff=as_staff, reason=reason)
    log.info("user %s cancelled booking %s", by.pk, booking.pk)
    return cancelled


@retry_transaction
def cancel_reservation(*, reservation: Reservation, by: User) -> Reservation:
    """Give back all seats that it still has. Raises what `cancel` raises."""
    with locked_reservation(reservation) as found:
        cancelled = Reservation.of(_cancel_active(found.bookings, by=by))
    log.info("user %s cancelled reservation %s", by.pk, reservation.reference)
    return cancelled


@retry_transaction
def cancel_all(*, user: User) -> None:
    """Give back all seats that a user has in shows that have not started.

    One transaction locks the shows in ascending order of id, so that it cannot deadlock.
    """
    with transaction():
        active = Booking.objects.active().of_user(user.pk)
        for show_id in active.order_by("show").values_list("show", flat=True).distinct():
            lock_show(show_id)
            bookings = active.of_show(show_id).snapshots()
            if can_cancel := [each for each in bookings if each.can_cancel]:
                _cancel_active(can_cancel, by=user)
    log.info("user %s cancelled all bookings", user.pk)


@retry_transaction
def call_off(*, show: Show, by: User, reason: str) -> list[Booking]:
    """Cancel a show and all its active bookings, which are returned.

    One transaction, at any time before or after the start. Raises ShowNotFound or ShowCancelled.
    """
    with transaction():
        lock_show(show.pk)
        [found] = show_snapshots(Show.objects.filter(pk=show.pk))
        require_not_called_off(found)
        bookings = list(Booking.objects.active(found.now).of_show(show.pk).order_by("id"))
        Show.objects.filter(pk=show.pk).update(cancelled_at=found.now, version=F("version") + 1)
        if bookings:
            _write_cancelled(bookings, by=by, now=found.now, reason=reason)
    show.cancelled_at = found.now
    log.info("user %s called off show %s with %s bookings", by.pk, show.pk, len(bookings))
    return bookings


def _write_cancelled(bookings: Sequence[Booking], *, by: User, now: datetime, reason: str) -> None:
    booked = [booking for booking in bookings if booking.status == Status.BOOKED]
    update_bookings(
        bookings,
        kind=Kind.CANCELLED,
        by=by,
        now=now,
        reason=reason,
        status=Status.CANCELLED,
        cancelled_at=now,
        cancelled_by_id=by.pk,
    )
    mail_customers(booked, MailKind.CANCELLED)


def _cancel_active(
    bookings: Sequence[BookingSnapshot], *, by: User, as_staff: bool = False, reason: str = ""
) -> list[BookingSnapshot]:
    """The bookings after those that are active were cancelled."""
    active = require_active(bookings)
    for each in active:
        (require_not_admitted if as_staff else require_can_cancel)(each)
    show = bookings[0].show
    _write_cancelled([each.booking for each in active], by=by, now=show.now, reason=reason)
    house = show.show.seating.house  # free house seats do not count as available
    on_sale = [each for each in active if each.booking.seat_number not in house]
    available_seats = show.available_seats + len(on_sale)
    show = show.show.snapshot(available_seats=available_seats, now=show.now)
    return [each.booking.snapshot(show) for each in bookings]
