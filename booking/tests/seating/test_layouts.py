"""Drawings of halls: what they say, and what is wrong with them by line and column."""

from unittest import SkipTest

from django.test import SimpleTestCase

from booking.seating import (
    Kind,
    LayoutError,
    Rectangle,
    Row,
    Seat,
    layout_of,
    parse_layout,
    row_letters,
    seat_label,
)

try:
    from hypothesis import given, settings
    from hypothesis import strategies as st
except ImportError:
    raise SkipTest("hypothesis is missing: pip install -r requirements-dev.txt") from None

HALL = """\
  ss.ss
 sss.sss

AA:wc..xs
"""


class DrawingTests(SimpleTestCase):
    def test_drawing_gives_number_label_position_and_kind_of_each_seat(self):
        layout = parse_layout(HALL)
        self.assertEqual(
            list(layout.seats),
            [
                Seat(1, "A1", "A", 2, 0, Kind.SEAT),
                Seat(2, "A2", "A", 3, 0, Kind.SEAT),
                Seat(3, "A3", "A", 5, 0, Kind.SEAT),
                Seat(4, "A4", "A", 6, 0, Kind.SEAT),
                Seat(5, "B1", "B", 1, 1, Kind.SEAT),
                Seat(6, "B2", "B", 2, 1, Kind.SEAT),
                Seat(7, "B3", "B", 3, 1, Kind.SEAT),
                Seat(8, "B4", "B", 5, 1, Kind.SEAT),
                Seat(9, "B5", "B", 6, 1, Kind.SEAT),
                Seat(10, "B6", "B", 7, 1, Kind.SEAT),
                Seat(11, "AA1", "AA", 0, 3, Kind.WHEELCHAIR),
                Seat(12, "AA2", "AA", 1, 3, Kind.COMPANION),
                Seat(13, "AA3", "AA", 4, 3, Kind.HOUSE),
                Seat(14, "AA4", "AA", 5, 3, Kind.SEAT),
            ],
        )
        self.assertEqual(layout.rows, (Row("A", 0), Row("B", 1), Row("AA", 3)))
        self.assertEqual((layout.width, layout.depth), (8, 4))
        self.assertEqual((layout.total_seats, layout.seats_per_row), (14, 6))
        self.assertEqual(layout.run_starts, {1, 3, 5, 8, 11, 13})
        self.assertEqual(layout.by_number_only, {11, 12, 13})
        self.assertEqual(layout.house, {13})
        self.assertEqual(layout.letters, "sssssssssswcxs")

    def test_margins_around_a_drawing_do_not_matter(self):
        framed = "\n\n    s.s  \r\n    ss\n\n"
        self.assertEqual(list(parse_layout(framed).seats), list(parse_layout("s.s\nss").seats))

    def test_capitals_are_read_as_small_letters(self):
        self.assertEqual(parse_layout("a: SWCX").letters, "swcx")
        self.assertEqual(parse_layout("a: S").label(1), "A1")

    def test_row_named_by_a_digit_has_a_hyphen_before_the_place(self):
        self.assertEqual(parse_layout("1:s\n12:ss").label(3), "12-2")

    def test_label_of_a_seat_beyond_the_layout_is_its_number(self):
        self.assertEqual(parse_layout("ss").label(3), "3")

    def test_drawing_as_it_is_kept_has_the_same_seats(self):
        layout = parse_layout("\n" + HALL + "\n  \n")
        self.assertEqual(list(parse_layout(layout.drawing).seats), list(layout.seats))
        self.assertEqual(parse_layout(layout.drawing).drawing, layout.drawing)

    @settings(max_examples=1000, deadline=None)
    @given(st.lists(st.text("swcx. ", max_size=8), min_size=1, max_size=8))
    def test_labels_and_positions_are_those_of_a_walk_through_the_hall(self, rows):
        drawing = "\n".join(rows)
        characters = [
            (y, x, character)
            for y, row in enumerate(rows)
            for x, character in enumerate(row)
            if character in "swcx"
        ]
        if not characters:
            with self.assertRaises(LayoutError):
                parse_layout(drawing)
            return
        layout = parse_layout(drawing)
        with_seats = sorted({y for y, _, _ in characters})
        front, left = with_seats[0], min(x for _, x, _ in characters)
        for number, (y, x, character) in enumerate(characters, 1):
            place = sum(seat[0] == y for seat in characters[:number])
            self.assertEqual(layout.label(number), f"{row_letters(with_seats.index(y))}{place}")
            self.assertEqual(layout.position(number), (y - front, x - left))
            self.assertEqual(layout.kind(number).value[0], {"x": "h"}.get(character, character))


