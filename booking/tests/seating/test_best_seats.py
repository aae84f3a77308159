"""`best_seats` compared with every possible choice in small halls."""

from itertools import combinations
from unittest import SkipTest

from django.test import SimpleTestCase

from booking.seating import Kind, Rectangle, best_seats, free_blocks, largest_block, layout_of
from booking.tests.environment import only_once

try:
    from hypothesis import assume, given, settings
    from hypothesis import strategies as st
except ImportError:
    raise SkipTest("hypothesis is missing: pip install -r requirements-dev.txt") from None


def pieces_of(seats, layout):
    """The seats as runs of neighbours: a list of (row, places)."""
    pieces = []
    for seat in seats:
        row, place = layout.position(seat)
        if pieces and pieces[-1][0] == row and pieces[-1][1][-1] == place - 1:
            pieces[-1][1].append(place)
        else:
            pieces.append((row, [place]))
    return pieces


def rank(seats, free, layout):
    """Rank of a choice by the rules in the docstring of `best_seats`: the lower, the better."""
    pieces = pieces_of(seats, layout)
    two_thirds_back = (layout.depth - 1) * 2 / 3
    middle = (layout.width - 1) / 2
    free_places = {layout.position(seat) for seat in free}

    def distance(row, places):
        across = sum(places) / len(places) - middle
        return (2 * (row - two_thirds_back)) ** 2 + across**2

    distances = sum(distance(*piece) for piece in pieces)
    rows = [row for row, _ in pieces]
    if len(pieces) == 1:
        ((row, places),) = pieces
        stranded = any(
            (row, beside) in free_places and (row, beyond) not in free_places
            for beside, beyond in [(places[0] - 1, places[0] - 2), (places[-1] + 1, places[-1] + 2)]
        )
        return (2 if stranded else 1, 0, 0, 0, round(distances, 6), seats)
    if rows == list(range(rows[0], rows[0] + len(rows))):
        sizes = [len(places) for _, places in pieces]
        alone = sizes.count(1)
        return (3, alone, len(sizes), max(sizes) - min(sizes), round(distances, 6), seats)
    places = [layout.position(seat) for seat in seats]
    return (4, 0, 0, 0, round(sum(distance(row, [place]) for row, place in places), 6), seats)


rectangles = st.builds(Rectangle, st.integers(1, 14), st.integers(1, 6))


@st.composite
def drawings(draw):
    """Small halls with aisles, gaps between rows, and seats of every kind."""
    places = st.text("sssss..wcx", min_size=1, max_size=6)
    rows = draw(st.lists(places, min_size=1, max_size=4))
    assume(any("s" in row for row in rows) and sum(len(row.replace(".", "")) for row in rows) < 15)
    return layout_of("\n".join(rows))


@st.composite
def halls(draw):
    """(layout, free seats, free seats for groups)"""
    layout = draw(st.one_of(rectangles, drawings()))
    free = draw(st.sets(st.integers(1, layout.total_seats), min_size=1))
    for_groups = {seat for seat in free if layout.kind(seat) == Kind.SEAT}
    assume(for_groups)
    return layout, free, for_groups


@only_once
class BestSeatsTests(SimpleTestCase):
    @settings(max_examples=1000, deadline=None)
    @given(halls(), st.integers(1, 5))
    def test_best_seats_have_the_best_rank_of_all_choices(self, hall, count):
        layout, free, for_groups = hall
        count = min(count, len(for_groups))
        best = min(
            rank(list(seats), for_groups, layout)
            for seats in combinations(sorted(for_groups), count)
        )
        self.assertEqual(rank(best_seats(free, layout, count), for_groups, layout), best)

    @settings(max_examples=200, deadline=None)
    @given(st.data(), st.integers(1, 40), st.integers(1, 300), st.integers(1, 10))
    def test_best_seats_are_free_and_as_many_as_asked_for(self, data, seats_per_row, total, count):
        seat = st.integers(1, total)
        free = data.draw(st.sets(seat, min_size=min(count, total)))
        count = min(count, len(free))
        chosen = best_seats(free, Rectangle(total, seats_per_row), count)
        self.assertEqual(len(chosen), count)
        self.assertEqual(chosen, sorted(set(chosen)))
        self.assertLessEqual(set(chosen), free)

    @settings(max_examples=1000, deadline=None)
    @given(halls())
    def test_free_blocks_are_the_runs_of_free_neighbours(self, hall):
        layout, free, for_groups = hall
        number_of = {layout.position(seat.number): seat.number for seat in layout.seats}
        expected = {}
        for row, places in pieces_of(sorted(for_groups), layout):
            expected.setdefault(row, []).append((number_of[row, places[0]], len(places)))
        self.assertEqual(dict(free_blocks(free, layout)), expected)
        longest = max(length for row in expected.values() for _, length in row)
        self.assertEqual(largest_block(free, layout), longest)


class ExamplesTests(SimpleTestCase):
    """Three rows of ten, A to C; the focal point is in the middle, between B and C."""

    def best(self, count, taken=()):
        return best_seats(set(range(1, 31)) - set(taken), Rectangle(30, 10), count)

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
