"""Drawings of halls, as people type them: parsing, and what is wrong with them.

A drawing has a line for each row, from the front, and a character for each place:

    s  seat
    w  wheelchair space
    c  companion seat, beside a wheelchair space
    x  house seat, sold by staff only
    .  or a blank: an aisle or a gap

A line may begin with the label of its row and a colon (`AA:ss..ss`). The other rows are A, B, C …
by their number from the front. A line without seats is a gap between two rows.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from .layouts import KINDS, DrawnLayout, Kind, Row, Seat, rectangle_label, row_letters

MAX_SEATS = 10_000  # more than any hall has, to catch typing errors
MAX_ROWS = 300  # lines of a drawing
MAX_PLACES = 300  # characters of a line
MAX_PROBLEMS = 20  # reported of a drawing
ROW_LABEL = re.compile(r"\s*([^:]*?)\s*:")
GAPS = ". "


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


def seat_label(seat_number: int, seats_per_row: int, drawing: str = "") -> str:
    """The label of a seat in a drawing, or in rows of `seats_per_row`."""
    if drawing:
        return layout_of(drawing).label(seat_number)
    return rectangle_label(seat_number, seats_per_row)
