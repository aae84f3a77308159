"""The seats of a show at one moment, each with its state, as the page draws them."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from django.utils.formats import date_format
from django.utils.timezone import localtime

from ...accounts import HOUSE, WALK_IN
from ...models import Booking, Show
from ...models.booking_events import first_actor
from ...models.clock import Now
from ...models.statuses import Status
from ...seating import Kind, Seat


class State(StrEnum):
    FREE = "free"
    HELD = "held"
    BOOKED = "booked"
    ADMITTED = "admitted"
    SET_ASIDE = "set-aside"
    HOUSE = "house"  # free, but sold by staff only


# For the legend and the counts, in this order.
WORDS = {
    State.FREE: "free",
    State.HELD: "held, with the minutes left",
    State.BOOKED: "booked",
    State.ADMITTED: "in",
    State.SET_ASIDE: "set aside",
    State.HOUSE: "house seat, sold by staff only",
}
KIND_WORDS = {Kind.SEAT: "", Kind.WHEELCHAIR: "wheelchair space", Kind.COMPANION: "companion seat"}
KIND_MARKS = {Kind.WHEELCHAIR: "W", Kind.COMPANION: "C"}


@dataclass(frozen=True, slots=True)
class PlannedSeat:
    seat: Seat
    booking: Booking | None  # active
    state: State
    minutes_left: int | None  # of a hold

    @property
    def mark(self) -> str:
        """One or two characters, so that the state is not shown by colour alone."""
        match self.state:
            case State.BOOKED:
                return "\N{MULTIPLICATION X}"
            case State.ADMITTED:
                return "\N{CHECK MARK}"
            case State.HELD:
                return f"{min(self.minutes_left or 0, 99)}′"
            case State.SET_ASIDE:
                return "–"
            case State.HOUSE:
                return "H"
        return KIND_MARKS.get(self.seat.kind) or self.seat.label.removeprefix(self.seat.row).lstrip(
            "-"
        )

    @property
    def description(self) -> str:
        words = [self.seat.label, KIND_WORDS.get(self.seat.kind, ""), self.state_in_words]
        return ", ".join(filter(None, words))

    @property
    def state_in_words(self) -> str:
        match self.state:
            case State.HELD:
                return f"held for {self.customer}, {self.minutes_left} min left"
            case State.BOOKED:
                return f"booked by {self.customer}"
            case State.ADMITTED:
                return f"{self.customer}, in since {self.admitted_at}"
            case State.HOUSE:
                return "house seat"
        return WORDS[self.state]

    @property
    def admitted_at(self) -> str:
        moment = self.booking and self.booking.admitted_at
        return date_format(localtime(moment), "H:i") if moment else ""

    @property
    def customer(self) -> str:
        """Full name, username and note, as far as there are any."""
        booking = self.booking
        if booking is None:
            return ""
        user = booking.user
        name = "walk-in" if user.username == WALK_IN else user.get_full_name() or user.username
        return f"{name} ({booking.note})" if booking.note else name


class SeatPlan:
    """All seats of a show. Two queries: the show, and its active bookings."""

    def __init__(self, show: Show) -> None:
        self.show, self.layout = show, show.seating
        active = Booking.objects.active().of_show(show.pk).select_related("user")
        by_seat = {
            booking.seat_number: booking
            for booking in active.annotate(sold_by=first_actor(), now=Now())
        }
        self.seats = [self._seat(seat, by_seat.get(seat.number)) for seat in self.layout.seats]
        self.free = {each.seat.number for each in self.seats if each.booking is None}
        counted = Counter(each.state for each in self.seats)
        self.counts = [(state, counted[state], WORDS[state]) for state in State]

    def __getitem__(self, number: int) -> PlannedSeat:
        return self.seats[number - 1]

    def _seat(self, seat: Seat, booking: Booking | None) -> PlannedSeat:
        if booking is None:
            state = State.HOUSE if seat.kind == Kind.HOUSE else State.FREE
            return PlannedSeat(seat, None, state, None)
        if booking.status == Status.BOOKED:
            state = State.BOOKED if booking.admitted_at is None else State.ADMITTED
            return PlannedSeat(seat, booking, state, None)
        if booking.user.username == HOUSE:
            return PlannedSeat(seat, booking, State.SET_ASIDE, None)
        left = booking.held_until - booking.now
        return PlannedSeat(seat, booking, State.HELD, ceil(left.total_seconds() / 60))

    @property
    def taken(self) -> list[PlannedSeat]:
        return [each for each in self.seats if each.booking]

    def as_json(self) -> dict:
        """What changes while the page is open: the seats that are not free, and the counts."""
        return {
            "counts": {state: count for state, count, _ in self.counts},
            "seats": {each.seat.number: self._details(each) for each in self.taken},
        }

    def _details(self, each: PlannedSeat) -> dict[str, str]:
        booking = each.booking
        assert booking is not None  # noqa: S101 for mypy: it is one of `taken`
        since = date_format(localtime(booking.created_at), "D j M, H:i")
        by = f" by {booking.sold_by}" if booking.sold_by else ""
        return {
            "state": each.state,
            "mark": each.mark,
            "description": each.description,
            "details": f"{each.description}; {booking.reference}, since {since}{by}",
        }
