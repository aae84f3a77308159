"""Confirming, extending and expiring holds."""

import logging
from typing import Any

from django.contrib.auth.models import User

from ..exceptions import NotHeld
from ..models import Booking, Reservation
from ..models.booking_events import Kind
from ..models.mails import MailKind
from ..models.statuses import Status
from .attempts import mark_safe_to_repeat
from .checks import require_active, require_sales_open
from .locking import lock_show, locked_reservation, retry_transaction, transaction
from .mailing import mail_customers
from .queries import hold_allowance, mark_expired_holds, update_bookings
from .selling import hold_until

log = logging.getLogger(__name__)


@retry_transaction
def confirm(*, reservation: Reservation, by: User) -> Reservation:
    """Book the seats that are held. Repeating it changes nothing.

    Raises AlreadyCancelled, ShowCancelled, SalesClosed or HoldExpired (with the seats that are
    `still_free`).
    """
    with locked_reservation(reservation) as found:
        if found.status == Status.BOOKED:
            mark_safe_to_repeat()
            return found
        confirmed = _update_active(
            found, kind=Kind.CONFIRMED, by=by, status=Status.BOOKED, held_until=None
        )
        mail_customers((each.booking for each in confirmed.bookings), MailKind.BOOKED)
    log.info("user %s confirmed reservation %s", by.pk, found.reference)
    return confirmed


@retry_transaction
def extend(*, reservation: Reservation, by: User) -> Reservation:
    """Let a hold last HOLD_FOR from now, or as long as the customer's allowance is.

    With nothing left of it, nothing changes.
    Raises NotHeld, AlreadyCancelled, HoldExpired, ShowCancelled or SalesClosed.
    """
    with locked_reservation(reservation) as found:
        require_active(found.bookings)
        if found.status == Status.BOOKED:
            raise NotHeld
        allowance = hold_allowance(found.show, found.user_id)
        until = hold_until(found.show, allowance)
        if ends_already := found.leading.expires_at:  # later if the settings were lower then
            until = max(until, min(ends_already, found.show.bookable_until))
        require_sales_open(found.show)
        if until == ends_already:
            return found
        extended = _update_active(found, kind=Kind.EXTENDED, by=by, held_until=until)
    log.info("user %s extended reservation %s", by.pk, found.reference)
    return extended


def _update_active(reservation: Reservation, *, kind: Kind, by: User, **values: Any) -> Reservation:
    active = require_active(reservation.bookings)
    show = reservation.show
    require_sales_open(show)
    update_bookings([each.booking for each in active], kind=kind, by=by, now=show.now, **values)
    return Reservation.of([each.booking.snapshot(show) for each in reservation.bookings])


def expire_holds() -> int:
    """Write "expired" to all holds that have expired, show by show; how many they were.

    Nothing depends on it: expired holds count as free seats everywhere.
    """
    shows = Booking.objects.expired_holds().order_by("show").values_list("show", flat=True)
    return sum(_expire_holds_of_show(show_id) for show_id in shows.distinct())


@retry_transaction
def _expire_holds_of_show(show_id: int) -> int:
    with transaction():
        lock_show(show_id)
        return mark_expired_holds(show_id)
