"""Moving a booking to another seat."""

import logging

from django.contrib.auth.models import User

from ..models import Booking, BookingSnapshot
from ..models.booking_events import Kind
from ..models.bookings import Status
from .checks import (
    require_active,
    require_can_cancel,
    require_not_called_off,
    require_sales_open,
    require_seats_exist,
)
from .locking import locked_booking, retry_transaction
from .queries import free_seats, mark_expired_holds, seats_taken, update_bookings

log = logging.getLogger(__name__)


@retry_transaction
def move(*, booking: Booking, seat_number: int, by: User) -> BookingSnapshot:
    """Change the seat of a booking or hold: it gets the new one, or keeps the old one.

    Moving to the same seat changes nothing, and a hold ends when it would have. A hold can be
    moved while it can be confirmed, a booking until the show starts. Raises AlreadyCancelled,
    HoldExpired, ShowCancelled, SalesClosed, ShowStarted, NoSuchSeat or SeatTaken (with
    `alternatives`).
    """
    with locked_booking(booking, wanted=seat_number) as found:
        require_active([found])
        show, now = found.show.show, found.show.now
        if found.status == Status.HELD:
            require_sales_open(found.show)
        else:
            require_not_called_off(found.show)
            require_can_cancel(found)
        require_seats_exist(show, [seat_number])
        if seat_number == found.booking.seat_number:
            return found
        # A move is rare. Its alternatives are read under the lock, so that they agree with what
        # was decided about the booking.
        free = free_seats(show, now)
        if seat_number not in free:
            raise seats_taken(show, free, [seat_number])
        mark_expired_holds(show.pk, [seat_number])
        update_bookings([found.booking], kind=Kind.MOVED, by=by, now=now, seat_number=seat_number)
    log.info("user %s moved booking %s to seat %s", by.pk, booking.pk, seat_number)
    return found.booking.snapshot(found.show)
