"""Booking and holding seats."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.transaction import on_commit

from ..db.writing import NewRow, defer_insert, defer_insert_from
from ..hold_allowance import HoldAllowance
from ..logging import current_request_id
from ..metrics import seats_of
from ..models import (
    Booking,
    BookingEvent,
    BookingSnapshot,
    Mail,
    Reservation,
    ShowSnapshot,
    new_reference,
)
from ..models.mails import MailKind
from ..models.statuses import Status
from ..seating import best_seats
from .checks import (
    require_active_customer,
    require_enough_seats,
    require_may_hold,
    require_not_sold_out,
    require_on_sale,
    require_sales_open,
    require_seats_exist,
    require_seats_free,
    require_within_seat_limit,
)
from .locking import lock_show, retry_transaction, transaction
from .queries import for_sale, free_seats, hold_allowance, mark_expired_holds

log = logging.getLogger(__name__)

# Fields of the event of a new booking, and those of the booking that they are copied from.
EVENT_OF_SALE = {
    "booking_id": "id",
    "kind": "status",
    "created_at": "created_at",
    "seat_number": "seat_number",
}


@retry_transaction
def book(
    *, show_id: int, seat_number: int, by: User, customer: User | None = None, note: str = ""
) -> BookingSnapshot:
    """Sell one seat. Raises what `reserve` raises."""
    [booking] = _sell(
        show_id=show_id, by=by, customer=customer, seat_numbers=[seat_number], note=note
    )
    return booking


@retry_transaction
def reserve(
    *,
    show_id: int,
    by: User,
    customer: User | None = None,
    seat_numbers: Sequence[int] | None = None,
    count: int | None = None,
    hold: bool = False,
    hold_for: timedelta | None = None,
    note: str = "",
) -> Reservation:
    """Sell or hold seats, all or none: these, or the `count` best that are free.

    The seats are for the user `by`, within a customer's limits; or staff sell them to `customer`,
    without limits, house seats included. Only staff hold for another time than HOLD_FOR, at most
    until sales close, and write a note.

    Raises ShowNotFound, ShowCancelled, SalesClosed, CustomerNotFound, NoSuchSeat, NotForSale,
    SoldOut, SeatTaken (with up to five `alternatives`), NotEnoughSeats, HeldTooSoon or
    TooManySeats.
    """
    return Reservation.of(
        _sell(
            show_id=show_id,
            by=by,
            customer=customer,
            seat_numbers=seat_numbers,
            count=count,
            hold=hold,
            hold_for=hold_for,
            note=note,
        )
    )


def forget_notes(*, user: User) -> None:
    """Empty the notes on a user's bookings, which may name people."""
    Booking.objects.of_user(user.pk).exclude(note="").update(note="")


def _sell(
    *,
    show_id: int,
    by: User,
    customer: User | None,
    seat_numbers: Sequence[int] | None = None,
    count: int | None = None,
    hold: bool = False,
    hold_for: timedelta | None = None,
    note: str = "",
) -> list[BookingSnapshot]:
    buyer = customer or by
    reference = new_reference()
    wanted = list(seat_numbers or ())
    query = for_sale.bind(show_id, wanted, buyer.pk, reference)
    with transaction() as attempt:
        attempt.show_id, attempt.seat_numbers = show_id, wanted
        [[sale]] = lock_show(show_id, query)
        show = sale.snapshot
        require_sales_open(show)
        require_active_customer(sale)
        if count is None:
            require_seats_exist(show.show, wanted)
            if customer is None:
                if show.show.layout:
                    require_on_sale(show.show, wanted)
                require_not_sold_out(show)
            require_seats_free(sale)
        else:
            attempt.seat_numbers = _pick_best_seats(show, count)
        allowance = None
        if hold and customer is None:
            allowance = hold_allowance(show, buyer.pk)
            require_may_hold(attempt.seat_numbers, allowance)
        if customer is None:
            require_within_seat_limit(sale, len(attempt.seat_numbers))
        if sale.seats_have_expired_holds or count is not None:
            mark_expired_holds(show_id, attempt.seat_numbers)
        if sale.reference_is_used:
            reference = _unused_reference()
        until = hold_until(show, allowance, hold_for) if hold else None
        sold = _insert_bookings(show, attempt.seat_numbers, buyer, reference, until, by, note)
    status = Status.HELD if hold else Status.BOOKED
    log.info("user %s %s seats %s of show %s", by.pk, status, attempt.seat_numbers, show_id)
    return sold


def hold_until(
    show: ShowSnapshot, allowance: HoldAllowance | None, hold_for: timedelta | None = None
) -> datetime:
    """When a hold that begins now expires: not after sales close, and within the allowance."""
    until = min(show.now + (hold_for or settings.HOLD_FOR), show.bookable_until)
    return min(until, allowance.until) if allowance else until


def _pick_best_seats(show: ShowSnapshot, count: int) -> list[int]:
    layout = show.show.seating
    free = free_seats(show.show, show.now).difference(layout.by_number_only)
    require_enough_seats(free, count)
    return best_seats(free, layout, count)


def _unused_reference() -> str:
    """Of a million reservations, about three would have another's reference by chance."""
    while True:
        reference = new_reference()
        if not Booking.objects.filter(reference=reference).exists():
            return reference


def _insert_bookings(
    show: ShowSnapshot,
    seat_numbers: Sequence[int],
    buyer: User,
    reference: str,
    held_until: datetime | None,
    by: User,
    note: str,
) -> list[BookingSnapshot]:
    left = show.available_seats - len(seat_numbers)
    if show.show.layout:
        left += len(show.show.seating.house.intersection(seat_numbers))  # were not on sale
    after = show._replace(available_seats=left, is_bookable=left > 0)
    bookings, snapshots = [], []
    for seat_number in sorted(seat_numbers):
        booking = Booking(
            user_id=buyer.pk,
            show=show.show,
            seat_number=seat_number,
            status=Status.HELD if held_until else Status.BOOKED,
            held_until=held_until,
            reference=reference,
            created_at=show.now,
            note=note,
        )
        bookings.append(booking)
        snapshots.append(booking.snapshot(after))
    mails = []
    if buyer.email and not held_until:
        mail = {"kind": MailKind.BOOKED.value, "reference": reference, "recipient": buyer.email}
        mails.append(NewRow(Mail, mail))
    defer_insert(bookings, *mails)
    defer_insert_from(
        bookings,
        ("show_id", "reference"),  # no other booking of a show has the reference
        BookingEvent,
        copied=EVENT_OF_SALE,
        actor_id=by.pk,
        request_id=current_request_id.get(),
    )
    change = seats_of("held" if held_until else "booked")
    for _ in bookings:  # no `partial`: Django cannot log its error
        on_commit(change.inc, robust=True)
    return snapshots
