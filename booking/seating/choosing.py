"""Blocks of free seats, the nearest free seats, and the best seats for a group.

A row is about twice as deep as a seat is wide, so for distances one row counts as two places.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from heapq import nsmallest

from .layouts import Layout

Blocks = dict[int, list[tuple[int, int]]]
"""Adjacent free seats: for each row a list of (first seat number, length)."""

Sizes = tuple[int, ...]
"""Sizes of the pieces that a group is split into, in descending order."""


def nearest_seats(
    free: Iterable[int], seat_numbers: Collection[int], layout: Layout, most: int = 5
) -> list[int]:
    """Up to `most` free seats, sorted by their distance from the nearest of `seat_numbers`.

    They are of the same kinds as those: nobody who wanted a seat is offered a wheelchair space.
    """
    wanted = [layout.position(seat_number) for seat_number in seat_numbers]
    if layout.by_number_only:
        kinds = {layout.kind(seat_number) for seat_number in seat_numbers}
        free = [seat for seat in free if layout.kind(seat) in kinds]

    def distance(seat: int) -> tuple[int, int]:
        row, place = layout.position(seat)
        squares = [
            (2 * (row - wanted_row)) ** 2 + (place - wanted_place) ** 2
            for wanted_row, wanted_place in wanted
        ]
        return min(squares), seat

    return nsmallest(most, free, key=distance)


def for_groups(free: Iterable[int], layout: Layout) -> Iterable[int]:
    """The free seats that may be chosen for a group: ordinary ones."""
    return set(free).difference(layout.by_number_only) if layout.by_number_only else free


def free_blocks(free: Iterable[int], layout: Layout) -> Blocks:
    """All blocks of adjacent free seats, by row, for groups: ordinary seats only.

    A block ends at an aisle and at the end of its row.
    """
    blocks: Blocks = defaultdict(list)
    run_starts = layout.run_starts
    start = length = 0
    for seat in sorted(for_groups(free, layout)):
        if length and (seat != start + length or seat in run_starts):
            blocks[layout.position(start)[0]].append((start, length))
            length = 0
        if not length:
            start = seat
        length += 1
    if length:
        blocks[layout.position(start)[0]].append((start, length))
    return blocks


def largest_block(free: Iterable[int], layout: Layout) -> int:
    """Size of the largest group that can sit together in one row."""
    blocks = free_blocks(free, layout).values()
    return max((length for row in blocks for _, length in row), default=0)


def best_seats(free: Collection[int], layout: Layout, count: int) -> list[int]:
    """Seats for a group of `count`, in ascending order. `free` must have at least `count` for it.

    Only ordinary seats are chosen.

    The first of these that is possible:
    1. together in one row, with no single free seat left over at either end;
    2. together in one row;
    3. one piece in each of several adjacent rows: with as few single seats as possible, then in
       as few pieces as possible, then with pieces as even as possible;
    4. any seats.
    Among equals, the choice nearest to the focal point: the middle of the hall, two thirds of the
    way back. The result depends on the arguments only.
    """
    focus = _Focus(layout)
    blocks = free_blocks(free, layout)
    return (
        _together(blocks, count, focus)
        or _split(blocks, count, focus)
        or sorted(nsmallest(count, for_groups(free, layout), key=focus.distance_of_seat))
    )


class _Focus:
    """Squared distances from the focal point, in integers so that equal distances compare equal.

    Each is a tuple (distance, first seat number), which makes the order total.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.width = layout.width
        self.last_row = layout.depth - 1

    def distance_of_block(self, first: int, length: int) -> tuple[int, int]:
        row, place = self.layout.position(first)
        thirds_of_a_row = 3 * row - 2 * self.last_row
        half_places = 2 * place + length - self.width
        # 36 × ((2 × rows)² + places²)
        return 16 * thirds_of_a_row**2 + 9 * half_places**2, first

    def distance_of_seat(self, seat_number: int) -> tuple[int, int]:
        return self.distance_of_block(seat_number, 1)

    def most_central_start(self, first: int, length: int, size: int) -> int:
        """First seat of the most central piece of `size` seats in a block."""
        place = self.layout.position(first)[1]
        ideal = (self.width - size) // 2
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
