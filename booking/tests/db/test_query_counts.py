"""How many statements the database is asked, with BEGIN and COMMIT: exactly."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import TransactionTestCase, skipUnlessDBFeature
from django.test.utils import CaptureQueriesContext

from booking.box_office.turns import wait_for_turn
from booking.tests.factories import booking, client_of, hold, person, show


class StatementTests(TransactionTestCase):
    def setUp(self):
        self.alices_user = person("alice")
        self.alice = client_of(self.alices_user)
        self.hall = show(total_seats=60)
        self.statements("get", "/api/me/")  # whatever is asked the first time only

    def statements(self, method, address, body=None, **headers):
        """Their first words, and that of BEGIN and COMMIT."""
        with CaptureQueriesContext(connection) as asked:
            answer = getattr(self.alice, method)(address, body, **headers)
        self.assertLess(answer.status_code, 300, answer.content)
        return [each["sql"].split()[0] for each in asked]

    def test_booking(self):
        address = f"/api/shows/{self.hall.pk}/book/"
        six = ["SELECT", "BEGIN", "SELECT", "SELECT", "INSERT", "COMMIT"]  # the user comes first
        self.assertEqual(self.statements("post", address, {"seat_number": 5}), six)
        self.assertEqual(self.statements("post", address, {"seat_number": 6}), six)
        several = {"seat_numbers": [7, 8, 9]}
        reservations = f"/api/shows/{self.hall.pk}/reservations/"
        self.assertEqual(self.statements("post", reservations, several), six)
        with_key = self.statements("post", address, {"seat_number": 10}, HTTP_IDEMPOTENCY_KEY="key")
        within = ["INSERT", "SAVEPOINT", "SELECT", "SELECT", "INSERT", "RELEASE", "UPDATE"]
        self.assertEqual(with_key, ["SELECT", "BEGIN", *within, "COMMIT"])

    @skipUnlessDBFeature("has_select_for_update")
    def test_nobody_locks_outside_of_a_transaction(self):
        """Also once the question is prepared, of which Django itself no longer takes care."""
        with transaction.atomic():
            wait_for_turn(self.hall.pk)
        with self.assertRaises(TransactionManagementError):
            wait_for_turn(self.hall.pk)

    def test_a_seat_whose_hold_has_lapsed(self):
        hold(person("bob"), self.hall, 5, ends_in=timedelta(seconds=-1))
        found = self.statements("post", f"/api/shows/{self.hall.pk}/book/", {"seat_number": 5})
        self.assertEqual(found.count("UPDATE"), 1)
        self.assertEqual(len(found), 7)

    def test_lists_whatever_their_length(self):
        film = self.hall.movie_id
        for number in (1, 3):
            for _ in range(number):
                booking(self.alices_user, show(self.hall.movie), 1)
            expected = {
                "/api/movies/": 1,
                "/api/shows/": 1,
                f"/api/movies/{film}/shows/": 2,
                "/api/my-bookings/": 2,
                f"/api/my-bookings/?show={self.hall.pk}&page_size=5": 2,
                f"/api/shows/{self.hall.pk}/seats/": 3,
            }
            for address, many in expected.items():
                with self.subTest(address):
                    self.assertEqual(self.statements("get", address), ["SELECT"] * many)
