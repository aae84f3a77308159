"""Invariants of bookings, by SQL that returns violations only."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, F, Max, Min, Q, QuerySet

from ..models import Booking
from ..models.bookings import BookingQuerySet
from ..models.clock import Now
from ..models.statuses import ACTIVE, Status

LEEWAY = timedelta(minutes=1)  # clocks of hosts that loaded fixtures may differ


def _bookings(show_id: int | None) -> BookingQuerySet:
    bookings = Booking.objects.order_by()
    return bookings if show_id is None else bookings.of_show(show_id)


def _numbers(found: QuerySet) -> Iterator[str]:
    for each in found.values_list("pk", "show", "seat_number", "status").iterator():
        yield "booking {} (show {}, seat {}, {})".format(*each)


def no_seat_is_sold_twice(show_id: int | None) -> Iterator[str]:
    """A seat of a show has at most one booking that is held or booked."""
    sold = _bookings(show_id).filter(status__in=ACTIVE).values("show", "seat_number")
    twice = sold.annotate(count=Count("pk"), first=Min("pk"), last=Max("pk")).filter(count__gt=1)
    for each in twice.iterator():
        yield (
            "seat {seat_number} of show {show}: {count} bookings, the first is {first}, "
            "the last {last}".format(**each)
        )


def active_seats_exist(show_id: int | None) -> Iterator[str]:
    """A held or booked seat has a number from 1 to its show's total_seats."""
    outside = Q(seat_number__lt=1) | Q(seat_number__gt=F("show__total_seats"))
    return _numbers(_bookings(show_id).active().filter(outside))


def no_show_is_oversold(show_id: int | None) -> Iterator[str]:
    """A show has at most total_seats seats that are held or booked."""
    active = _bookings(show_id).active().values("show", "show__total_seats")
    for each in (
        active.annotate(sold=Count("pk")).filter(sold__gt=F("show__total_seats")).iterator()
    ):
        yield "show {show}: {sold} of {show__total_seats} seats are taken".format(**each)


def a_reservation_has_one_customer_and_show(show_id: int | None) -> Iterator[str]:
    """The bookings of a reference have one user and one show, and were made at one moment."""
    # By the lowest and highest value: a count of distinct ones would sort every group.
    bookings = Booking.objects.order_by()
    if show_id is not None:
        references = _bookings(show_id).values("reference")
        bookings = bookings.filter(reference__in=references)
    bounds = {
        f"{which}_{name}": end(name)
        for name in ("user", "show", "created_at")
        for which, end in (("min", Min), ("max", Max))
    }
    differ = ~Q(min_user=F("max_user"), min_show=F("max_show"), min_created_at=F("max_created_at"))
    mixed = bookings.values("reference").annotate(**bounds).filter(differ)
    for reference in mixed.values_list("reference", flat=True).iterator():
        yield f"reference {reference}"


def holds_of_a_reservation_end_together(show_id: int | None) -> Iterator[str]:
    """The held bookings of a reference have one held_until."""
    held = _bookings(show_id).filter(status=Status.HELD).values("reference")
    mixed = held.annotate(first=Min("held_until"), last=Max("held_until"))
    for each in mixed.exclude(first=F("last")).iterator():
        yield "reference {reference}: from {first} to {last}".format(**each)


def statuses_agree_with_times(show_id: int | None) -> Iterator[str]:
    """Held and expired bookings have held_until, booked ones do not, an expired one is over;
    only cancelled bookings have cancelled_at, only booked or cancelled ones admitted_at.
    """
    no_end, not_cancelled = Q(held_until=None), Q(cancelled_at=None)
    not_admitted = Q(admitted_at=None)
    right = (
        Q(~no_end, not_cancelled, not_admitted, status=Status.HELD)
        | Q(no_end, not_cancelled, status=Status.BOOKED)
        | Q(~not_cancelled, status=Status.CANCELLED)
        | Q(not_cancelled, not_admitted, status=Status.EXPIRED, held_until__lte=Now())
    )
    # An account that was deleted leaves a time without a user, never a user without a time.
    who = Q(not_cancelled, cancelled_by__isnull=False) | Q(not_admitted, admitted_by__isnull=False)
    return _numbers(_bookings(show_id).filter(~right | who))


def times_are_in_order(show_id: int | None) -> Iterator[str]:
    """A booking ends after it began, a hold was cancelled before it expired, and nothing is in
    the future.
    """
    # Not admitted_at after created_at: a gate that was offline reports its own clock.
    latest = Now() + LEEWAY
    wrong = (
        Q(cancelled_at__lt=F("created_at"))
        | Q(held_until__lt=F("created_at"))
        | Q(cancelled_at__gt=F("held_until"))
        | Q(cancelled_at__lt=F("admitted_at"))
        | Q(created_at__gt=latest)
        | Q(cancelled_at__gt=latest)
        | Q(admitted_at__gt=latest)
    )
    return _numbers(_bookings(show_id).filter(wrong))
