"""Layouts: where the seats of a hall are, with their labels and kinds.

A hall is a rectangle of equal rows, or a drawing that a person has typed: a line for each row,
from the front, and a character for each place.

    s  seat
    w  wheelchair space
    c  companion seat, beside a wheelchair space
    x  house seat, sold by staff only
    .  or a blank: an aisle or a gap

A line may begin with the label of its row and a colon (`AA:ss..ss`). The other rows are A, B, C …
by their number from the front. A line without seats is a gap between two rows.
"""

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple, Protocol

MAX_SEATS = 10_000  # more than any hall has, to catch typing errors
MAX_ROWS = 300  # lines of a drawing
MAX_PLACES = 300  # characters of a line
MAX_PROBLEMS = 20  # reported of a drawing


class Kind(StrEnum):
    SEAT = "seat"
    WHEELCHAIR = "wheelchair"
    COMPANION = "companion"
    HOUSE = "house"


KINDS = {"s": Kind.SEAT, "w": Kind.WHEELCHAIR, "c": Kind.COMPANION, "x": Kind.HOUSE}
GAPS = ". "
NO_SEATS: frozenset[int] = frozenset()
ROW_LABEL = re.compile(r"\s*([^:]*?)\s*:")


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
        return seat_label(seat_number, self.seats_per_row)

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


def seat_label(seat_number: int, seats_per_row: int, drawing: str = "") -> str:
    """Row and place of a seat: 14 in rows of 12 is B2. With a drawing, its label in that."""
    if drawing:
        return layout_of(drawing).label(seat_number)
    row, place = divmod(seat_number - 1, seats_per_row)
    return f"{row_letters(row)}{place + 1}"


class Problem(NamedTuple):
    """What is wrong with a drawing, and where: line and column from 1."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.message}"


class LayoutError(ValueError):
    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(map(str, problems)))
        self.problems = problems


@lru_cache(maxsize=256)
def layout_of(drawing: str) -> DrawnLayout:
    """`parse_layout`, kept in memory: a drawing of 300 seats takes half a millisecond."""
    return parse_layout(drawing)


def parse_layout(drawing: str) -> DrawnLayout:
    """The layout of a drawing. Raises LayoutError with up to MAX_PROBLEMS problems."""
    problems: list[Problem] = []
    rows = list(_lines_with_seats(drawing, problems))
    if not problems:
        _check_labels(rows, problems)
        _check_size(rows, problems)
    if problems:
        raise LayoutError(problems[:MAX_PROBLEMS])
    left = min(row.places[0][0] for row in rows)
    front = rows[0].line
    seats: list[Seat] = []
    run_starts = set()
    for row in rows:
        separator = "-" if row.label[-1].isdigit() else ""  # row 1, seat 12 is 1-12
        for place, (x, kind) in enumerate(row.places, 1):
            number = len(seats) + 1
            if place == 1 or x - row.places[place - 2][0] > 1:
                run_starts.add(number)
            label = f"{row.label}{separator}{place}"
            seats.append(Seat(number, label, row.label, x - left, row.line - front, kind))
    return DrawnLayout(
        drawing=_tidy(drawing),
        seats=tuple(seats),
        rows=tuple(Row(row.label, row.line - front) for row in rows),
        width=1 + max(seat.x for seat in seats),
        depth=1 + seats[-1].y,
        run_starts=frozenset(run_starts),
        by_number_only=frozenset(seat.number for seat in seats if seat.kind != Kind.SEAT),
        house=frozenset(seat.number for seat in seats if seat.kind == Kind.HOUSE),
    )


class _Line(NamedTuple):
    line: int
    label: str
    places: list[tuple[int, Kind]]  # x and kind of each seat


def _lines_with_seats(drawing: str, problems: list[Problem]) -> Iterator[_Line]:
    """The lines that have seats."""
    lines = drawing.splitlines()
    if len(lines) > MAX_ROWS:
        problems.append(Problem(MAX_ROWS + 1, 1, f"A hall has at most {MAX_ROWS} rows."))
    number = 0
    for line, text in enumerate(lines[:MAX_ROWS], 1):
        label, start = "", 0
        if found := ROW_LABEL.match(text):
            label, start = found[1].upper(), found.end()
            if not (1 <= len(label) <= 3 and label.isascii() and label.isalnum()):
                message = f'"{label}" is no label of a row. Use one to three letters or digits.'
                problems.append(Problem(line, 1 + found.start(1), message))
        places = list(_places(text.rstrip(), start, line, problems))
        if places:
            yield _Line(line, label or row_letters(number), places)
            number += 1
        elif label:
            problems.append(Problem(line, start + 1, f"Row {label} has no seats."))


def _places(
    text: str, start: int, line: int, problems: list[Problem]
) -> Iterator[tuple[int, Kind]]:
    """x and kind of each seat of a line."""
    if len(text) > start + MAX_PLACES:
        message = f"A row has at most {MAX_PLACES} places."
        problems.append(Problem(line, start + MAX_PLACES + 1, message))
    for x, character in enumerate(text[start : start + MAX_PLACES]):
        if kind := KINDS.get(character.lower()):
            yield x, kind
        elif character not in GAPS:
            message = f"{_name(character)} is no place. Use s, w, c, x, a dot or a blank."
            problems.append(Problem(line, start + x + 1, message))


def _name(character: str) -> str:
    return f'"{character}"' if character.isprintable() else f"The character U+{ord(character):04X}"


def _check_labels(rows: Sequence[_Line], problems: list[Problem]) -> None:
    line_of: dict[str, int] = {}
    for row in rows:
        if row.label in line_of:
            message = f"The row of line {line_of[row.label]} is {row.label} as well."
            problems.append(Problem(row.line, 1, message))
        line_of.setdefault(row.label, row.line)


def _check_size(rows: Sequence[_Line], problems: list[Problem]) -> None:
    seats = 0
    for row in rows:
        seats += len(row.places)
        if seats > MAX_SEATS:
            problems.append(Problem(row.line, 1, f"A hall has at most {MAX_SEATS} seats."))
            return
    if not seats:
        problems.append(Problem(1, 1, "Draw at least one seat, as an s."))


def _tidy(drawing: str) -> str:
    lines = [line.rstrip() for line in drawing.splitlines()]
    return "\n".join(lines).strip("\n")
