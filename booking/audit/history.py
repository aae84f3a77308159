"""Replay of a booking's events: in order, they must lead to its status and seat."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from ..models import Booking
from ..models.slices import slices

# The status of a booking after each event, by the status before it; None: there was no booking.
# "admitted" is a booked seat whose customer is in.
STATUS_AFTER = {
    (None, "held"): "held",
    (None, "booked"): "booked",
    ("held", "extended"): "held",
    ("held", "moved"): "held",
    ("held", "confirmed"): "booked",
    ("held", "cancelled"): "cancelled",
    ("booked", "moved"): "booked",
    ("booked", "cancelled"): "cancelled",
    ("booked", "admitted"): "admitted",
    # A gate that was offline may report an earlier scan of a customer who is in already.
    ("admitted", "admitted"): "admitted",
    ("admitted", "undone"): "booked",
    ("admitted", "cancelled"): "cancelled and admitted",  # by calling off
}


class Change(NamedTuple):
    """The fields of an event that a replay needs."""

    kind: str
    seat_number: int  # after it
    moved_from: int | None
    created_at: datetime


class State(NamedTuple):
    status: str
    seat_number: int


def replay(changes: Sequence[Change]) -> State | None:
    """State of a booking after these changes; None without changes or for an impossible order."""
    status, seat, before = None, None, None
    for change in changes:
        seat_before = change.seat_number if change.moved_from is None else change.moved_from
        follows = seat in (None, seat_before) and (before is None or before <= change.created_at)
        status = STATUS_AFTER.get((status, change.kind)) if follows else None
        if status is None:
            return None
        seat, before = change.seat_number, change.created_at
    return None if status is None or seat is None else State(status, seat)


def state_of(*, status: str, seat_number: int, is_admitted: bool) -> State:
    """State of a booking, comparable with `replay`: expiry has no event, admission has one."""
    status = "held" if status == "expired" else status
    if is_admitted:
        status = "admitted" if status == "booked" else f"{status} and admitted"
    return State(status, seat_number)


def events_explain_the_booking(show_id: int | None) -> Iterator[str]:
    """The events of a booking, replayed, lead to its status and seat, and have its times.

    Bookings from before the first event are left out: their history is not complete.
    """
    with_events = Booking.objects.filter(events__isnull=False).order_by("events__pk")
    since = with_events.values_list("events__created_at", flat=True).first()
    if since is None:
        return
    fields = ("seat_number", "status", "created_at", "cancelled_at", "admitted_at")
    bookings = Booking.objects.filter(created_at__gte=since).only(*fields)
    if show_id is not None:
        bookings = bookings.of_show(show_id)
    for rows in slices(bookings):
        changes = _changes(rows)
        for booking in rows:
            if problem := _problem(booking, changes[booking.pk]):
                yield f"booking {booking.pk}: {problem}"


def _changes(bookings: Sequence[Booking]) -> dict[int, list[Change]]:
    pks = [booking.pk for booking in bookings]
    events = Booking.objects.filter(pk__in=pks, events__isnull=False).order_by("events__pk")
    fields = (f"events__{name}" for name in Change._fields)
    changes = defaultdict(list)
    for booking_id, *values in events.values_list("pk", *fields):
        changes[booking_id].append(Change(*values))
    return changes


def _problem(booking: Booking, changes: Sequence[Change]) -> str | None:
    now = state_of(
        status=booking.status,
        seat_number=booking.seat_number,
        is_admitted=booking.admitted_at is not None,
    )
    kinds = ", ".join(change.kind for change in changes) or "none"
    if replay(changes) != now:
        return f"{now.status} in seat {now.seat_number}, but its events are: {kinds}"
    if changes[0].created_at != booking.created_at:
        return "its first event has another time"
    if changes[-1].kind == "cancelled" and changes[-1].created_at != booking.cancelled_at:
        return "its cancellation has another time"
    return None
