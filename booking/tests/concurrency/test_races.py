"""Races for single seats: real threads, each with a database connection of its own.

Every race runs again without its guards and must then fail: otherwise it would prove nothing.
"""

from unittest import mock

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone

from booking.db.compiled import fetch_all
from booking.models import Booking
from booking.tests.concurrency.racing import DONE, at_once, no_constraint, no_lock, outcomes
from booking.tests.factories import api_client, create_booking, create_show, create_user

BUYERS = 32


class RaceTests(TransactionTestCase):
    def setUp(self):
        self.buyers = [create_user(f"buyer{number}") for number in range(BUYERS)]
        self.clients = [api_client(buyer) for buyer in self.buyers]

    def book(self, client, show, seat_number):
        return lambda: client.post(f"/api/shows/{show.id}/book/", {"seat_number": seat_number})

    def race_for_one_seat(self):
        """All buyers book seat 5."""
        show = create_show(total_seats=BUYERS)
        return at_once([self.book(client, show, 5) for client in self.clients])

    def assertSoldOnce(self, responses):
        self.assertEqual(outcomes(responses), {DONE: 1, "seat_taken": BUYERS - 1})
        (winner,) = [each.json() for each in responses if each.status_code == 201]
        self.assertEqual(
            list(Booking.objects.active().values_list("id", "seat_number")), [(winner["id"], 5)]
        )

    def test_book_same_seat_by_many_sells_it_once(self):
        self.assertSoldOnce(self.race_for_one_seat())

    def test_book_same_seat_with_lock_only_sells_it_once(self):
        with no_constraint():
            self.assertSoldOnce(self.race_for_one_seat())

    def test_book_same_seat_with_constraint_only_sells_it_once(self):
        with no_lock():
            self.assertSoldOnce(self.race_for_one_seat())

    def test_book_same_seat_without_guards_sells_it_twice(self):
        with no_constraint(), no_lock():
            responses = self.race_for_one_seat()
            with self.assertRaises(AssertionError):
                self.assertSoldOnce(responses)
            self.assertGreater(outcomes(responses)[DONE], 1)
            self.assertGreater(Booking.objects.active().filter(seat_number=5).count(), 1)

    def test_book_different_seats_by_many_all_succeed(self):
        show = create_show(total_seats=BUYERS)
        responses = at_once(
            [self.book(client, show, seat) for seat, client in enumerate(self.clients, 1)]
        )
        self.assertEqual(outcomes(responses), {DONE: BUYERS})
        self.assertEqual(
            sorted(Booking.objects.active().values_list("user", "seat_number")),
            sorted((buyer.id, seat) for seat, buyer in enumerate(self.buyers, 1)),
        )
        # `available_seats` is exact: each response has another number.
        left = sorted(each.json()["show"]["available_seats"] for each in responses)
        self.assertEqual(left, list(range(BUYERS)))

    def test_book_by_more_buyers_than_seats_sells_every_seat(self):
        """Two buyers for each seat: all seats are sold, and the other buyers are refused."""
        show = create_show(total_seats=BUYERS // 2)
        responses = at_once(
            [self.book(each, show, n // 2 + 1) for n, each in enumerate(self.clients)]
        )
        counts = outcomes(responses)
        self.assertEqual(counts[DONE], BUYERS // 2)
        self.assertEqual(counts["seat_taken"] + counts["sold_out"], BUYERS // 2)
        self.assertEqual(
            sorted(Booking.objects.active().values_list("seat_number", flat=True)),
            list(range(1, BUYERS // 2 + 1)),
        )

    def race_to_cancel_and_book(self):
        """One buyer cancels seat 5 twice while all others book it."""
        show = create_show(total_seats=BUYERS)
        to_cancel = create_booking(self.buyers[0], show, 5)

        def cancel():
            return self.clients[0].post(f"/api/bookings/{to_cancel.id}/cancel/")

        bookers = [self.book(client, show, 5) for client in self.clients[1:]]
        responses = at_once([cancel, cancel, *bookers])
        return responses[:2], responses[2:]

    def assertCancelledOnceAndSoldOnce(self, cancelled, booked):
        self.assertEqual(outcomes(cancelled), {DONE: 1, "already_cancelled": 1})
        sold = outcomes(booked)[DONE]
        self.assertIn(sold, [0, 1])  # 0 if all of them were refused before the seat was free
        self.assertEqual(outcomes(booked)["seat_taken"], len(booked) - sold)
        self.assertEqual(Booking.objects.active().count(), sold)
        self.assertEqual(Booking.objects.filter(status="cancelled").count(), 1)

    def test_cancel_during_bookings_frees_seat_once(self):
        self.assertCancelledOnceAndSoldOnce(*self.race_to_cancel_and_book())

    def test_cancel_during_bookings_without_guards_happens_twice(self):
        with no_constraint(), no_lock():
            cancelled, booked = self.race_to_cancel_and_book()
            with self.assertRaises(AssertionError):
                self.assertCancelledOnceAndSoldOnce(cancelled, booked)
            # The assertion failed because something was done twice, not for another reason.
            twice = outcomes(cancelled)[DONE] == 2 or outcomes(booked)[DONE] > 1
            self.assertTrue(twice, (outcomes(cancelled), outcomes(booked)))

    def test_show_shrunk_during_bookings_never_sells_removed_seats(self):
        """Either the show shrinks or its last seats are sold, never both."""
        evening = create_show(total_seats=BUYERS)
        stella = Client()
        stella.force_login(User.objects.create_superuser("stella"))
        local = timezone.localtime(evening.date_time)
        form = {
            "movie": evening.movie_id,
            "screen_name": "Screen 1",
            "date_time_0": local.strftime("%Y-%m-%d"),
            "date_time_1": local.strftime("%H:%M:%S"),
            "total_seats": 5,
            "seats_per_row": 10,
        }
        bookers = [
            self.book(client, evening, seat) for seat, client in enumerate(self.clients[5:20], 6)
        ]
        shrinker = lambda: stella.post(f"/admin/booking/show/{evening.id}/change/", form)  # noqa: E731
        shrunk, *booked = at_once([shrinker, *bookers])
        evening.refresh_from_db()
        sold = sum(each.status_code == 201 for each in booked)
        if shrunk.status_code == 302:
            self.assertEqual((evening.total_seats, sold), (5, 0))
        else:
            self.assertEqual((shrunk.status_code, evening.total_seats), (200, BUYERS))
            self.assertGreater(sold, 0)
        refused = {each.status_code for each in booked} - {201}
        self.assertLessEqual(refused, {400})

    def test_book_by_user_deleted_while_waiting_for_lock_returns_401(self):
        """The user is deleted after authentication; only the foreign key notices, at COMMIT."""
        show = create_show()

        def delete_user(show_id, *queries):
            results = fetch_all(*queries)
            self.buyers[0].delete()
            return results

        with mock.patch("booking.box_office.selling.lock_show", delete_user):
            response = self.book(self.clients[0], show, 5)()
        gone = {"detail": "This account no longer exists.", "code": "user_not_found"}
        self.assertEqual((response.status_code, response.json()), (401, gone))
        self.assertFalse(Booking.objects.exists())

    def test_book_while_show_stays_locked_returns_503_after_lock_timeout(self):
        """With the time limit of production: 3 s on PostgreSQL; shortened from 20 s on SQLite."""
        show = create_show()
        other = connection.copy()
        self.addCleanup(other.close)
        if connection.vendor == "sqlite":
            connection.close()
            self.addCleanup(connection.close)
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout = 100")
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("UPDATE booking_show SET total_seats = 9 WHERE id = %s", [show.id])
        with self.assertLogs("booking", "WARNING"):
            response = self.book(self.clients[0], show, 5)()
        other.rollback()
        self.assertEqual(
            (response.status_code, response.headers["Retry-After"]), (503, "1"), response.content
        )
        self.assertEqual(response.json()["code"], "busy")
        self.assertEqual(self.book(self.clients[0], show, 5)().status_code, 201)
