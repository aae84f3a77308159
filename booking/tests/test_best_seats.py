"""`best_seats` compared with every possible choice in small halls."""

from itertools import combinations
from unittest import SkipTest

from django.test import SimpleTestCase

from booking.seating import best_seats, free_blocks, largest_block, row_and_place

try:
    from hypothesis import given, settings
    from hypothesis import strategies as st
except ImportError:
    raise SkipTest("hypothesis is missing: pip install -r requirements-dev.txt") from None


def pieces_of(seats, seats_per_row):
    """The seats as runs of neighbours: a list of (row, places)."""
    pieces = []
    for seat in seats:
        row, place = row_and_place(seat, seats_per_row)
        if pieces and pieces[-1][0] == row and pieces[-1][1][-1] == place - 1:
            pieces[-1][1].append(place)
        else:
            pieces.append((row, [place]))
    return pieces


def rank(seats, free, total_seats, seats_per_row):
    """Rank of a choice by the rules in the docstring of `best_seats`: the lower, the better."""
    pieces = pieces_of(seats, seats_per_row)
    two_thirds_back = (row_and_place(total_seats, seats_per_row)[0]) * 2 / 3
    middle = (seats_per_row - 1) / 2

    def distance(row, places):
        across = sum(places) / len(places) - middle
        return (2 * (row - two_thirds_back)) ** 2 + across**2

    distances = sum(distance(*piece) for piece in pieces)
    rows = [row for row, _ in pieces]
    if len(pieces) == 1:
        ((row, places),) = pieces
        stranded = False
        for beside, beyond in [(places[0] - 1, places[0] - 2), (places[-1] + 1, places[-1] + 2)]:
            seat = row * seats_per_row + beside + 1
            next_seat = row * seats_per_row + beyond + 1
            in_row = 0 <= beside < seats_per_row
            next_is_free = 0 <= beyond < seats_per_row and next_seat in free
            stranded = stranded or (in_row and seat in free and not next_is_free)
        return (2 if stranded else 1, 0, 0, 0, round(distances, 6), seats)
    if rows == list(range(rows[0], rows[0] + len(rows))):
        sizes = [len(places) for _, places in pieces]
        alone = sizes.count(1)
        return (3, alone, len(sizes), max(sizes) - min(sizes), round(distances, 6), seats)
    places = [row_and_place(seat, seats_per_row) for seat in seats]
    return (4, 0, 0, 0, round(sum(distance(row, [place]) for row, place in places), 6), seats)


@st.composite
def halls(draw):
    seats_per_row = draw(st.integers(1, 6))
    total_seats = draw(st.integers(1, 14))
    free = draw(st.sets(st.integers(1, total_seats), min_size=1))
    count = draw(st.integers(1, min(len(free), 5)))
    return free, total_seats, seats_per_row, count


class BestSeatsTests(SimpleTestCase):
    @settings(max_examples=1000, deadline=None)
    @given(halls())
    def test_best_seats_have_the_best_rank_of_all_choices(self, hall):
        free, total_seats, seats_per_row, count = hall
        best = min(
            rank(list(seats), free, total_seats, seats_per_row)
            for seats in combinations(sorted(free), count)
        )
        chosen = best_seats(free, total_seats, seats_per_row, count)
        self.assertEqual(rank(chosen, free, total_seats, seats_per_row), best)

    @settings(max_examples=200, deadline=None)
    @given(st.data(), st.integers(1, 40), st.integers(1, 300), st.integers(1, 10))
    def test_best_seats_are_free_and_as_many_as_asked_for(self, data, seats_per_row, total, count):
        seat = st.integers(1, total)
        free = data.draw(st.sets(seat, min_size=min(count, total)))
        count = min(count, len(free))
        chosen = best_seats(free, total, seats_per_row, count)
        self.assertEqual(len(chosen), count)
        self.assertEqual(chosen, sorted(set(chosen)))
        self.assertLessEqual(set(chosen), free)

    @settings(max_examples=200, deadline=None)
    @given(halls())
    def test_free_blocks_are_the_runs_of_free_neighbours(self, hall):
        free, _, seats_per_row, _ = hall
        expected = {}
        for row, places in pieces_of(sorted(free), seats_per_row):
            first = row * seats_per_row + places[0] + 1
            expected.setdefault(row, []).append((first, len(places)))
        self.assertEqual(dict(free_blocks(free, seats_per_row)), expected)
        longest = max(length for row in expected.values() for _, length in row)
        self.assertEqual(largest_block(free, seats_per_row), longest)


class ExamplesTests(SimpleTestCase):
    """Three rows of ten, A to C; the focal point is in the middle, between B and C."""

    def best(self, count, taken=()):
        return best_seats(set(range(1, 31)) - set(taken), 30, 10, count)

    def test_best_seats_in_an_empty_hall_are_at_the_focal_point(self):
        self.assertEqual(self.best(2), [15, 16])
        self.assertEqual(self.best(10), list(range(11, 21)))

    def test_best_seats_leave_no_single_seat_free(self):
        """With B1 to B5 taken, a party of four in B6 to B10 would strand one seat."""
        self.assertEqual(self.best(4, taken=range(11, 16)), [24, 25, 26, 27])

    def test_best_seats_are_together_even_if_that_leaves_a_single_seat(self):
        taken = set(range(1, 31)) - {11, 12, 13}
        self.assertEqual(self.best(2, taken), [12, 13])

    def test_best_seats_of_four_without_four_together_are_two_pairs(self):
        free = {5, 6, 7, 15, 16, 18, 25, 26}
        self.assertEqual(self.best(4, taken=set(range(1, 31)) - free), [15, 16, 25, 26])

    def test_best_seats_without_neighbours_are_any_seats(self):
        self.assertEqual(self.best(2, taken=set(range(1, 31)) - {1, 3, 30}), [3, 30])
