"""The box office: every change to a seat goes through here, and only here are locks taken.

What is scarce is the seat. What is locked is the row of the show: whoever wants any seat of a
show waits for that row's turn, so the buyers of one show stand in one queue and those of
different shows never meet. A transaction locks one show; one that ever needs two must take
them in ascending order of id.

Everything that is decided is read after the lock, in a statement of its own. Under READ
COMMITTED the statement that waited for the lock still sees the rows as they were before it
waited: a count made in it would miss the very booking it waited for.

The lock is the queue; the truth is the constraint `one_active_booking_per_seat`. Should
anything ever get past the lock, the constraint stops it, and the buyer hears `seat_taken`.

On SQLite `select_for_update` does nothing. There every transaction begins IMMEDIATE
(settings.SQLITE_OPTIONS): the same queue, one for the whole file.
"""

import logging

from django.db import IntegrityError, transaction

from .exceptions import (
    AlreadyCancelled,
    BookingExpired,
    NoSuchSeat,
    SalesClosed,
    SeatsInUse,
    SeatTaken,
    ShowCancelled,
    ShowNotFound,
    ShowStarted,
    SoldOut,
)
from .models import Booking, Show
from .seating import nearest_seats

log = logging.getLogger(__name__)


def book(*, show_id, seat_number, by):
    """Sell one seat to a user. The booking comes with its show (and movie) as it is now.

    Raises ShowNotFound, ShowCancelled, SalesClosed, NoSuchSeat, SoldOut or SeatTaken, which
    offers up to five `alternatives`.
    """
    try:
        with transaction.atomic():
            _wait_for_turn(show_id)
            shows = Show.objects.with_availability().with_seat(seat_number)
            show = shows.select_related("movie").get(pk=show_id)
            _check_seat_is_for_sale(show, seat_number)
            booking = _sell(show, seat_number, by)
    except IntegrityError as error:
        # Caught outside the transaction, which it has spoilt.
        if not _is_double_sale(error):
            raise
        raise _seat_taken(Show.objects.get(pk=show_id), seat_number) from error
    log.info("user %s booked seat %s of show %s", by.pk, seat_number, show_id)
    return booking


def cancel(*, booking, by):
    """Give a seat back, before its show starts. The booking that is returned is read anew.

    `by` is the customer or staff; who may cancel whose booking is for the caller to say.
    Raises AlreadyCancelled, BookingExpired or ShowStarted.
    """
    with transaction.atomic():
        _wait_for_turn(booking.show_id)
        booking = Booking.objects.with_shows().get(pk=booking.pk)
        _check_can_be_cancelled(booking)
        booking.status = Booking.Status.CANCELLED
        booking.cancelled_at = booking.show.as_of
        booking.save(update_fields=["status", "cancelled_at"])
        booking.show.available_seats += 1
    log.info("user %s cancelled booking %s", by.pk, booking.pk)
    return booking


def check_new_size(*, show, total_seats):
    """Refuse to take away seats that are held or booked.

    Call it in the transaction that saves the show: from here to its end nobody books.
    Raises SeatsInUse.
    """
    _wait_for_turn(show.pk)
    highest = (
        Booking.objects.active()
        .filter(show=show, seat_number__gt=total_seats)
        .order_by("-seat_number")
        .values_list("seat_number", flat=True)
        .first()
    )
    if highest:
        raise SeatsInUse(highest=highest)


def _wait_for_turn(show_id):
    """Lock the show's row until the transaction ends; reads nothing that is decided on."""
    try:
        Show.objects.select_for_update().values_list("pk").get(pk=show_id)
    except Show.DoesNotExist:
        raise ShowNotFound from None


def _check_seat_is_for_sale(show, seat_number):
    if show.cancelled_at is not None:
        raise ShowCancelled(cancelled_at=show.cancelled_at)
    if not show.sales_are_open:
        raise SalesClosed(bookable_until=show.bookable_until)
    if not 1 <= seat_number <= show.total_seats:
        raise NoSuchSeat(total_seats=show.total_seats)
    if show.available_seats <= 0:
        raise SoldOut
    if show.seat_is_taken:
        raise _seat_taken(show, seat_number)


def _sell(show, seat_number, user):
    if show.seat_has_lapsed_hold:
        # The constraint cannot know the time: to it the seat is held until someone says not.
        lapsed = Booking.objects.lapsed().filter(show=show, seat_number=seat_number)
        lapsed.update(status=Booking.Status.EXPIRED)
    booking = Booking.objects.create(
        user=user, show=show, seat_number=seat_number, created_at=show.as_of
    )
    show.available_seats -= 1
    return booking


def _seat_taken(show, seat_number):
    taken = Booking.objects.active().filter(show=show).values_list("seat_number", flat=True)
    free = set(range(1, show.total_seats + 1)).difference(taken)
    return SeatTaken(
        seat_numbers=[seat_number],
        alternatives=nearest_seats(free, seat_number, show.seats_per_row),
    )


def _is_double_sale(error):
    """PostgreSQL names the constraint that was violated, SQLite its columns."""
    message = str(error)
    return "one_active_booking_per_seat" in message or "booking_booking.seat_number" in message


def _check_can_be_cancelled(booking):
    if booking.status == Booking.Status.CANCELLED:
        raise AlreadyCancelled(cancelled_at=booking.cancelled_at)
    if not booking.is_active:
        raise BookingExpired
    if booking.show.as_of >= booking.cancel_until:
        raise ShowStarted(cancel_until=booking.cancel_until)
