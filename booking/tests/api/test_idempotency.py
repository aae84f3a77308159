"""Idempotency-Key: a repeated request returns the stored response and changes nothing."""

from datetime import timedelta
from io import StringIO
from threading import Event, Thread
from unittest import mock, skipUnless
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections
from django.db.models import F
from django.test import TransactionTestCase
from psycopg.errors import DeadlockDetected

from booking import box_office
from booking.api import idempotency
from booking.box_office.locking import lock_show
from booking.db.compiled import fetch_all
from booking.models import Booking, IdempotencyKey
from booking.tests.concurrency.racing import at_once
from booking.tests.factories import (
    ApiTestCase,
    api_client,
    booking_json,
    create_booking,
    create_hold,
    create_show,
    create_user,
)

HOLD_AT_MOST = settings.HOLD_AT_MOST
ON_POSTGRESQL = connection.vendor == "postgresql"
MISMATCH = {
    "detail": "This Idempotency-Key was used for another request.",
    "code": "idempotency_mismatch",
}
NOT_YOURS = {"detail": "You do not have access to this booking.", "code": "not_yours"}
BAD_KEY = {
    "detail": "Idempotency-Key must be 1 to 255 printable ASCII characters, such as a UUID; in "
    "double quotes or without.",
    "code": "bad_idempotency_key",
}


def post(client, path, body=None, *, key="k-1", **more):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(f"/api/{path}/", body, headers=headers, **more)


class IdempotencyTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.show = create_show()

    def book(self, seat_number=5, by=None, **more):
        return post(
            by or self.alice_client,
            f"shows/{self.show.id}/book",
            {"seat_number": seat_number},
            **more,
        )

    def assertReplayed(self, again, first):
        self.assertNotIn("Idempotency-Replayed", first)
        self.assertEqual(again["Idempotency-Replayed"], "true")
        self.assertEqual(
            (again.status_code, again.content, again["Content-Type"]),
            (first.status_code, first.content, first["Content-Type"]),
        )

    def test_request_repeated_with_key_returns_the_first_response(self):
        first = self.book()
        self.assertEqual(first.status_code, 201, first.content)
        create_booking(self.bob, self.show, 6)  # a new response would show it in available_seats
        self.assertReplayed(self.book(), first)
        self.assertReplayed(self.book(), first)
        self.assertEqual(Booking.objects.filter(user=self.alice).count(), 1)

    def test_every_operation_on_seats_repeated_changes_nothing(self):
        held, booked, to_cancel = (
            create_hold(self.alice, self.show, 1),
            create_booking(self.alice, self.show, 2),
            create_booking(self.alice, self.show, 3),
        )
        calls = [
            (f"shows/{self.show.id}/book", {"seat_number": 5}),
            (f"shows/{self.show.id}/reservations", {"count": 2}),
            (f"reservations/{held.reference}/extend", None),
            (f"reservations/{held.reference}/confirm", None),
            (f"reservations/{held.reference}/cancel", None),
            (f"bookings/{booked.id}/move", {"seat_number": 9}),
            (f"bookings/{to_cancel.id}/cancel", None),
        ]
        for number, (path, body) in enumerate(calls):
            with self.subTest(path):
                first = post(self.alice_client, path, body, key=f"key {number}")
                self.assertIn(first.status_code, [200, 201], first.content)
                before = list(Booking.objects.order_by("id").values())
                self.assertReplayed(post(self.alice_client, path, body, key=f"key {number}"), first)
                self.assertEqual(list(Booking.objects.order_by("id").values()), before)

    def test_key_of_another_request_is_refused(self):
        self.book(5)
        self.assertResponse(self.book(6), 422, MISMATCH)
        other = create_show()
        response = post(self.alice_client, f"shows/{other.id}/book", {"seat_number": 5})
        self.assertResponse(response, 422, MISMATCH)
        self.assertEqual(Booking.objects.count(), 1)

    def test_json_with_other_order_or_spaces_is_the_same_request(self):
        path = f"shows/{self.show.id}/reservations"
        first = self.alice_client.generic(
            "POST",
            f"/api/{path}/",
            '{"count": 2, "hold": true}',
            content_type="application/json",
            headers={"Idempotency-Key": "k-1"},
        )
        self.assertEqual(first.status_code, 201)
        self.assertReplayed(post(self.alice_client, path, {"hold": True, "count": 2}), first)

    def test_form_with_another_boundary_is_the_same_request(self):
        responses = [
            self.alice_client.generic(
                "POST",
                f"/api/shows/{self.show.id}/book/",
                f'--{boundary}\r\nContent-Disposition: form-data; name="seat_number"\r\n\r\n5\r\n'
                f"--{boundary}--\r\n",
                content_type=f"multipart/form-data; boundary={boundary}",
                headers={"Idempotency-Key": "k-1"},
            )
            for boundary in ("once", "again")
        ]
        self.assertEqual(responses[0].status_code, 201, responses[0].content)
        self.assertReplayed(responses[1], responses[0])

    def test_key_of_another_user_is_another_key(self):
        """Keys belong to the user, not to the token."""
        first = self.book(5)
        response = self.book(6, by=self.bob_client)
        booking = Booking.objects.get(user=self.bob)
        self.assertResponse(response, 201, booking_json(booking, available_seats=8))
        self.assertNotIn("Idempotency-Replayed", response)
        self.assertReplayed(self.book(5, by=api_client(self.alice)), first)

    def test_key_of_another_user_with_the_same_request_does_not_repeat_the_response(self):
        self.book(5)
        response = self.book(5, by=self.bob_client)
        self.assertEqual((response.status_code, response.json()["code"]), (400, "seat_taken"))
        self.assertNotIn("Idempotency-Replayed", response)

    def test_key_of_another_users_cancellation_does_not_repeat_the_response(self):
        """The same path, which Bob has no access to."""
        path = f"bookings/{create_booking(self.alice, self.show).pk}/cancel"
        self.assertEqual(post(self.alice_client, path, None).status_code, 200)
        self.assertResponse(post(self.bob_client, path, None), 403, NOT_YOURS)

    def test_refusal_is_not_stored(self):
        taken = create_booking(self.bob, self.show, 5)
        refused = self.book()
        self.assertEqual((refused.status_code, refused.json()["code"]), (400, "seat_taken"))
        self.assertFalse(IdempotencyKey.objects.exists())
        box_office.cancel(booking=taken, by=self.bob)
        self.assertEqual(self.book().status_code, 201)

    def test_repeated_confirmation_is_not_stored(self):
        """A late copy of it changes nothing, and its keys would fill the table."""
        booking = create_booking(self.alice, self.show, 1)
        confirm = f"reservations/{booking.reference}/confirm"
        first, again = [post(self.alice_client, confirm, key="k") for _ in range(2)]
        self.assertEqual((first.status_code, again.status_code), (200, 200))
        self.assertNotIn("Idempotency-Replayed", again)
        self.assertFalse(IdempotencyKey.objects.exists())

    def test_extension_that_changed_nothing_is_stored(self):
        """A late copy of it could extend the hold when more of the allowance is free."""
        hold = create_hold(self.alice, self.show, 2, ends_in=HOLD_AT_MOST + timedelta(seconds=1))
        Booking.objects.filter(pk=hold.pk).update(held_until=F("created_at") + HOLD_AT_MOST)
        with self.settings(HOLD_FOR=2 * HOLD_AT_MOST):
            first, again = [
                post(self.alice_client, f"reservations/{hold.reference}/extend", key="k")
                for _ in range(2)
            ]
        self.assertEqual(first.status_code, 200)
        self.assertReplayed(again, first)

    def test_late_copy_of_a_move_to_the_own_seat_does_not_move_the_booking_back(self):
        booking = create_booking(self.alice, self.show, 5)

        def move(seat_number, key):
            path = f"bookings/{booking.id}/move"
            return post(self.alice_client, path, {"seat_number": seat_number}, key=key)

        first = move(5, "k-1")
        self.assertEqual((first.status_code, first.json()["seat_number"]), (200, 5))
        self.assertEqual(move(6, "k-2").status_code, 200)
        self.assertReplayed(move(5, "k-1"), first)
        booking.refresh_from_db()
        self.assertEqual(booking.seat_number, 6)

    def test_error_response_is_not_stored(self):
        self.assertEqual(self.book("x").status_code, 400)
        self.assertEqual(
            post(self.alice_client, "shows/0/book", {"seat_number": 5}).status_code, 404
        )
        bobs_booking = create_booking(self.bob, self.show, 5)
        self.assertEqual(
            post(self.alice_client, f"bookings/{bobs_booking.id}/cancel").status_code, 403
        )
        self.assertEqual(post(self.client, f"bookings/{bobs_booking.id}/cancel").status_code, 401)
        self.assertFalse(IdempotencyKey.objects.exists())

    def test_key_with_or_without_quotes_is_the_same(self):
        first = self.book(key="8e03 978e")
        self.assertReplayed(self.book(key='"8e03 978e"'), first)
        self.assertEqual(IdempotencyKey.objects.get().key, "8e03 978e")
        escaped = self.book(6, key=r'"a \"b\" \\"')
        self.assertEqual(escaped.status_code, 201)
        self.assertTrue(IdempotencyKey.objects.filter(key='a "b" \\').exists())

    def test_key_of_any_allowed_length_is_accepted(self):
        for seat, key in enumerate(["k", "k" * 255, '"' + "k" * 254 + '"'], 1):
            self.assertEqual(self.book(seat, key=key).status_code, 201)

    def test_key_invalid_is_refused(self):
        bad = ["", '""', '"', '"a', '"a" b', "ä", "a\x01", "a\tb", "k" * 256, '"a"b', '"a", "b"']
        bad += ['"' + "k" * 256 + '"', r'"\a"', '"a";p=1']
        for key in bad:
            with self.subTest(key):
                self.assertResponse(self.book(key=key), 400, BAD_KEY)
        self.assertFalse(Booking.objects.exists())

    def test_key_of_a_get_request_is_ignored(self):
        for _ in range(2):
            response = self.alice_client.get("/api/movies/", headers={"Idempotency-Key": ""})
            self.assertEqual(response.status_code, 200)

    def test_request_without_key_costs_no_extra_query(self):
        with self.assertNumQueries(8):  # as many as db/test_query_counts.py counts
            self.book(key=None)
        self.assertFalse(IdempotencyKey.objects.exists())

    def test_request_with_key_costs_two_more_queries(self):
        with self.assertNumQueries(10):  # two for the key: INSERT and UPDATE
            self.book()
        with self.assertNumQueries(5):  # the user; BEGIN, INSERT, COMMIT; the first response
            self.book()


class AgeTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.show = create_show()

    def book(self, seat_number):
        return post(self.alice_client, f"shows/{self.show.id}/book", {"seat_number": seat_number})

    def age(self, **by):
        IdempotencyKey.objects.update(created_at=F("created_at") - timedelta(**by))

    def test_key_is_forgotten_after_a_day(self):
        first = self.book(5)
        self.age(hours=23, minutes=59)
        self.assertEqual(self.book(5).content, first.content)
        self.age(minutes=1)
        self.assertEqual(self.book(6).status_code, 201)
        self.assertEqual(IdempotencyKey.objects.count(), 1)
        self.assertEqual(Booking.objects.count(), 2)

    def test_prune_deletes_expired_keys_only(self):
        self.book(5)
        expired = create_hold(self.bob, self.show, 6, ends_in=-timedelta(days=100))
        for deleted in (0, 1):
            out = StringIO()
            call_command("prune", stdout=out)
            self.assertEqual(
                out.getvalue(),
                f"Deleted {deleted} expired idempotency keys.\n"
                "Deleted 0 expired sessions.\n"
                "Deleted 0 expired staff sessions.\n"
                "Deleted 0 old mails.\n"
                "Deleted 0 expired counters.\n",
            )
            self.age(hours=24)
        self.assertTrue(Booking.objects.filter(pk=expired.pk).exists())
        self.assertEqual(Booking.objects.count(), 2)