class ProblemsTests(SimpleTestCase):
    def problems(self, drawing):
        with self.assertRaises(LayoutError) as raised:
            parse_layout(drawing)
        return [str(problem) for problem in raised.exception.problems]

    def test_unknown_character_is_named_with_line_and_column(self):
        self.assertEqual(
            self.problems("ss\nA: so\ns\ts"),
            [
                'Line 2, column 5: "o" is no place. Use s, w, c, x, a dot or a blank.',
                "Line 3, column 2: The character U+0009 is no place. "
                "Use s, w, c, x, a dot or a blank.",
            ],
        )

    def test_drawing_without_seats_is_refused(self):
        for drawing in ("", "  ", "...\n..."):
            with self.subTest(drawing):
                self.assertEqual(
                    self.problems(drawing), ["Line 1, column 1: Draw at least one seat, as an s."]
                )

    def test_label_without_seats_is_refused(self):
        self.assertEqual(self.problems("s\nB:.."), ["Line 2, column 3: Row B has no seats."])

    def test_label_of_other_characters_is_refused(self):
        for label in ("", "A B", "ABCD", "\u0410", "A-"):
            with self.subTest(label):
                [problem] = self.problems(f"{label}:s")
                self.assertIn("is no label of a row", problem)

    def test_two_rows_of_one_label_are_refused(self):
        self.assertEqual(
            self.problems("b:s\ns"), ["Line 2, column 1: The row of line 1 is B as well."]
        )

    def test_hall_of_20000_seats_is_refused(self):
        drawing = "\n".join(["s" * 200] * 100)
        self.assertEqual(
            self.problems(drawing), ["Line 51, column 1: A hall has at most 10000 seats."]
        )

    def test_too_many_rows_or_places_are_refused(self):
        self.assertEqual(
            self.problems("\n" * 300 + "s"), ["Line 301, column 1: A hall has at most 300 rows."]
        )
        self.assertEqual(
            self.problems("s" * 301), ["Line 1, column 301: A row has at most 300 places."]
        )

    def test_at_most_twenty_problems_are_reported(self):
        self.assertEqual(len(self.problems("o" * 100)), 20)


class RectangleTests(SimpleTestCase):
    def test_seat_label_counts_rows_in_letters(self):
        cases = [
            (1, 12, "A1"),
            (12, 12, "A12"),
            (13, 12, "B1"),
            (14, 12, "B2"),
            (26 * 12, 12, "Z12"),
            (26 * 12 + 1, 12, "AA1"),
            (702, 1, "ZZ1"),
            (703, 1, "AAA1"),
        ]
        for seat_number, seats_per_row, label in cases:
            with self.subTest(label):
                self.assertEqual(seat_label(seat_number, seats_per_row), label)

    def test_seat_label_with_a_drawing_is_that_of_the_drawing(self):
        self.assertEqual(seat_label(2, 10, "s\ns"), "B1")

    @settings(max_examples=200, deadline=None)
    @given(st.integers(1, 12), st.integers(1, 9))
    def test_rectangle_is_the_drawing_of_its_rows(self, seats_per_row, rows):
        drawn = layout_of("\n".join(["s" * seats_per_row] * rows))
        rectangle = Rectangle(rows * seats_per_row, seats_per_row)
        self.assertEqual(rectangle.seats, list(drawn.seats))
        self.assertEqual(rectangle.rows, list(drawn.rows))
        self.assertEqual((rectangle.width, rectangle.depth), (drawn.width, drawn.depth))
        self.assertEqual(set(rectangle.run_starts), drawn.run_starts)
