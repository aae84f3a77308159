"""Statements of the box office: what it reads after the lock, and its updates of bookings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import models
from django.db.models import Aggregate, Exists, Max, Min, OuterRef, Subquery, TextField
from django.db.models.functions import Coalesce
from django.db.transaction import on_commit

from ..db.compiled import compiled, map_rows
from ..db.writing import defer_insert
from ..exceptions import (
    NoSuchSeat,
    Refusal,
    SalesClosed,
    SeatsTaken,
    SeatTaken,
    ShowCancelled,
    ShowNotFound,
    SoldOut,
)
from ..hold_allowance import HoldAllowance, Interval, merge
from ..logging import current_request_id
from ..metrics import seats_of
from ..models import Booking, BookingEvent, Show, ShowSnapshot
from ..models.booking_events import Kind
from ..models.bookings import available_seats, count_per, count_per_show
from ..models.clock import Now
from ..models.movies import SEARCH_KEY_FIELDS
from ..models.shows import FIELDS_FOR_STAFF
from ..models.statuses import Status
from ..seating import nearest_seats


@dataclass(frozen=True, slots=True)
class ForSale:
    """What a sale decides by: a show, and counts of it, at one moment."""

    snapshot: ShowSnapshot
    seats_are_taken: bool  # any of the wanted ones
    seats_have_expired_holds: bool  # any of the wanted ones
    seats_of_customer: int  # active bookings of this show
    seats_in_all: int  # the customer's active bookings of all shows to come
    customer_is_active: bool
    reference_is_used: bool


@compiled
def for_sale(
    show_id: int, seat_numbers: list[int], customer_id: int, reference: str
) -> models.QuerySet:
    """ForSale of the show; no row without the show."""
    in_show = Booking.objects.filter(show=OuterRef("pk"))
    wanted = in_show.filter(seat_number__in=seat_numbers)
    to_come = Booking.objects.active().filter(
        user=customer_id, show__date_time__gt=Now(), show__cancelled_at=None
    )
    customers = get_user_model().objects.filter(pk=customer_id, is_active=True)
    keys = (f"movie__{name}" for name in SEARCH_KEY_FIELDS)
    shows = Show.objects.filter(pk=show_id).select_related("movie")
    return map_rows(
        shows.defer(*FIELDS_FOR_STAFF, *keys).annotate(
            now=Now(),
            available_seats=available_seats(),
            seats_are_taken=Exists(wanted.active()),
            seats_have_expired_holds=Exists(wanted.expired_holds()),
            seats_of_customer=count_per_show(in_show.active().filter(user=customer_id)),
            seats_in_all=count_per(to_come, "user"),
            customer_is_active=Exists(customers),
            reference_is_used=Exists(Booking.objects.filter(reference=reference)),
        ),
        _for_sale_of_row,
    )


def _for_sale_of_row(show: Show) -> ForSale:
    available_seats, now, *others = map(show.__dict__.pop, ANNOTATIONS)
    return ForSale(show.snapshot(available_seats=available_seats, now=now), *others)


ANNOTATIONS = ["available_seats", "now", *ForSale.__slots__[1:]]


@compiled
def taken_seats(show_id: int, now: datetime) -> models.QuerySet:
    """The seat numbers that are not free at a time read after the lock."""
    return Booking.objects.active(now).of_show(show_id).values_list("seat_number", flat=True)


def free_seats(show: Show, now: datetime) -> set[int]:
    return set(range(1, show.total_seats + 1)).difference(taken_seats(show.pk, now))


def seats_taken(show: Show, free: set[int], wanted: Sequence[int]) -> SeatTaken:
    """The refusal of wanted seats that are not free, with up to five alternatives."""
    taken = [seat for seat in wanted if seat not in free] or list(wanted)
    refusal = SeatTaken if len(wanted) == 1 else SeatsTaken
    alternatives = nearest_seats(free.difference(wanted), taken, show.seating)
    return refusal(seat_numbers=taken, alternatives=alternatives)


class SeatList(Aggregate):
    """Seat numbers as one string, "3,5,8": a show's taken seats without a row for each."""

    function = "STRING_AGG"
    template = "%(function)s(CAST(%(expressions)s AS text), ',')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


@compiled
def show_with_taken_seats(show_id: int) -> models.QuerySet:
    """The show, the time and its taken seats, of one moment and without a lock."""
    active = Booking.objects.active().filter(show=OuterRef("pk")).order_by().values("show")
    seats = active.annotate(seats=SeatList("seat_number")).values("seats")
    shows = Show.objects.filter(pk=show_id)
    return map_rows(shows.annotate(now=Now(), taken=Subquery(seats)), _taken_seats_of_row)


