from django.test import SimpleTestCase

from booking.seating import nearest_seats, row_and_place, seat_label


class SeatLabelTests(SimpleTestCase):
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

    def test_row_and_place_count_from_zero(self):
        self.assertEqual(row_and_place(14, 12), (1, 1))


class NearestSeatsTests(SimpleTestCase):
    def test_nearest_seats_are_beside_then_behind(self):
        free = set(range(1, 51)) - {5}
        self.assertEqual(nearest_seats(free, [5], 10), [4, 6, 3, 7, 15])

    def test_nearest_seats_at_the_end_of_a_row_are_not_at_the_start_of_the_next(self):
        self.assertEqual(nearest_seats({11, 19}, [10], 10), [19, 11])

    def test_nearest_seats_of_several_seats_are_near_any_of_them(self):
        free = set(range(1, 11)) - {2, 9}
        self.assertEqual(nearest_seats(free, [2, 9], 10, most=6), [1, 3, 8, 10, 4, 7])

    def test_nearest_seats_with_few_free_seats_are_all_of_them(self):
        self.assertEqual(nearest_seats({1, 3}, [2], 10), [1, 3])
        self.assertEqual(nearest_seats(set(), [2], 10), [])
