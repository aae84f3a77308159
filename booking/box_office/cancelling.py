"""Cancelling bookings and releasing holds."""

import logging
from collections.abc import Sequence

from django.contrib.auth.models import User

from ..models import Booking, BookingSnapshot, Reservation
from ..models.booking_events import Kind
from ..models.bookings import Status
from .checks import require_active, require_can_cancel
from .locking import lock_show, locked_booking, locked_reservation, retry_transaction, transaction
from .queries import update_bookings

log = logging.getLogger(__name__)


@retry_transaction
def cancel(*, booking: Booking, by: User) -> BookingSnapshot:
    """Give a seat back before the show starts.

    `by` is the customer or staff; the permission is checked where the request is.
    Raises AlreadyCancelled, HoldExpired or ShowStarted.
    """
    with locked_booking(booking) as found:
        [cancelled] = _cancel_active([found], by=by)
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


def _cancel_active(bookings: Sequence[BookingSnapshot], *, by: User) -> list[BookingSnapshot]:
    """The bookings after those that are active were cancelled."""
    active = require_active(bookings)
    for each in active:
        require_can_cancel(each)
    show = bookings[0].show
    update_bookings(
        [each.booking for each in active],
        kind=Kind.CANCELLED,
        by=by,
        now=show.now,
        status=Status.CANCELLED,
        cancelled_at=show.now,
        cancelled_by_id=by.pk,
    )
    available_seats = show.available_seats + len(active)
    show = show.show.snapshot(available_seats=available_seats, now=show.now)
    return [each.booking.snapshot(show) for each in bookings]
