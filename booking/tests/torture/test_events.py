"""The events of a run tell which requests were done, and how each booking came about."""

from datetime import UTC, datetime

from booking.tests.torture.checker import LINEARIZABLE, VIOLATED, check
from booking.tests.torture.histories import ALICE, BOB, RULES, ReconcileTestCase
from booking.tests.torture.history import Attempt, Request
from booking.tests.torture.model import ShowModel
from booking.tests.torture.reconcile import reconcile


class EventTests(ReconcileTestCase):
    def events_are_wrong(self, status, events):
        booking = self.BOOKING | {"status": status, "held_until": self.BOOKING["created_at"]}
        found = self.violations(kept=False, bookings=[booking], events=events)
        return "the events of booking 1 do not explain it" in found

    def test_confirmation_is_stored_if_and_only_if_it_changed_something(self):
        held, confirmed = self.events(self.BOOKING, "held", "confirmed")
        held["request_id"] = "torture-9"
        sale = Request(9, ALICE, 1, "reserve", {"hold": True, "seats": [1]}, None, [])
        for kept, changes, problem in [
            (True, [held, confirmed], []),
            (False, [held], []),  # the response of a repeated one is not stored
            (False, [held, confirmed], ["done without a stored response"]),
        ]:
            with self.subTest(kept=kept, events=len(changes)):
                body = self.BODY.replace("R7", "R1")
                attempt = Attempt(0, 1, 200, body)
                request = Request(0, ALICE, 1, "confirm", {"reference": "R1"}, "k", [attempt])
                row = {"user": ALICE, "key": "k", "status": 200, "body": body}
                status = "booked" if len(changes) == 2 else "held"
                booking = self.BOOKING | {"status": status, "held_until": "2026-01-01T00:00:10Z"}
                tables = {"keys": [row] * kept, "bookings": [booking], "events": changes}
                sale.attempts = [Attempt(0, 1)]
                found = reconcile(
                    [sale, request], tables | {"shows": [1], "inactive": []}, ended=100
                ).violations
                self.assertEqual([each.split(":")[0] for each in found], problem)

    def without_key(
        self, *attempts, events, kind="book", arguments=None, bookings=None, user=ALICE
    ):
        """A request without a key, and the events that have its ID."""
        arguments = {"seats": [1]} if arguments is None else arguments
        request = Request(0, user, 1, kind, arguments, None, list(attempts))
        bookings = [self.BOOKING] if bookings is None else bookings
        tables = {"keys": [], "bookings": bookings, "events": events, "shows": [1], "inactive": []}
        return reconcile([request], tables, ended=2_000_000_000)

    def test_request_without_key_is_done_if_it_has_events(self):
        events = self.events(self.BOOKING, "booked")
        for attempt in (self.lost(0), Attempt(0, 1, 503, "{}")):
            with self.subTest(status=attempt.status):
                reconciled = self.without_key(attempt, events=events)
                self.assertEqual((reconciled.violations, reconciled.faults), ([], []))
                done, table = reconciled.operations[1]
                self.assertEqual((done.kind, done.code, done.is_answered), ("reserve", None, False))
                self.assertEqual(done.changed, {1})
                began = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
                self.assertEqual((done.sent, done.returned), (began, 2_000_000_000))
                self.assertEqual(check([done, table], ShowModel(RULES)).verdict, LINEARIZABLE)
                self.assertEqual(check([table], ShowModel(RULES)).verdict, VIOLATED)
                reconciled = self.without_key(attempt, events=[], bookings=[])
                self.assertEqual((reconciled.violations, reconciled.faults), ([], []))
                self.assertEqual(self.operations(reconciled), [])

    def test_events_that_do_not_fit_the_request_without_key_are_violations(self):
        booked, cancelled = self.events(self.BOOKING, "booked", "cancelled")
        other = self.BOOKING | {"id": 2, "seat": 2, "reference": "R2"}
        elsewhere = self.BOOKING | {"show": 2}
        lost, answered = self.lost(0), Attempt(0, 1, 201, self.BODY)
        refused = Attempt(0, 1, 400, self.REFUSED)
        late = {"created_at": "2026-01-01T00:00:01Z", "booking": 2, "seat": 2}
        for problem, attempt, events, more in [
            ("acknowledged and lost", answered, [], {"bookings": []}),
            ("refused and done", refused, [booked], {}),
            ("status 409", Attempt(0, 1, 409, "{}"), [], {"bookings": []}),
            ("done twice", lost, [booked, booked], {}),
            (
                "done at several times",
                lost,
                [booked, booked | late],
                {"bookings": [self.BOOKING, other]},
            ),
            (
                "done to several reservations",
                lost,
                [booked, booked | {"booking": 2, "seat": 2}],
                {"bookings": [self.BOOKING, other]},
            ),
            ("done in another show", lost, [booked], {"bookings": [elsewhere]}),
            ("another change than requested", lost, [cancelled], {}),
            ("another change than requested", lost, [booked], {"kind": "map", "arguments": {}}),
            (
                "another change than requested",
                lost,
                [booked],
                {"kind": "reserve", "arguments": {"hold": True, "count": 1}},
            ),
            ("done by another user", lost, [booked], {"user": BOB}),
            ("a change without a request", lost, [booked | {"request_id": "-"}], {}),
        ]:
            with self.subTest(problem):
                found = self.without_key(attempt, events=events, **more).violations
                self.assertIn(problem, [each.split(":")[0] for each in found])

    def test_stored_response_without_a_change_is_a_violation(self):
        self.assertEqual(
            self.violations(self.booked(0, 1), bookings=[], events=[]),
            ["a stored response without a change"],
        )

    def test_events_that_lead_to_the_status_are_right(self):
        for status, kinds in [
            ("booked", ["booked"]),
            ("booked", ["held", "extended", "confirmed"]),
            ("held", ["held", "extended"]),
            ("expired", ["held"]),
            ("cancelled", ["held", "cancelled"]),
            ("cancelled", ["held", "confirmed", "cancelled"]),
        ]:
            with self.subTest(kinds):
                self.assertFalse(self.events_are_wrong(status, self.events(self.BOOKING, *kinds)))

    def test_events_that_lead_elsewhere_are_a_violation(self):
        for status, kinds in [
            ("booked", []),
            ("booked", ["held"]),
            ("booked", ["booked", "booked"]),
            ("booked", ["confirmed"]),
            ("booked", ["held", "cancelled", "confirmed"]),
            ("expired", ["booked"]),
            ("cancelled", ["booked"]),
            ("cancelled", ["booked", "cancelled", "cancelled"]),
        ]:
            with self.subTest(kinds):
                self.assertTrue(self.events_are_wrong(status, self.events(self.BOOKING, *kinds)))

    def test_events_of_another_seat_actor_or_time_are_a_violation(self):
        booked, moved = self.events(self.BOOKING, "booked", "moved")
        from_seat_2 = [booked | {"seat": 2}, moved | {"moved_from": 2}]
        self.assertFalse(self.events_are_wrong("booked", from_seat_2))
        for events in [
            [booked | {"seat": 2}],
            [booked | {"seat": 3}, moved | {"moved_from": 2}],
            [booked, moved | {"seat": 2, "moved_from": 1}],
            [booked | {"actor": BOB}],
            [booked | {"created_at": "2026-01-01T00:00:01Z"}],
        ]:
            with self.subTest(events):
                self.assertTrue(self.events_are_wrong("booked", events))
