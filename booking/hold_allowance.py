"""How much longer a customer may hold seats of a show. Pure arithmetic on times; no Django.

In any window of time a customer may hold seats of one show for so long in all. What counts is the
time in which they held any seat, whether the hold expired, was given back or still runs. Several
seats at once count once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


class Interval(NamedTuple):
    began: datetime
    ended: datetime


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Disjoint intervals that cover the same time, in order. Empty ones are left out."""
    merged: list[Interval] = []
    for began, ended in sorted(intervals):
        if merged and began <= merged[-1].ended:
            merged[-1] = Interval(merged[-1].began, max(ended, merged[-1].ended))
        elif began < ended:
            merged.append(Interval(began, ended))
    return merged


@dataclass(frozen=True, slots=True)
class HoldAllowance:
    """The time in which a customer held seats of a show, and how much of it is allowed."""

    held: Sequence[Interval]  # merged; the last one may end after `now`
    now: datetime
    at_most: timedelta  # in each window
    window: timedelta

    @property
    def until(self) -> datetime:
        """When a hold must end at the latest; `now` or earlier if the allowance is used up."""
        since = self.now - self.window
        held = (
            min(ended, self.now) - max(began, since)
            for began, ended in self.held
            if ended > since and began < self.now
        )
        return self.now + self.at_most - sum(held, timedelta())

    def possible_at(self, duration: timedelta) -> datetime:
        """From when on a hold can last this long, if nothing else is held until then.

        The window begins then at the latest moment after which no more was held than leaves room
        for the hold. Holds that still run are taken to run to their end.
        """
        if not self.held:
            return self.now
        room = self.at_most - duration
        for began, ended in reversed(self.held):
            if ended - began > room:
                return max(self.now, self.held[-1].ended, ended - room + self.window)
            room -= ended - began
        return max(self.now, self.held[-1].ended)
