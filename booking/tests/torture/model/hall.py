"""Halls of the model: which seats a drawing has, where they are and what kind they are.

A drawing has a line for each row, from the front, and a character for each place: s seat, w
wheelchair space, c companion seat, x house seat, a dot for an aisle. A line without seats is a gap.
"""

from functools import lru_cache
from typing import NamedTuple


class Hall(NamedTuple):
    version: int  # number of changes of the show by staff
    name: str  # of the screen
    drawing: str

    @property
    def plan(self):
        return plan_of(self.drawing)

    @property
    def row(self):
        """The row of the show, as far as it is about the hall."""
        letters = "".join(self.plan.kinds.values()) if self.plan.house else ""
        return [*self, self.plan.seats, letters]


class Plan(NamedTuple):
    """`kinds` and `places`, (row, place from the left), by seat number; runs without an aisle."""

    kinds: dict
    places: dict
    runs: list
    house: frozenset
    ordinary: frozenset

    @property
    def seats(self):
        return len(self.kinds)

    def largest_block(self, free):
        """Number of seats of the largest group that can sit together."""
        longest = 0
        for run in self.runs:
            length = 0
            for seat in run:
                length = length + 1 if seat in free and seat in self.ordinary else 0
                longest = max(longest, length)
        return longest

    def is_together(self, seats):
        first, last = min(seats), max(seats)
        in_one_run = any(first in run and last in run for run in self.runs)
        return in_one_run and last - first == len(seats) - 1


@lru_cache(maxsize=256)
def plan_of(drawing):
    lines = [line.rstrip() for line in drawing.splitlines()]
    left = min(len(line) - len(line.lstrip(".")) for line in lines if line.strip("."))
    kinds, places, runs = {}, {}, []
    for row, line in enumerate(lines):
        before = None
        for place, letter in enumerate(line):
            if letter == ".":
                continue
            seat = len(kinds) + 1
            if before is None or place - before > 1:
                runs.append([])
            runs[-1].append(seat)
            kinds[seat], places[seat], before = letter, (row, place - left), place
    return Plan(kinds, places, runs, _of_kind(kinds, "x"), _of_kind(kinds, "s"))


def _of_kind(kinds, letter):
    return frozenset(seat for seat, kind in kinds.items() if kind == letter)
