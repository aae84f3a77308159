from django.test import SimpleTestCase

from booking.seating import Rectangle, best_seats, layout_of, nearest_seats

ROWS_OF_TEN = Rectangle(50, 10)


class NearestSeatsTests(SimpleTestCase):
    def test_nearest_seats_are_beside_then_behind(self):
        free = set(range(1, 51)) - {5}
        self.assertEqual(nearest_seats(free, [5], ROWS_OF_TEN), [4, 6, 3, 7, 15])

    def test_nearest_seats_at_the_end_of_a_row_are_not_at_the_start_of_the_next(self):
        self.assertEqual(nearest_seats({11, 19}, [10], ROWS_OF_TEN), [19, 11])

    def test_nearest_seats_of_several_seats_are_near_any_of_them(self):
        free = set(range(1, 11)) - {2, 9}
        self.assertEqual(nearest_seats(free, [2, 9], ROWS_OF_TEN, most=6), [1, 3, 8, 10, 4, 7])

    def test_nearest_seats_with_few_free_seats_are_all_of_them(self):
        self.assertEqual(nearest_seats({1, 3}, [2], ROWS_OF_TEN), [1, 3])
        self.assertEqual(nearest_seats(set(), [2], ROWS_OF_TEN), [])

    def test_nearest_seats_beyond_an_aisle_are_as_far_as_they_look(self):
        layout = layout_of("ss..ss\nss..ss")
        self.assertEqual(nearest_seats(set(range(1, 9)) - {2}, [2], layout), [1, 6, 5, 3, 7])

    def test_nearest_seats_are_of_the_kind_that_was_wanted(self):
        layout = layout_of("wcss\nxsws")
        free = set(range(1, 9))
        self.assertEqual(nearest_seats(free - {3}, [3], layout), [4, 6, 8])
        self.assertEqual(nearest_seats(free - {7}, [7], layout), [1])
        self.assertEqual(nearest_seats(free - {2}, [2], layout), [])


class SeatsForGroupsTests(SimpleTestCase):
    def best(self, drawing, count, taken=()):
        layout = layout_of(drawing)
        free = set(range(1, layout.total_seats + 1)).difference(taken)
        return best_seats(free, layout, count)

    def test_group_does_not_sit_across_an_aisle(self):
        self.assertEqual(self.best("sss.ss.sss", 3), [1, 2, 3])

    def test_group_does_not_get_wheelchair_companion_or_house_seats(self):
        self.assertEqual(self.best("sswcxss\nsssssss", 4), [8, 9, 10, 11])
        self.assertEqual(self.best("swcx", 1), [1])

    def test_group_is_not_split_across_a_gap_between_rows(self):
        self.assertEqual(self.best("sss\nsss\n\nsss", 4, taken=[7, 8]), [1, 2, 4, 5])
