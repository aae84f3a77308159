import logging

from django.conf import settings
from django.db import transaction

from ..database import retried
from ..exceptions import NotHeld
from ..models import Booking
from .seats import Status, change, check_sales_are_open, those_active
from .selling import hold_until
from .turns import turn_of_reservation, wait_for_turn

log = logging.getLogger(__name__)


@retried
def confirm(*, reservation, by):
    """Book what is held. Once more does no harm.

    Raises AlreadyCancelled, ShowCancelled, SalesClosed or HoldExpired, which tells which of
    its seats are `still_free`.
    """
    with turn_of_reservation(reservation) as reservation:
        if reservation.status == Status.BOOKED:
            return reservation
        held = those_active(reservation.bookings)
        check_sales_are_open(reservation.show)
        change(held, status=Status.BOOKED, held_until=None)
    log.info("user %s confirmed reservation %s", by.pk, reservation.reference)
    return reservation


@retried
def extend(*, reservation, by):
    """Restart the clock of a hold, which never lasts longer than HOLD_AT_MOST in all.

    Raises NotHeld, AlreadyCancelled, HoldExpired, ShowCancelled or SalesClosed.
    """
    with turn_of_reservation(reservation) as reservation:
        held = those_active(reservation.bookings)
        if reservation.status == Status.BOOKED:
            raise NotHeld
        check_sales_are_open(reservation.show)
        longest = reservation.created_at + settings.HOLD_AT_MOST
        change(held, held_until=min(hold_until(reservation.show), longest))
    log.info("user %s extended reservation %s", by.pk, reservation.reference)
    return reservation


def expire_holds():
    """Note which holds have lapsed, show by show; answers how many. Nothing depends on it: it
    only tidies what the table says."""
    shows = Booking.objects.lapsed().order_by("show").values_list("show", flat=True).distinct()
    return sum(_expire_holds_of(show_id) for show_id in shows)


@retried
def _expire_holds_of(show_id):
    with transaction.atomic():
        wait_for_turn(show_id)
        return Booking.objects.lapsed().filter(show=show_id).update(status=Status.EXPIRED)
