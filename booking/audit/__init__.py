"""Audit of the tables: read-only checks of every invariant, for `manage.py audit`.

The box office and the constraints keep the invariants. The audit finds violations in spite of
them, as after a partial restore, a dropped constraint, a change by SQL or a defect of the code.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from . import bookings, constraints, history, others, shows
from .snapshot import consistent_snapshot

__all__ = ["INVARIANTS", "Finding", "Invariant", "audit", "consistent_snapshot"]

EXAMPLES = 5


class Invariant(NamedTuple):
    """A sentence about the tables, and the function that yields a text for each violation."""

    find: Callable[..., Iterator[str]]
    is_of_shows: bool  # can be checked for one show alone

    @property
    def name(self) -> str:
        return self.find.__name__

    @property
    def explanation(self) -> str:
        return " ".join((self.find.__doc__ or "").split())


class Finding(NamedTuple):
    invariant: Invariant
    violations: int
    examples: list[str]  # at most EXAMPLES


OF_SHOWS = (
    bookings.no_seat_is_sold_twice,
    bookings.active_seats_exist,
    bookings.no_show_is_oversold,
    bookings.a_reservation_has_one_customer_and_show,
    bookings.holds_of_a_reservation_end_together,
    bookings.statuses_agree_with_times,
    bookings.times_are_in_order,
    history.events_explain_the_booking,
    shows.shows_agree_with_their_layout,
)
OF_ALL = (
    constraints.constraints_exist,
    constraints.constraints_are_valid,
    shows.layouts_of_screens_are_valid,
    shows.search_keys_agree_with_movies,
    others.idempotency_keys_have_a_response,
    others.sessions_are_consistent,
    others.mails_are_sent_or_given_up,
    others.mails_belong_to_a_reservation,
)
INVARIANTS = [
    *(Invariant(find, is_of_shows=True) for find in OF_SHOWS),
    *(Invariant(find, is_of_shows=False) for find in OF_ALL),
]


def audit(
    *, show_id: int | None = None, on_start: Callable[[Invariant], None] = lambda invariant: None
) -> Iterator[Finding]:
    """Check the invariants one after the other. With `show_id`, only those of shows, for one show.

    Run it in `consistent_snapshot()`, or sales in between may look like violations.
    """
    for invariant in INVARIANTS:
        if show_id is None or invariant.is_of_shows:
            on_start(invariant)
            found = invariant.find(show_id) if invariant.is_of_shows else invariant.find()
            examples = list(islice(found, EXAMPLES))
            violations = len(examples) + sum(1 for _ in found)
            yield Finding(invariant, violations, examples)