def _taken_seats_of_row(show: Show) -> tuple[Show, datetime, set[int]]:
    now, taken = map(show.__dict__.pop, ["now", "taken"])
    return show, now, set(map(int, taken.split(","))) if taken else set()


class SeatsFreedMeanwhile(Exception):
    """The wanted seats were taken and are free now: the sale is to be tried again."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal  # to raise if it was tried often enough


def explain_taken_seats(show_id: int, wanted: Sequence[int]) -> Exception:
    """The refusal of a sale whose seats were taken, with alternatives, read without the lock.

    The answer is true at one moment, that of the read. So what has changed since the seats were
    found taken is looked at again in the order of the checks, and if they are free by now, the
    sale is tried again.
    """
    found = show_with_taken_seats(show_id)
    if not found:
        return ShowNotFound()
    [(show, now, taken)] = found
    if show.cancelled_at is not None:
        return ShowCancelled(cancelled_at=show.cancelled_at)
    if now >= show.bookable_until:
        return SalesClosed(bookable_until=show.bookable_until)
    if missing := next((seat for seat in wanted if seat > show.total_seats), None):
        return NoSuchSeat(seat_number=missing, total_seats=show.total_seats)
    free = set(range(1, show.total_seats + 1)).difference(taken)
    if free.issuperset(wanted):
        return SeatsFreedMeanwhile(seats_taken(show, free, wanted))
    return seats_taken(show, free, wanted) if free.difference(show.seating.house) else SoldOut()


def hold_allowance(show: ShowSnapshot, customer_id: int) -> HoldAllowance:
    """How long the customer has held seats of the show, and may hold them from now on."""
    since = show.now - settings.HOLD_WINDOW
    rows = held_intervals(show.show.pk, customer_id, since, since - settings.HOLD_AT_MOST)
    return HoldAllowance(
        held=merge(Interval(*row) for row in rows),
        now=show.now,
        at_most=settings.HOLD_AT_MOST,
        window=settings.HOLD_WINDOW,
    )


@compiled
def held_intervals(
    show_id: int, customer_id: int, ended_after: datetime, created_after: datetime
) -> models.QuerySet:
    """(began, ended) of each reservation's hold; `ended` is in the future while it runs.

    Of one that was given back seat by seat, the last seat counts. Confirmed ones have no end.
    `created_after` bounds the rows that are read of the customer's index.
    """
    holds = Booking.objects.of_show(show_id).of_user(customer_id)
    holds = holds.exclude(status=Status.BOOKED)
    recent = holds.filter(held_until__gt=ended_after, created_at__gt=created_after)
    of_reservation = recent.order_by().values("reference")
    return of_reservation.annotate(
        began=Min("created_at"), ended=Max(Coalesce("cancelled_at", "held_until"))
    ).values_list("began", "ended")


def mark_expired_holds(show_id: int, seat_numbers: Sequence[int] | None = None) -> int:
    """Write "expired" to holds that have expired: to the constraint their seats are taken."""
    expired: models.QuerySet = Booking.objects.expired_holds().of_show(show_id)
    if seat_numbers is not None:
        expired = expired.filter(seat_number__in=seat_numbers)
    count = expired.update(status=Status.EXPIRED)
    if count:  # no `partial`: Django cannot log its error
        on_commit(lambda: seats_of("expired").inc(count), robust=True)
    return count


def update_bookings(
    bookings: Sequence[Booking],
    *,
    kind: Kind,
    by: User,
    now: datetime,
    reason: str = "",
    **values: object,
) -> None:
    """Write the same values to all of them, in one statement, and an event for each."""
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).update(**values)
    seats_before = [booking.seat_number for booking in bookings]
    for booking in bookings:
        for name, value in values.items():
            setattr(booking, name, value)
    defer_insert(
        [
            BookingEvent(
                booking=booking,
                actor_id=by.pk,
                kind=kind,
                created_at=now,
                request_id=current_request_id.get(),
                seat_number=booking.seat_number,
                moved_from=seat_before if kind == Kind.MOVED else None,
                reason=reason,
            )
            for booking, seat_before in zip(bookings, seats_before, strict=True)
        ]
    )
    on_commit(lambda: seats_of(kind.value).inc(len(bookings)), robust=True)
