"""What the counters of the box office share: questions about seats, to be asked after the lock,
and the statements that change them."""

from ..exceptions import (
    AlreadyCancelled,
    HoldExpired,
    NoSuchSeat,
    SalesClosed,
    SeatsTaken,
    SeatTaken,
    ShowCancelled,
)
from ..models import Booking
from ..models.prepared import prepared
from ..seating import nearest_seats

Status = Booking.Status


def check_takes_place(show):
    if show.cancelled_at is not None:
        raise ShowCancelled(cancelled_at=show.cancelled_at)


def check_sales_are_open(show):
    check_takes_place(show)
    if not show.sales_are_open:
        raise SalesClosed(bookable_until=show.bookable_until)


def check_seats_exist(show, seat_numbers):
    for seat in seat_numbers:
        if not 1 <= seat <= show.total_seats:
            raise NoSuchSeat(seat_number=seat, total_seats=show.total_seats)


def free_seats(show):
    """As of when the show was read."""
    taken = (seat for (seat,) in taken_seats(show.pk, show.as_of))
    return set(range(1, show.total_seats + 1)).difference(taken)


@prepared
def taken_seats(show_id, as_of):
    return Booking.objects.active(as_of).filter(show=show_id).values_list("seat_number")


def seats_taken(show, wanted):
    """The refusal of seats of which some are taken."""
    free = free_seats(show)
    taken = [seat for seat in wanted if seat not in free] or wanted
    refusal = SeatTaken if len(wanted) == 1 else SeatsTaken
    return refusal(
        seat_numbers=taken,
        alternatives=nearest_seats(free.difference(wanted), taken, show.seats_per_row),
    )


def those_active(bookings):
    """Those of the bookings whose seat is not free. Raises AlreadyCancelled or HoldExpired if
    there is none."""
    active = [booking for booking in bookings if booking.is_active]
    if active:
        return active
    expired = [each.seat_number for each in bookings if each.current_status == Status.EXPIRED]
    if expired:
        free = free_seats(bookings[0].show)
        raise HoldExpired(seat_numbers=expired, still_free=[s for s in expired if s in free])
    when = [each.cancelled_at for each in bookings if each.cancelled_at]
    raise AlreadyCancelled(cancelled_at=max(when, default=None))


def note_lapsed_holds(show, seat_numbers):
    """To the constraint a seat is held until somebody says that it is not."""
    lapsed = Booking.objects.lapsed().filter(show=show, seat_number__in=seat_numbers)
    lapsed.update(status=Status.EXPIRED)


def change(bookings, **values):
    """Write the same values to all of them, in one statement."""
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).update(**values)
    for booking in bookings:
        for name, value in values.items():
            setattr(booking, name, value)
