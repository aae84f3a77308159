"""How many statements a request sends, with BEGIN and COMMIT: exactly."""

from datetime import timedelta

from django.db import connection, transaction
from django.db.transaction import TransactionManagementError
from django.test import TransactionTestCase, skipUnlessDBFeature
from django.test.utils import CaptureQueriesContext

from booking.box_office.locking import lock_show
from booking.tests.factories import (
    api_client,
    create_booking,
    create_hold,
    create_show,
    create_user,
)


class StatementTests(TransactionTestCase):
    def setUp(self):
        self.alice = create_user("alice")
        self.alice_client = api_client(self.alice)
        self.show = create_show(total_seats=60)
        self.statements("get", "/api/me/")  # what is read only once in a process

    def statements(self, method, path, body=None, **headers):
        """The first word of each statement, with BEGIN and COMMIT."""
        with CaptureQueriesContext(connection) as captured:
            response = getattr(self.alice_client, method)(path, body, **headers)
        self.assertLess(response.status_code, 300, response.content)
        return [each["sql"].split()[0] for each in captured]

    def assertStatements(self, statements, expected):
        self.assertEqual(statements, expected.replace("lock", "SELECT").split())

    def test_booking_is_seven_statements(self):
        path = f"/api/shows/{self.show.pk}/book/"
        user = "SELECT"
        sale = "BEGIN lock SELECT INSERT INSERT COMMIT"
        for seat in (5, 6):
            statements = self.statements("post", path, {"seat_number": seat})
            self.assertStatements(statements, f"{user} {sale}")

    def test_reservation_is_seven_statements(self):
        path = f"/api/shows/{self.show.pk}/reservations/"
        statements = self.statements("post", path, {"seat_numbers": [7, 8, 9]})
        self.assertStatements(statements, "SELECT BEGIN lock SELECT INSERT INSERT COMMIT")

    def test_booking_with_a_key_is_nine_statements_and_no_savepoint(self):
        path = f"/api/shows/{self.show.pk}/book/"
        statements = self.statements("post", path, {"seat_number": 10}, HTTP_IDEMPOTENCY_KEY="key")
        self.assertStatements(
            statements, "SELECT BEGIN INSERT lock SELECT INSERT INSERT UPDATE COMMIT"
        )

    def test_seat_with_an_expired_hold_is_one_statement_more(self):
        create_hold(create_user("bob"), self.show, 5, ends_in=timedelta(seconds=-1))
        path = f"/api/shows/{self.show.pk}/book/"
        statements = self.statements("post", path, {"seat_number": 5})
        self.assertStatements(statements, "SELECT BEGIN lock SELECT UPDATE INSERT INSERT COMMIT")

    @skipUnlessDBFeature("has_select_for_update")
    def test_lock_outside_a_transaction_is_refused(self):
        with transaction.atomic():
            lock_show(self.show.pk)
        with self.assertRaises(TransactionManagementError):
            lock_show(self.show.pk)

    def test_list_of_any_length_is_the_same_number_of_statements(self):
        movie = self.show.movie_id
        for count in (1, 3):
            for _ in range(count):
                create_booking(self.alice, create_show(self.show.movie), 1)
            expected = {
                "/api/movies/": 1,
                "/api/shows/": 1,
                f"/api/movies/{movie}/shows/": 1,
                "/api/my-bookings/": 2,
                "/api/my-reservations/": 3,
                "/api/my-reservations/?status=booked&page_size=5": 3,
                f"/api/my-bookings/?show={self.show.pk}&page_size=5": 2,
                f"/api/shows/{self.show.pk}/seats/": 4,
            }
            for path, number in expected.items():
                with self.subTest(path):
                    self.assertEqual(self.statements("get", path), ["SELECT"] * number)
