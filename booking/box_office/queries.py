"""Statements of the box office: what it reads after the lock, and its updates of bookings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Aggregate, Exists, OuterRef, Subquery, TextField

from ..db.compiled import compiled, map_rows
from ..exceptions import (
    Refusal,
    SalesClosed,
    SeatsTaken,
    SeatTaken,
    ShowCancelled,
    ShowNotFound,
    SoldOut,
)
from ..models import Booking, Show, ShowSnapshot
from ..models.bookings import Status, available_seats, count_per_show
from ..models.clock import Now
from ..seating import nearest_seats
from .attempts import current_attempt


@dataclass(frozen=True, slots=True)
class ForSale:
    """What a sale decides by: a show, and counts of it, at one moment."""

    snapshot: ShowSnapshot
    seats_are_taken: bool  # any of the wanted ones
    seats_have_expired_holds: bool  # any of the wanted ones
    seats_of_customer: int  # active bookings of this show
    customer_is_active: bool
    reference_is_used: bool


@compiled
def for_sale(
    show_id: int, seat_numbers: list[int], customer_id: int, reference: str
) -> models.QuerySet:
    """ForSale of the show; no row without the show."""
    in_show = Booking.objects.filter(show=OuterRef("pk"))
    wanted = in_show.filter(seat_number__in=seat_numbers)
    customers = get_user_model().objects.filter(pk=customer_id, is_active=True)
    shows = Show.objects.filter(pk=show_id).select_related("movie")
    return map_rows(
        shows.annotate(
            now=Now(),
            available_seats=available_seats(),
            seats_are_taken=Exists(wanted.active()),
            seats_have_expired_holds=Exists(wanted.expired_holds()),
            seats_of_customer=count_per_show(in_show.active().filter(user=customer_id)),
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
    alternatives = nearest_seats(free.difference(wanted), taken, show.seats_per_row)
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
    free = set(range(1, show.total_seats + 1)).difference(taken)
    if not free:
        return SoldOut()
    refusal = seats_taken(show, free, wanted)
    return SeatsFreedMeanwhile(refusal) if free.issuperset(wanted) else refusal


class HoldLimit(NamedTuple):
    """Seats that a customer may not hold yet, and the seconds until then."""

    seat_numbers: set[int]
    retry_after: int | None


NO_HOLD_LIMIT = HoldLimit(set(), None)


def hold_limit(show: Show, now: datetime, customer_id: int) -> HoldLimit:
    """What a customer may not hold again yet, because holds on it have just expired.

    Seats whose hold expired may be held once more, but a second time only HOLD_AGAIN_AFTER later:
    others want them, too. Holds that expired within HOLD_AT_MOST count; released ones do not.
    """
    holds = Booking.objects.filter(
        show=show, user=customer_id, status__in=[Status.HELD, Status.EXPIRED]
    )
    expired = holds.filter(held_until__range=(now - settings.HOLD_AT_MOST, now))
    earlier = expired.filter(seat_number=OuterRef("seat_number"), pk__lt=OuterRef("pk"))
    held_again = (
        holds.filter(Exists(earlier), created_at__gt=now - settings.HOLD_AGAIN_AFTER)
        .order_by("-created_at")
        .first()
    )
    if held_again is None:
        return NO_HOLD_LIMIT
    wait = held_again.created_at + settings.HOLD_AGAIN_AFTER - now
    seats = expired.values_list("seat_number", flat=True)
    return HoldLimit(set(seats), ceil(wait.total_seconds()))


def mark_expired_holds(show_id: int, seat_numbers: Sequence[int] | None = None) -> int:
    """Write "expired" to holds that have expired: to the constraint their seats are taken."""
    expired: models.QuerySet = Booking.objects.expired_holds().of_show(show_id)
    if seat_numbers is not None:
        expired = expired.filter(seat_number__in=seat_numbers)
    return expired.update(status=Status.EXPIRED)


def update_bookings(bookings: Sequence[Booking], **values: object) -> None:
    """Write the same values to all of them, in one statement."""
    if attempt := current_attempt.get():
        attempt.has_changes = True
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).update(**values)
    for booking in bookings:
        for name, value in values.items():
            setattr(booking, name, value)
