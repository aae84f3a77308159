import logging

from django.db import transaction

from ..database import retried
from ..exceptions import NotBooked, ShowStarted
from ..models import Booking
from .seats import (
    Status,
    change,
    check_seats_exist,
    check_takes_place,
    note_lapsed_holds,
    seats_taken,
    those_active,
)
from .turns import integrity_kept, turn_of, turn_of_reservation, wait_for_turn

log = logging.getLogger(__name__)


@retried
def cancel(*, booking, by):
    """Give a seat back, before its show starts. The booking that is returned is read anew.

    `by` is the customer or staff; who may cancel whose booking is for the caller to say.
    Raises AlreadyCancelled, HoldExpired or ShowStarted.
    """
    with turn_of(booking) as booking:
        _give_back([booking])
    log.info("user %s cancelled booking %s", by.pk, booking.pk)
    return booking


@retried
def cancel_reservation(*, reservation, by):
    """Give back what is left of its seats. Raises what `cancel` raises."""
    with turn_of_reservation(reservation) as reservation:
        _give_back(reservation.bookings)
    log.info("user %s cancelled reservation %s", by.pk, reservation.reference)
    return reservation


@retried
def cancel_everything(*, user):
    """Give back whatever the user has of shows that have not started. All in one transaction, which
    waits for several shows in the one order in which nobody waits in a circle."""
    with transaction.atomic():
        mine = Booking.objects.active().filter(user=user)
        for show_id in mine.order_by("show").values_list("show", flat=True).distinct():
            wait_for_turn(show_id)
            of_show = list(mine.filter(show=show_id).with_shows())
            if can_cancel := [booking for booking in of_show if booking.can_cancel]:
                _give_back(can_cancel)
    log.info("user %s cancelled everything", user.pk)


@retried
def move(*, booking, seat_number, by):
    """Change the seat of a booking in one step: the new one is taken, or the old one is kept.
    To the seat that it has already, nothing is changed.

    Raises NotBooked, AlreadyCancelled, HoldExpired, ShowCancelled, ShowStarted, NoSuchSeat or
    SeatTaken.
    """
    with integrity_kept(booking.show_id, [seat_number]), turn_of(booking) as booking:
        those_active([booking])
        if booking.status == Status.HELD:
            raise NotBooked
        check_takes_place(booking.show)
        _check_not_started(booking)
        check_seats_exist(booking.show, [seat_number])
        if seat_number == booking.seat_number:
            return booking
        _take(booking, seat_number)
    log.info("user %s moved booking %s to seat %s", by.pk, booking.pk, seat_number)
    return booking


def _take(booking, seat_number):
    show = booking.show
    active = Booking.objects.active(show.as_of).filter(show=show)
    if active.filter(seat_number=seat_number).exists():
        raise seats_taken(show, [seat_number])
    note_lapsed_holds(show, [seat_number])
    change([booking], seat_number=seat_number)


def _give_back(bookings):
    active = those_active(bookings)
    for booking in active:
        _check_not_started(booking)
    show = active[0].show
    change(active, status=Status.CANCELLED, cancelled_at=show.as_of)
    show.available_seats += len(active)


def _check_not_started(booking):
    """A hold can be released as long as it lasts, a booking cancelled until the show starts."""
    if not booking.can_cancel:
        raise ShowStarted(cancel_until=booking.cancel_until)
