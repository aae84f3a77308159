"""Seat numbers: rows, labels, blocks of free seats, the best seats for a group. No Django.

Seats are numbered from 1, row after row, starting at the front on the left. The last row may be
shorter than the others. A row is about twice as deep as a seat is wide, so for distances one row
counts as two places.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from heapq import nsmallest

Blocks = dict[int, list[tuple[int, int]]]
"""Adjacent free seats: for each row a list of (first seat number, length)."""

Sizes = tuple[int, ...]
"""Sizes of the pieces that a group is split into, in descending order."""


def row_and_place(seat_number: int, seats_per_row: int) -> tuple[int, int]:
    """Row (from 0 at the front) and place in the row (from 0 on the left)."""
    return divmod(seat_number - 1, seats_per_row)


def seat_label(seat_number: int, seats_per_row: int) -> str:
    """Row letters and place: seat 14 in rows of 12 is B2.

    After row Z comes row AA.
    """
    row, place = divmod(seat_number - 1, seats_per_row)
    letters = ""
    remaining = row + 1
    while remaining:
        remaining, letter = divmod(remaining - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{place + 1}"


def nearest_seats(
    free: Iterable[int], seat_numbers: Iterable[int], seats_per_row: int, most: int = 5
) -> list[int]:
    """Up to `most` free seats, sorted by their distance from the nearest of `seat_numbers`."""
    wanted = [row_and_place(seat_number, seats_per_row) for seat_number in seat_numbers]

    def distance(seat: int) -> tuple[int, int]:
        row, place = row_and_place(seat, seats_per_row)
        squares = [
            (2 * (row - wanted_row)) ** 2 + (place - wanted_place) ** 2
            for wanted_row, wanted_place in wanted
        ]
        return min(squares), seat

    return nsmallest(most, free, key=distance)


def free_blocks(free: Iterable[int], seats_per_row: int) -> Blocks:
    """All blocks of adjacent free seats, by row. A block ends at the end of its row."""
    blocks: Blocks = defaultdict(list)
    start = length = 0
    for seat in sorted(free):
        starts_row = (seat - 1) % seats_per_row == 0
        if length and (starts_row or seat != start + length):
            blocks[(start - 1) // seats_per_row].append((start, length))
            length = 0
        if not length:
            start = seat
        length += 1
    if length:
        blocks[(start - 1) // seats_per_row].append((start, length))
    return blocks


def largest_block(free: Iterable[int], seats_per_row: int) -> int:
    """Size of the largest group that can sit together in one row."""
    blocks = free_blocks(free, seats_per_row).values()
    return max((length for row in blocks for _, length in row), default=0)


def best_seats(
    free: Collection[int], total_seats: int, seats_per_row: int, count: int
) -> list[int]:
    """Seats for a group of `count`, in ascending order. `free` must have at least `count` seats.

    The first of these that is possible:
    1. together in one row, with no single free seat left over at either end;
    2. together in one row;
    3. one piece in each of several adjacent rows: with as few single seats as possible, then in
       as few pieces as possible, then with pieces as even as possible;
    4. any seats.
    Among equals, the choice nearest to the focal point: the middle of the row, two thirds of the
    way back. The result depends on the arguments only.
    """
    focus = _Focus(total_seats, seats_per_row)
    blocks = free_blocks(free, seats_per_row)
    return (
        _together(blocks, count, focus)
        or _split(blocks, count, focus)
        or sorted(sorted(free, key=focus.distance_of_seat)[:count])
    )


class _Focus:
    """Squared distances from the focal point, in integers so that equal distances compare equal.

    Each is a tuple (distance, first seat number), which makes the order total.
    """

    def __init__(self, total_seats: int, seats_per_row: int) -> None:
        self.seats_per_row = seats_per_row
        self.last_row = (total_seats - 1) // seats_per_row

    def distance_of_block(self, first: int, length: int) -> tuple[int, int]:
        row, place = row_and_place(first, self.seats_per_row)
        thirds_of_a_row = 3 * row - 2 * self.last_row
        half_places = 2 * place + length - self.seats_per_row
        # 36 × ((2 × rows)² + places²)
        return 16 * thirds_of_a_row**2 + 9 * half_places**2, first

    def distance_of_seat(self, seat_number: int) -> tuple[int, int]:
        return self.distance_of_block(seat_number, 1)

    def most_central_start(self, first: int, length: int, size: int) -> int:
        """First seat of the most central piece of `size` seats in a block."""
        place = (first - 1) % self.seats_per_row
        ideal = (self.seats_per_row - size) // 2
        return first + min(max(ideal - place, 0), length - size)


def _together(blocks: Blocks, count: int, focus: _Focus) -> list[int] | None:
    """`count` adjacent seats in one row, or None."""
    best = None
    for row in blocks.values():
        for first, length in row:
            spare = length - count
            for left in range(spare + 1):
                strands_a_seat = left == 1 or spare - left == 1
                rank = (strands_a_seat, *focus.distance_of_block(first + left, count))
                if best is None or rank < best:
                    best = rank
    if best is None:
        return None
    start = best[-1]
    return list(range(start, start + count))


def _split(blocks: Blocks, count: int, focus: _Focus) -> list[int] | None:
    """One piece in each of several adjacent rows, or None."""
    pieces = {row: _most_central_pieces(blocks[row], count, focus) for row in blocks}

    @cache
    def arrange(sizes: Sizes, row: int) -> tuple[int, tuple[int, ...]] | None:
        """(distance, seats) of the best arrangement of the pieces, one a row from `row` on."""
        if not sizes:
            return 0, ()
        arrangements = []
        for size in set(sizes) & pieces.get(row, {}).keys():
            place = sizes.index(size)
            others = arrange(sizes[:place] + sizes[place + 1 :], row + 1)
            if others is not None:
                distance, first = pieces[row][size]
                seats = (*range(first, first + size), *others[1])
                arrangements.append((distance + others[0], seats))
        return min(arrangements, default=None)

    longest = max(len(sizes) for sizes in pieces.values())
    for splits in _splits_by_preference(count):
        possible = [sizes for sizes in splits if sizes[0] <= longest]
        arrangements = [arrange(sizes, row) for sizes in possible for row in pieces]
        best = min(filter(None, arrangements), default=None)
        if best is not None:
            return list(best[1])
    return None


def _most_central_pieces(
    blocks: list[tuple[int, int]], count: int, focus: _Focus
) -> dict[int, tuple[int, int]]:
    """(distance, first seat) of the most central piece of a row, for each size up to `count`."""
    longest = max(length for _, length in blocks)
    return {
        size: min(
            focus.distance_of_block(focus.most_central_start(first, length, size), size)
            for first, length in blocks
            if length >= size
        )
        for size in range(1, 1 + min(count, longest))
    }


@cache
def _splits_by_preference(count: int) -> list[list[Sizes]]:
    """All ways to split a group, in lists of equally good ones, the best list first."""
    groups: dict[tuple[int, int, int], list[Sizes]] = defaultdict(list)
    for sizes in _partitions(count, count):
        if len(sizes) > 1:
            single_seats = sizes.count(1)
            unevenness = sizes[0] - sizes[-1]
            groups[single_seats, len(sizes), unevenness].append(sizes)
    return [groups[key] for key in sorted(groups)]


def _partitions(count: int, largest: int) -> Iterator[Sizes]:
    """All ways to write `count` as a sum of integers up to `largest`, in descending order."""
    if count == 0:
        yield ()
    for size in range(min(count, largest), 0, -1):
        for rest in _partitions(count - size, size):
            yield (size, *rest)
