"""Two gates scan the same tickets at the same moment: each ticket admits once.

Real threads, each with a database connection of its own.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from threading import Barrier
from unittest import mock

from django.contrib.auth.models import Group
from django.db import connection, connections
from django.test import TransactionTestCase
from django.utils import timezone

from booking import box_office
from booking.exceptions import AlreadyAdmitted
from booking.models import Booking, BookingEvent
from booking.roles import DOOR, create_roles
from booking.tests.concurrency.racing import (
    DONE,
    at_once,
    no_lock,
    outcomes,
    without_time_limits,
)
from booking.tests.factories import api_client, create_show, create_user
from booking.tickets import Ticket, code_of

TICKETS = 1_000


@contextmanager
def no_check():
    """Take away the look at whether the ticket was used, as if it had been before the lock."""
    found = Booking.snapshot

    def not_admitted(booking, show):
        booking.admitted_at = None
        return found(booking, show)

    with mock.patch.object(Booking, "snapshot", not_admitted):
        yield


class AdmissionRaceTests(TransactionTestCase):
    def setUp(self):
        create_roles()
        self.gates = []
        for name in ("gate1", "gate2"):
            gate = create_user(name, is_staff=True)
            gate.groups.add(Group.objects.get(name=DOOR))
            self.gates.append(gate)
        self.clients = [api_client(gate) for gate in self.gates]
        self.alice = create_user("alice")

    def sell(self, seats):
        show = create_show(total_seats=seats, starts_in=timedelta(minutes=30))
        Booking.objects.bulk_create(
            Booking(user=self.alice, show=show, seat_number=seat) for seat in range(1, seats + 1)
        )
        return list(Booking.objects.order_by("seat_number"))

    def check_in(self, client, booking):
        return client.post("/api/check-in/", {"code": code_of(Ticket.of(booking))})

    def test_two_gates_scan_a_thousand_tickets_at_the_same_moment(self):
        """The database says what the gates were told, and the loser was told who won."""
        bookings = self.sell(TICKETS)
        both = Barrier(2)

        def scan_all(gate):
            try:
                return [self.admit(booking, gate, both) for booking in bookings]
            finally:
                connections.close_all()

        with without_time_limits(), ThreadPoolExecutor(2) as threads:
            answers = list(zip(*threads.map(scan_all, self.gates), strict=True))
        stored = dict(Booking.objects.values_list("pk", "admitted_by__username"))
        for booking, pair in zip(bookings, answers, strict=True):
            winner = stored[booking.pk]
            expected = [(name, winner, winner == name) for name in ("gate1", "gate2")]
            self.assertEqual(list(pair), expected)
        events = BookingEvent.objects.filter(kind="admitted").values_list("booking", flat=True)
        self.assertEqual(sorted(events), sorted(stored))

    def admit(self, booking, gate, both):
        """Who scanned, who had admitted the customer after that, and whether it was this scan."""
        both.wait(60)
        ticket = {"booking_id": booking.pk, "seat_number": booking.seat_number}
        try:
            admission = box_office.admit(**ticket, by=gate)
        except AlreadyAdmitted as refusal:
            return gate.username, refusal.facts["admitted_by"], False
        return gate.username, admission.admitted_by, True

    def race(self, gates=8):
        [booking] = self.sell(1)
        calls = [
            lambda client=self.clients[number % 2]: self.check_in(client, booking)
            for number in range(gates)
        ]
        return at_once(calls)

    def test_many_scans_of_one_ticket_admit_once(self):
        responses = self.race()
        self.assertEqual(outcomes(responses), {DONE: 1, "already_admitted": 7})
        self.assertEqual(BookingEvent.objects.filter(kind="admitted").count(), 1)

    def test_many_scans_of_one_ticket_without_lock_admit_twice(self):
        with no_lock():
            responses = self.race()
        self.assertGreater(outcomes(responses)[DONE], 1)

    def test_many_scans_of_one_ticket_without_check_admit_twice(self):
        with no_check():
            responses = self.race()
        self.assertGreater(outcomes(responses)[DONE], 1)

    def test_check_in_and_cancellation_at_the_same_moment_exclude_each_other(self):
        for _ in range(10):
            Booking.objects.all().delete()
            [booking] = self.sell(1)
            path = f"/api/bookings/{booking.pk}/cancel/"
            responses = at_once(
                [
                    partial(self.check_in, self.clients[0], booking),
                    partial(api_client(self.alice).post, path),
                ]
            )
            self.assertIn(
                [outcomes([each]).popitem()[0] for each in responses],
                [[DONE, "checked_in"], ["ticket_cancelled", DONE]],
            )
            booking.refresh_from_db()
            self.assertNotEqual(booking.status == "cancelled", booking.admitted_at is not None)

    def test_undo_and_second_scan_at_the_same_moment(self):
        """The second scan is refused or admitted, as if one had come after the other."""
        [booking] = self.sell(1)
        gate, other = self.gates
        ticket = {"booking_id": booking.pk, "seat_number": 1}
        for _ in range(10):
            Booking.objects.update(admitted_at=timezone.now(), admitted_by=gate)
            code = {"code": code_of(Ticket.of(booking))}
            responses = at_once(
                [
                    partial(self.clients[0].post, "/api/check-in/undo/", code),
                    partial(self.check_in, self.clients[1], booking),
                ]
            )
            undone, scanned = responses
            self.assertEqual(undone.status_code, 200)
            booking.refresh_from_db()
            self.assertEqual(scanned.status_code == 200, booking.admitted_at is not None)
            if booking.admitted_at is not None:
                self.assertEqual(booking.admitted_by, other)
                box_office.undo_admission(**ticket, by=gate)
        self.assertTrue(connection.is_usable())
