"""Layouts: where the seats of a hall are, with their labels and kinds.

A hall is a rectangle of equal rows, or a drawing that a person has typed.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import NamedTuple, Protocol


class Kind(StrEnum):
    SEAT = "seat"
    WHEELCHAIR = "wheelchair"
    COMPANION = "companion"
    HOUSE = "house"


KINDS = {"s": Kind.SEAT, "w": Kind.WHEELCHAIR, "c": Kind.COMPANION, "x": Kind.HOUSE}
NO_SEATS: frozenset[int] = frozenset()


class Seat(NamedTuple):
    number: int
    label: str
    row: str
    x: int  # place from the left, from 0; aisles count
    y: int  # row from the front, from 0; gaps between rows count
    kind: Kind


class Row(NamedTuple):
    label: str
    y: int


class Layout(Protocol):
    @property
    def total_seats(self) -> int: ...

    @property
    def width(self) -> int:
        """Places of the widest row, aisles included."""

    @property
    def depth(self) -> int:
        """Number of rows, gaps between rows included."""

    @property
    def run_starts(self) -> Container[int]:
        """Seats without a neighbour on their left: the first of a row, or after an aisle."""

    @property
    def by_number_only(self) -> frozenset[int]:
        """Seats that are not chosen for a group: wheelchair, companion and house seats."""

    @property
    def house(self) -> frozenset[int]:
        """House seats."""

    def position(self, seat_number: int) -> tuple[int, int]:
        """(y, x) of a seat."""

    def label(self, seat_number: int) -> str:
        """Label of a seat, also of one that an earlier layout of the show had."""

    def kind(self, seat_number: int) -> Kind: ...

    @property
    def seats(self) -> Sequence[Seat]:
        """All seats, in the order of their numbers."""

    @property
    def rows(self) -> Sequence[Row]:
        """Rows with seats, from the front."""


class Rectangle(NamedTuple):
    """Equal rows without aisles; the last row may be shorter."""

    total_seats: int
    seats_per_row: int

    @property
    def by_number_only(self) -> frozenset[int]:
        return NO_SEATS

    @property
    def house(self) -> frozenset[int]:
        return NO_SEATS

    @property
    def width(self) -> int:
        return self.seats_per_row

    @property
    def depth(self) -> int:
        return -(-self.total_seats // self.seats_per_row)

    @property
    def run_starts(self) -> range:
        return range(1, self.total_seats + 1, self.seats_per_row)

    def position(self, seat_number: int) -> tuple[int, int]:
        return divmod(seat_number - 1, self.seats_per_row)

    def label(self, seat_number: int) -> str:
        return rectangle_label(seat_number, self.seats_per_row)

    def kind(self, seat_number: int) -> Kind:
        return Kind.SEAT

    @property
    def seats(self) -> list[Seat]:
        seats = []
        for y, label in ((row.y, row.label) for row in self.rows):
            first = y * self.seats_per_row
            places = range(1, 1 + min(self.seats_per_row, self.total_seats - first))
            seats += [Seat(first + x, f"{label}{x}", label, x - 1, y, Kind.SEAT) for x in places]
        return seats

    @property
    def rows(self) -> list[Row]:
        return [Row(row_letters(y), y) for y in range(self.depth)]


@dataclass(frozen=True)
class DrawnLayout:
    """A layout as `parse_layout` reads it from a drawing."""

    drawing: str  # without blank lines around it
    seats: tuple[Seat, ...]
    rows: tuple[Row, ...]
    width: int
    depth: int
    run_starts: frozenset[int]
    by_number_only: frozenset[int]
    house: frozenset[int]

    @property
    def total_seats(self) -> int:
        return len(self.seats)

    @property
    def seats_per_row(self) -> int:
        """Seats of the row that has the most."""
        rows = [seat.y for seat in self.seats]
        return max(map(rows.count, set(rows)))

    @property
    def letters(self) -> str:
        """The letter of each seat, in the order of their numbers."""
        letter_of = {kind: letter for letter, kind in KINDS.items()}
        return "".join(letter_of[seat.kind] for seat in self.seats)

    def position(self, seat_number: int) -> tuple[int, int]:
        seat = self.seats[seat_number - 1]
        return seat.y, seat.x

    def label(self, seat_number: int) -> str:
        if seat_number > len(self.seats):
            return str(seat_number)
        return self.seats[seat_number - 1].label

    def kind(self, seat_number: int) -> Kind:
        return self.seats[seat_number - 1].kind


@cache
def row_letters(row: int) -> str:
    """A for row 0, Z for 25, then AA."""
    letters = ""
    remaining = row + 1
    while remaining:
        remaining, letter = divmod(remaining - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def rectangle_label(seat_number: int, seats_per_row: int) -> str:
    """Row and place of a seat in a rectangle: 14 in rows of 12 is B2."""
    row, place = divmod(seat_number - 1, seats_per_row)
    return f"{row_letters(row)}{place + 1}"