class MomentTests(TransactionTestCase):
    """Simultaneous requests with one key, in threads with database connections of their own."""

    def setUp(self):
        self.show = create_show()
        self.user = create_user("alice")
        self.clients = [api_client(self.user) for _ in range(16)]

    def book(self, client, seat_number=5):
        return post(client, f"shows/{self.show.id}/book", {"seat_number": seat_number})

    def race(self):
        """Send the same request sixteen times at once."""
        path = f"shows/{self.show.id}/reservations"
        return at_once([lambda c=each: post(c, path, {"count": 1}) for each in self.clients])

    def assertDoneOnce(self, responses):
        self.assertEqual({(each.status_code, each.content) for each in responses}, {
            (201, responses[0].content)
        })  # fmt: skip
        self.assertEqual(sum("Idempotency-Replayed" in each for each in responses), 15)
        self.assertEqual(Booking.objects.count(), 1)

    def test_simultaneous_requests_with_one_key_book_once(self):
        self.assertDoneOnce(self.race())

    def test_simultaneous_requests_without_unique_key_book_twice(self):
        def insert_another_key(key, unique):
            key.key = uuid4()
            key.save()
            return True

        with mock.patch.object(idempotency, "insert_unless_exists", insert_another_key):
            responses = self.race()
        with self.assertRaises(AssertionError):
            self.assertDoneOnce(responses)
        self.assertGreater(Booking.objects.count(), 1)

    def during_first_request(self, act):
        """Call `act` while the first request holds its lock; return its response and the result."""
        at_work, go_on, responses = Event(), Event(), []

        def lock_and_wait(show_id, *queries):
            results = lock_show(show_id, *queries)
            at_work.set()
            go_on.wait(20)
            return results

        def first():
            try:
                responses.append(self.book(self.clients[0]))
            finally:
                connections.close_all()

        with mock.patch("booking.box_office.selling.lock_show", lock_and_wait):
            thread = Thread(target=first)
            thread.start()
            at_work.wait(20)
        try:
            result = act(go_on)
        finally:
            go_on.set()
            thread.join()
        return responses[0], result

    def test_second_request_waits_for_the_first(self):
        def second(go_on):
            later = Thread(target=lambda: (go_on.wait(0.3), go_on.set()))
            later.start()
            return self.book(self.clients[1])

        first, again = self.during_first_request(second)
        self.assertEqual((first.status_code, again.status_code), (201, 201))
        self.assertEqual(again.content, first.content)
        self.assertEqual(again["Idempotency-Replayed"], "true")

    @skipUnless(ON_POSTGRESQL, "SQLite's one queue cannot tell what it waits for: 503")
    def test_second_request_during_a_slow_first_one_returns_409(self):
        first, again = self.during_first_request(lambda go_on: self.book(self.clients[1]))
        in_progress = {
            "detail": "The first request with this Idempotency-Key is still in progress.",
            "code": "in_progress",
        }
        self.assertEqual((again.status_code, again.json()), (409, in_progress))
        self.assertEqual(again["Retry-After"], "1")
        self.assertEqual(first.status_code, 201)
        self.assertEqual(self.book(self.clients[1]).content, first.content)

    def test_request_of_user_deleted_meanwhile_returns_401(self):
        def delete_the_user(show_id, *queries):
            results = fetch_all(*queries)
            self.user.delete()
            return results

        with mock.patch("booking.box_office.selling.lock_show", delete_the_user):
            response = self.book(self.clients[0])
        gone = {"detail": "This account no longer exists.", "code": "user_not_found"}
        self.assertEqual((response.status_code, response.json()), (401, gone))
        self.assertFalse(IdempotencyKey.objects.exists() or Booking.objects.exists())

    def test_request_with_deadlocks_is_retried_as_a_whole(self):
        tries = []

        def unlucky(show_id, *queries):
            tries.append(show_id)
            responses = lock_show(show_id, *queries)
            if len(tries) < 3:
                raise OperationalError("deadlock detected") from DeadlockDetected()
            return responses

        with mock.patch("booking.box_office.selling.lock_show", unlucky):
            response = self.book(self.clients[0])
        self.assertEqual((response.status_code, len(tries)), (201, 3))
        self.assertEqual(Booking.objects.count(), 1)
        self.assertEqual(IdempotencyKey.objects.get().body, response.content.decode())
