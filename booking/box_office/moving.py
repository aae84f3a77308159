"""Moving a booking to another seat."""

import logging

from django.contrib.auth.models import User

from ..models import Booking, BookingSnapshot
from ..models.booking_events import Kind
from ..models.mails import MailKind
from ..models.statuses import Status
from .checks import (
    require_active,
    require_can_cancel,
    require_not_admitted,
    require_not_called_off,
    require_on_sale,
    require_sales_open,
    require_seats_exist,
)
from .locking import locked_booking, retry_transaction
from .mailing import mail_customers
from .queries import free_seats, mark_expired_holds, seats_taken, update_bookings

log = logging.getLogger(__name__)


@retry_transaction
def move(
    *, booking: Booking, seat_number: int, by: User, as_staff: bool = False, reason: str = ""
) -> BookingSnapshot:
    """Change the seat of a booking or hold: it gets the new one, or keeps the old one.

    Moving to the same seat changes nothing, and a hold ends when it would have. A hold can be
    moved while it can be confirmed, a booking until the show starts. Staff move at any time, also
    to a house seat. Raises AlreadyCancelled, HoldExpired, CheckedIn, ShowCancelled,
    SalesClosed, ShowStarted, NoSuchSeat, NotForSale or SeatTaken (with `alternatives`).
    """
    with locked_booking(booking, wanted=seat_number) as found:
        require_active([found])
        require_not_admitted(found)
        show, now = found.show.show, found.show.now
        if as_staff:
            require_not_called_off(found.show)
        elif found.status == Status.HELD:
            require_sales_open(found.show)
        else:
            require_not_called_off(found.show)
            require_can_cancel(found)
        require_seats_exist(show, [seat_number])
        if seat_number == found.booking.seat_number:
            return found
        if not as_staff:
            require_on_sale(show, [seat_number])
        # A move is rare. Its alternatives are read under the lock, so that they agree with what
        # was decided about the booking.
        free = free_seats(show, now)
        if seat_number not in free:
            raise seats_taken(show, free, [seat_number])
        mark_expired_holds(show.pk, [seat_number])
        seat_before = found.booking.seat_number
        update_bookings(
            [found.booking],
            kind=Kind.MOVED,
            by=by,
            now=now,
            reason=reason,
            seat_number=seat_number,
        )
        if found.status == Status.BOOKED:
            mail_customers([found.booking], MailKind.CHANGED)
    log.info("user %s moved booking %s to seat %s", by.pk, booking.pk, seat_number)
    house = show.seating.house  # free house seats do not count as available
    available = found.show.available_seats + (seat_number in house) - (seat_before in house)
    return found.booking.snapshot(show.snapshot(available_seats=available, now=now))
