"""The checklist of the box office. Each check raises a refusal, and is made after the lock."""

from collections.abc import Collection, Sequence
from math import ceil

from django.conf import settings

from ..exceptions import (
    AlreadyCancelled,
    CheckedIn,
    CustomerNotFound,
    HeldTooSoon,
    HoldExpired,
    NoSuchSeat,
    NotEnoughSeats,
    NotForSale,
    SalesClosed,
    SeatTaken,
    ShowCancelled,
    ShowStarted,
    SoldOut,
    TooManySeats,
    TooManySeatsInAll,
)
from ..hold_allowance import HoldAllowance
from ..models import BookingSnapshot, Show, ShowSnapshot
from ..models.statuses import Status
from .queries import ForSale, free_seats

# --- A sale, in this order ---


def require_not_called_off(show: ShowSnapshot) -> None:
    if show.show.cancelled_at is not None:
        raise ShowCancelled(cancelled_at=show.show.cancelled_at)


def require_sales_open(show: ShowSnapshot) -> None:
    require_not_called_off(show)
    if show.now >= show.bookable_until:
        raise SalesClosed(bookable_until=show.bookable_until)


def require_active_customer(sale: ForSale) -> None:
    if not sale.customer_is_active:
        raise CustomerNotFound


def require_seats_exist(show: Show, seat_numbers: Sequence[int]) -> None:
    for seat in seat_numbers:
        if not 1 <= seat <= show.total_seats:
            raise NoSuchSeat(seat_number=seat, total_seats=show.total_seats)


def require_on_sale(show: Show, seat_numbers: Sequence[int]) -> None:
    """Refuse house seats, which only staff sell."""
    if house_seats := sorted(show.seating.house.intersection(seat_numbers)):
        raise NotForSale(seat_numbers=house_seats)


def require_not_sold_out(show: ShowSnapshot) -> None:
    if show.available_seats <= 0:
        raise SoldOut


def require_seats_free(sale: ForSale) -> None:
    """Raises SeatTaken without facts: alternatives are read when the lock is released."""
    if sale.seats_are_taken:
        raise SeatTaken


def require_enough_seats(free: Collection[int], count: int) -> None:
    if not free:
        raise SoldOut
    if len(free) < count:
        raise NotEnoughSeats(available_seats=len(free))


def require_may_hold(seat_numbers: Collection[int], allowance: HoldAllowance) -> None:
    """Refuse a hold that would last less than a tenth of HOLD_FOR, too short to pay in."""
    if allowance.until - allowance.now < settings.HOLD_FOR / 10:
        wait = allowance.possible_at(settings.HOLD_FOR) - allowance.now
        raise HeldTooSoon(seat_numbers=sorted(seat_numbers), retry_after=ceil(wait.total_seconds()))


def require_within_seat_limit(sale: ForSale, more: int) -> None:
    """At most so many active seats of this show, and of all shows to come.

    Sales of other shows lock other rows: what a customer buys in several shows at the same moment
    can exceed the limit of all by the seats of those sales.
    """
    limit = settings.MAX_SEATS_PER_CUSTOMER
    if sale.seats_of_customer + more > limit:
        raise TooManySeats(limit=limit, seats=sale.seats_of_customer)
    limit = settings.MAX_SEATS_PER_CUSTOMER_IN_ALL
    is_to_come = sale.snapshot.now < sale.snapshot.show.date_time
    if is_to_come and sale.seats_in_all + more > limit:
        raise TooManySeatsInAll(limit=limit, seats=sale.seats_in_all)


# --- A booking that exists ---


def require_active(bookings: Sequence[BookingSnapshot]) -> list[BookingSnapshot]:
    """Those whose seat is not free. Raises AlreadyCancelled or HoldExpired if there is none."""
    active = [each for each in bookings if each.is_active]
    if active:
        return active
    expired = [each.booking.seat_number for each in bookings if each.status == Status.EXPIRED]
    if expired:
        show = bookings[0].show
        free = free_seats(show.show, show.now)
        raise HoldExpired(seat_numbers=expired, still_free=[s for s in expired if s in free])
    times = [each.booking.cancelled_at for each in bookings if each.booking.cancelled_at]
    raise AlreadyCancelled(cancelled_at=max(times, default=None))


def require_can_cancel(booking: BookingSnapshot) -> None:
    """A hold can be released until it expires, a booking be cancelled until the show starts."""
    require_not_admitted(booking)
    if not booking.can_cancel:
        raise ShowStarted(cancel_until=booking.cancel_until)


def require_not_admitted(booking: BookingSnapshot) -> None:
    """Raise CheckedIn, for staff too: they undo the check-in before they cancel or move."""
    if booking.booking.admitted_at is not None:
        raise CheckedIn(admitted_at=booking.booking.admitted_at)
