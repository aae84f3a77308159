"""Lists of very many bookings and customers: how much is read, and what is found nevertheless."""

from datetime import timedelta
from unittest.mock import patch

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking.admin import booking_filters, booking_search, pagination
from booking.tests.admin.test_admin import AdminTestCase
from booking.tests.factories import create_booking, create_movie, create_show, create_user

BOOKINGS = "/admin/booking/booking/"
CUT = "Only the first 3 are listed."


class LongListTests(AdminTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        show = create_show()
        cls.bookings = [create_booking(cls.alice, show, seat) for seat in range(5, 0, -1)]

    def found(self, **query):
        return list(self.client.get(BOOKINGS, query).context["cl"].result_list)

    def test_list_longer_than_listed_is_cut_and_says_so(self):
        with patch.object(pagination, "MAX_LISTED", 3):
            page = self.client.get(BOOKINGS)
            self.assertContains(page, CUT)
            self.assertEqual(list(page.context["cl"].result_list), self.bookings[:1:-1])
        self.assertNotContains(self.client.get(BOOKINGS), "are listed")

    def test_list_reads_rows_of_one_page_only(self):
        with (
            patch("booking.admin.bookings.BookingAdmin.list_per_page", 2),
            CaptureQueriesContext(connection) as queries,
        ):
            self.assertEqual(self.found(p=2), self.bookings[2:0:-1])
        of_rows = [each["sql"] for each in queries if "first_name" in each["sql"]][1:]
        self.assertEqual(len(of_rows), 1)
        for booking in self.bookings:
            is_wanted = booking in self.bookings[2:0:-1]
            ids = of_rows[0].rpartition(" IN (")[2].partition(")")[0].split(", ")
            self.assertEqual(str(booking.pk) in ids, is_wanted)
        self.assertFalse([each for each in queries if "COUNT(" in each["sql"].upper()])

    def test_list_keeps_its_order_and_sorts_by_column(self):
        self.assertEqual(self.found(), self.bookings[::-1])
        self.assertEqual(self.found(o="2"), self.bookings[::-1])  # by seat
        self.assertEqual(self.found(o="-2"), self.bookings)

    def test_filters_of_many_shows_find_the_same(self):
        later = create_show(create_movie("Alien"), starts_in=timedelta(days=30))
        over = create_show(create_movie("Solaris"), starts_in=-timedelta(days=2))
        of_later, of_over = create_booking(self.alice, later), create_booking(self.alice, over)
        for few in (500, 0):
            with self.subTest(few=few), patch.object(booking_filters, "FEW_SHOWS", few):
                self.assertEqual(self.found(movie=later.movie_id), [of_later])
                self.assertEqual(self.found(admitted="no-show"), [of_over])
                self.assertEqual(self.found(day="week"), self.bookings[::-1])

    def test_customer_list_longer_than_listed_is_cut_and_says_so(self):
        User.objects.bulk_create(User(username=f"carol{number}") for number in range(4))
        with patch.object(pagination, "MAX_LISTED", 3):
            self.assertContains(self.client.get("/admin/auth/user/?q=carol"), CUT)

    def test_search_by_both_names_finds_customer_after_many_with_one_of_them(self):
        for first, last in (("Ada", "Ng"), ("Bo", "Archer"), ("Ada", "Archer")):
            user = create_user(f"{first}-{last}".lower(), first_name=first, last_name=last)
            booking = create_booking(user, create_show())
        with patch.object(booking_search, "MAX_FOUND", 1):
            self.assertEqual(self.found(q="ada archer"), [booking])

    def test_search_by_word_of_none_looks_no_further(self):
        with CaptureQueriesContext(connection) as one:
            self.assertEqual(self.found(q="xyzzy"), [])
        with CaptureQueriesContext(connection) as several:
            self.assertEqual(self.found(q="xyzzy plugh frotz"), [])
        self.assertEqual(len(several), len(one))
