import logging

from django.conf import settings
from django.db import transaction

from ..database import retried
from ..exceptions import HeldTooSoon, NotEnoughSeats, SoldOut
from ..models import Booking, Reservation, new_reference
from ..models.prepared import insert
from ..models.shows import for_sale
from ..seating import best_seats
from .limits import check_account, check_limit, held_too_soon
from .seats import (
    Status,
    check_sales_are_open,
    check_seats_exist,
    free_seats,
    note_lapsed_holds,
    seats_taken,
)
from .turns import integrity_kept, wait_for_turn

log = logging.getLogger(__name__)


def book(*, show_id, seat_number, by, customer=None):
    """Sell one seat: a reservation of one. Raises what `reserve` raises."""
    reservation = reserve(show_id=show_id, seat_numbers=[seat_number], by=by, customer=customer)
    return reservation.bookings[0]


@retried
def reserve(*, show_id, by, customer=None, seat_numbers=None, count=None, hold=False):
    """Sell seats, or hold them for a while: these seats, or the `count` best there are; all of
    them or none. The reservation comes with its show (and movie) as it is now.

    The seats are for `by`, a user or the bearer of a token, within the limits of a customer; or
    staff sell them to a `customer`, without limits.

    Raises CustomerNotFound, ShowNotFound, ShowCancelled, SalesClosed, NoSuchSeat, SoldOut,
    NotEnoughSeats, TooManySeats, HeldTooSoon or SeatTaken, which offers up to five `alternatives`.
    """
    wanted = list(seat_numbers or [])
    reference = new_reference()
    with integrity_kept(show_id, wanted), transaction.atomic():
        asked = for_sale.about(show_id, wanted, (customer or by).pk, reference)
        [[show]] = wait_for_turn(show_id, asked)
        check_sales_are_open(show)
        check_account(show, customer or by)
        limited = customer is None
        too_soon, retry_after = held_too_soon(show, by) if hold and limited else (set(), None)
        if wanted:
            _check_are_free(show, wanted)
            if too_soon.intersection(wanted):
                raise HeldTooSoon(
                    seat_numbers=sorted(too_soon.intersection(wanted)), retry_after=retry_after
                )
        else:
            # Into the same list, which `integrity_kept` names should a pick lose after all.
            wanted += _pick(show, count, too_soon, retry_after)
        if limited:
            check_limit(show, len(wanted))
        if show.reference_is_used:
            reference = _unused_reference()
        bookings = _sell(show, wanted, customer or by, reference, hold)
    log.info("user %s %s seats %s of show %s", by.pk, bookings[0].status, wanted, show_id)
    return Reservation(bookings)


def hold_until(show):
    """When a hold lapses that begins now: nobody can confirm it after sales have closed."""
    return min(show.as_of + settings.HOLD_FOR, show.bookable_until)


def _check_are_free(show, seat_numbers):
    check_seats_exist(show, seat_numbers)
    if show.available_seats <= 0:
        raise SoldOut
    if show.seats_are_taken:
        raise seats_taken(show, seat_numbers)
    if show.seats_have_lapsed_holds:
        note_lapsed_holds(show, seat_numbers)


def _pick(show, count, too_soon, retry_after):
    """The best seats that are free; as they are picked in turn, no pick loses to another."""
    free = free_seats(show)
    if not free:
        raise SoldOut
    if len(free) < count:
        raise NotEnoughSeats(available_seats=len(free))
    if len(free - too_soon) < count:
        raise HeldTooSoon(seat_numbers=sorted(free & too_soon), retry_after=retry_after)
    seats = best_seats(free - too_soon, show.total_seats, show.seats_per_row, count)
    note_lapsed_holds(show, seats)
    return seats


def _unused_reference():
    """Of a million reservations about three would share theirs with another, by chance."""
    while True:
        reference = new_reference()
        if not Booking.objects.filter(reference=reference).exists():
            return reference


def _sell(show, seat_numbers, user, reference, hold):
    bookings = [
        Booking(
            user_id=user.pk,
            show=show,
            seat_number=seat_number,
            status=Status.HELD if hold else Status.BOOKED,
            held_until=hold_until(show) if hold else None,
            reference=reference,
            created_at=show.as_of,
        )
        for seat_number in sorted(seat_numbers)
    ]
    show.available_seats -= len(bookings)
    insert(bookings, last=True)
    return bookings
