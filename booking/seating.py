"""Where a seat is, and which seats are good: arithmetic on seat numbers, which count from 1, row
after row, beginning at the front on the left. The last row may be shorter than the others.

Distances: a row is about twice as deep as a seat is wide, so one row counts as two places.
"""

from collections import defaultdict
from functools import cache
from heapq import nsmallest


def row_and_place(seat_number, seats_per_row):
    """Row (from 0, the front) and place in it (from 0, the left)."""
    return divmod(seat_number - 1, seats_per_row)


def seat_label(seat_number, seats_per_row):
    """What is painted on the seat: `B2` is seat 14 of rows of 12. After row Z comes row AA."""
    row, place = row_and_place(seat_number, seats_per_row)
    letters = ""
    row += 1
    while row:
        row, letter = divmod(row - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{place + 1}"


def nearest_seats(free, seat_numbers, seats_per_row, most=5):
    """Up to `most` of the free seats, those nearest to any of some seats first."""
    wanted = [row_and_place(seat_number, seats_per_row) for seat_number in seat_numbers]

    def distance(seat):
        its_row, its_place = row_and_place(seat, seats_per_row)
        squares = [(2 * (row - its_row)) ** 2 + (place - its_place) ** 2 for row, place in wanted]
        return min(squares), seat

    return nsmallest(most, free, key=distance)


def free_blocks(free, seats_per_row):
    """The free neighbours: by row, (first seat, length) of every run of free seats in it."""
    blocks = defaultdict(list)
    first = previous = None
    for seat in sorted(free):
        row_begins = (seat - 1) % seats_per_row == 0
        if first is not None and (row_begins or seat != previous + 1):
            blocks[(first - 1) // seats_per_row].append((first, previous - first + 1))
            first = None
        first = seat if first is None else first
        previous = seat
    if first is not None:
        blocks[(first - 1) // seats_per_row].append((first, previous - first + 1))
    return blocks


def largest_block(free, seats_per_row):
    """How many people can sit together in one row."""
    blocks = free_blocks(free, seats_per_row).values()
    return max((length for row in blocks for _, length in row), default=0)


def best_seats(free, total_seats, seats_per_row, count):
    """The seats to give to a party of `count`, in ascending order; the same for the same hall.

    The best that there is of
    1. together in one row, and no single free seat left stranded beside them,
    2. together in one row,
    3. split over neighbouring rows, a piece in each: as few as possible of them alone, in as few
       and as even pieces as possible,
    4. any seats;
    and among equals the nearest to the focal point, which is in the middle of the row, two thirds
    back. There must be `count` free seats.
    """
    focus = _Focus(total_seats, seats_per_row)
    blocks = free_blocks(free, seats_per_row)
    return (
        _together(blocks, count, focus)
        or _split(blocks, count, focus)
        or sorted(sorted(free, key=focus.of_seat)[:count])
    )


class _Focus:
    """How far seats are from the focal point, squared; whole numbers, so that ties are ties."""

    def __init__(self, total_seats, seats_per_row):
        self.seats_per_row = seats_per_row
        self.last_row = (total_seats - 1) // seats_per_row

    def of_block(self, first, length):
        """The distance of the block's middle, then its first seat."""
        row, place = row_and_place(first, self.seats_per_row)
        thirds_of_a_row = 3 * row - 2 * self.last_row
        half_places = 2 * place + length - self.seats_per_row
        # (2 × rows)² + places², times 36
        return 16 * thirds_of_a_row**2 + 9 * half_places**2, first

    def middle_of_block(self, first, length, size):
        """Where a piece of a block begins that is as near to the middle of the row as it can."""
        place = (first - 1) % self.seats_per_row
        ideal = (self.seats_per_row - size) // 2
        return first + min(max(ideal - place, 0), length - size)

    def of_seat(self, seat_number):
        return self.of_block(seat_number, 1)


def _together(blocks, count, focus):
    """`count` neighbours, or None."""
    best = None
    for row in blocks.values():
        for first, length in row:
            spare = length - count
            for left in range(spare + 1):
                strands = left == 1 or spare - left == 1
                rank = (strands, *focus.of_block(first + left, count))
                if best is None or rank < best:
                    best = rank
    if best is None:
        return None
    start = best[-1]
    return list(range(start, start + count))


def _split(blocks, count, focus):
    """Pieces in neighbouring rows, or None."""
    pieces = {row: _nearest_pieces(blocks[row], count, focus) for row in blocks}

    @cache
    def arrange(sizes, row):
        """The nearest arrangement, (distance, seats), of pieces of these sizes in as many rows
        from this one on, or None."""
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
    for kind in _kinds_of_split(count):
        fitting = [sizes for sizes in kind if sizes[0] <= longest]
        arrangements = [arrange(sizes, row) for sizes in fitting for row in pieces]
        best = min(filter(None, arrangements), default=None)
        if best is not None:
            return list(best[1])
    return None


def _nearest_pieces(blocks, count, focus):
    """By size, up to `count`: the (distance, first seat) of the piece of a row that is nearest
    to the focal point."""
    return {
        size: min(
            focus.of_block(focus.middle_of_block(first, length, size), size)
            for first, length in blocks
            if length >= size
        )
        for size in range(1, 1 + min(count, max(length for _, length in blocks)))
    }


@cache
def _kinds_of_split(count):
    """Ways to split a party, the best kind first; a kind is a list of equally good ones, each
    the sizes in descending order."""
    kinds = defaultdict(list)
    for sizes in _partitions(count, count):
        if len(sizes) > 1:
            alone = sizes.count(1)
            kinds[alone, len(sizes), sizes[0] - sizes[-1]].append(sizes)
    return [kinds[key] for key in sorted(kinds)]


def _partitions(count, largest):
    """The ways to write `count` as a sum, each in descending order."""
    if count == 0:
        yield ()
    for size in range(min(count, largest), 0, -1):
        for rest in _partitions(count - size, size):
            yield (size, *rest)
