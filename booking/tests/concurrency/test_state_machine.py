"""Model-based test: random sequences of API calls against the reference model.

Hypothesis generates sequences of calls by Alice, Bob and staff, and of time passing; the reference
model predicts every response. A failure is shrunk to the shortest sequence. The sequences are the
same in every run; `STATE_MACHINE_EXAMPLES=2000` tries that many others.
"""

import os
from copy import deepcopy
from datetime import timedelta
from functools import partial
from io import StringIO
from unittest import SkipTest

from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.test import TestCase, override_settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from rest_framework.test import APIClient

from booking.models import Booking, IdempotencyKey, Show
from booking.tests.factories import api_client, create_show, create_user, show_json
from booking.tests.reference_model import (
    DOORS_OPEN,
    SETTINGS,
    ReferenceModel,
    Refused,
    TooEarlyOrLate,
)
from booking.tickets import Ticket, code_of

try:
    from hypothesis import Phase, settings
    from hypothesis import strategies as st
    from hypothesis.stateful import (
        RuleBasedStateMachine,
        initialize,
        invariant,
        precondition,
        rule,
        run_state_machine_as_test,
    )
except ImportError:
    raise SkipTest("hypothesis is missing: pip install -r requirements-dev.txt") from None

RANDOM_EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "0"))

MINUTE = timedelta(minutes=1)
# Time passes in steps of seven minutes, and nothing begins or ends at a multiple of seven. So it
# does not matter how long the test itself takes.
STEP = 7
MORE_THAN_A_DAY = 206  # steps
KEY_TTL = 24 * 60  # minutes
SHOWS = {
    "tonight": {"total_seats": 6, "seats_per_row": 4},
    "in three days": {"total_seats": 4, "seats_per_row": 3},
}
STARTS = {"tonight": 10 * STEP + 1, "in three days": 3 * 24 * 60}

TIMES_IN_TABLES = {
    Booking: ["created_at", "held_until", "cancelled_at", "admitted_at"],
    Show: ["date_time", "cancelled_at"],
    IdempotencyKey: ["created_at"],
}
TIMES = [
    *("created_at", "cancelled_at", "expires_at", "cancel_until"),
    *("bookable_until", "date_time", "ends_at", "admitted_at", "undo_until"),
]
SECONDS = ["expires_in", "retry_after"]

NOT_YOURS = {"detail": "You do not have access to this booking.", "code": "not_yours"}
MISMATCH = {
    "detail": "This Idempotency-Key was used for another request.",
    "code": "idempotency_mismatch",
}

endpoints_st = st.sampled_from(
    [
        "GET bookings/{booking}",
        "POST bookings/{booking}/cancel",
        "POST bookings/{booking}/move",
        "GET reservations/{reference}",
        "POST reservations/{reference}/confirm",
        "POST reservations/{reference}/extend",
        "POST reservations/{reference}/cancel",
    ]
)
customers_st = st.sampled_from(["Alice", "Bob"])
shows_st = st.sampled_from(list(SHOWS))
seats_st = st.integers(1, 6) | st.integers(1, 7)  # sometimes one that does not exist
bookings_st = st.runner().flatmap(lambda machine: st.sampled_from(machine.names_of_bookings()))
stored_st = st.runner().flatmap(lambda machine: st.sampled_from(list(machine.stored)))


class BoxOffice(RuleBasedStateMachine):
    """State machine: two small shows, and two customers who want all seats."""

    def __init__(self):
        super().__init__()
        test = TestCase()
        test.maxDiff = None
        self.assertEqual, self.assertIn = test.assertEqual, test.assertIn
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        users = {"Alice": create_user("alice"), "Bob": create_user("bob")}
        self.anonymous = APIClient()
        self.clients = {name: api_client(user) for name, user in users.items()}
        stella = create_user("stella", is_staff=True, is_superuser=True)
        self.clients["Stella"] = api_client(stella)
        shows = {
            name: create_show(starts_in=STARTS[name] * MINUTE, **facts)
            for name, facts in SHOWS.items()
        }
        self.model = ReferenceModel(
            {name: show_json(each, date_time=STARTS[name]) for name, each in shows.items()},
            {name: user.pk for name, user in [*users.items(), ("Stella", stella)]},
        )
        self.ids = {}  # of bookings, by name: "Alice 1" is her first one
        self.checked_table = None
        self.began = timezone.now()
        self.stored = {}  # by (customer, Idempotency-Key): (time, path, body, response)

    def teardown(self):
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    # --- Customers ---

    @initialize()
    def alice_holds_seats_1_and_2_tonight_and_bob_has_3(self):
        self.reserve("tonight", "Alice", [1, 2], hold=True, with_key=False)
        self.book("tonight", "Bob", 3, with_key=False)

    @rule(show=shows_st, customer=customers_st, seat=seats_st, with_key=st.booleans())
    def book(self, show, customer, seat, with_key):
        check = partial(self.model.check_seats, show, customer, [seat], field="seat_number")
        body = {"seat_number": seat}
        data = self.post(customer, self.path(show, "book"), body, with_key, check, status=201)
        if data is None:
            return
        self.add(show, customer, data["reference"], {data["id"]: seat})
        self.assertEqual(data, self.model.booking_json(data["id"]))

    @rule(
        show=shows_st,
        customer=customers_st,
        seats=st.lists(seats_st, min_size=1, max_size=4, unique=True),
        hold=st.sampled_from([True, True, False]),
        with_key=st.booleans(),
    )
    def reserve(self, show, customer, seats, hold, with_key):
        check = partial(self.model.check_seats, show, customer, seats, hold)
        seats_by_id = self._reserve(show, customer, {"seat_numbers": seats}, hold, with_key, check)
        if seats_by_id:
            self.assertEqual(sorted(seats_by_id.values()), sorted(seats))

    @rule(
        show=shows_st,
        customer=customers_st,
        count=st.integers(1, 5),
        hold=st.sampled_from([True, True, False]),
        with_key=st.booleans(),
    )
    def reserve_by_count(self, show, customer, count, hold, with_key):
        free = self.model.free(show)

        def check():
            picked = self.data.get("seat_numbers", [])  # of a refusal
            self.model.check_count(show, customer, count, hold, picked)
            self.assertEqual(free.intersection(picked), set(picked))

        seats_by_id = self._reserve(show, customer, {"count": count}, hold, with_key, check)
        if seats_by_id:
            self.assertEqual(len(free.intersection(seats_by_id.values())), count)

    def _reserve(self, show, customer, arguments, hold, with_key, check):
        """Seats by the ids of their bookings; {} if refused."""
        path, body = self.path(show, "reservations"), arguments | {"hold": hold}
        data = self.post(customer, path, body, with_key, check, status=201)
        if data is None:
            return {}
        seats_by_id = {each["id"]: each["seat_number"] for each in data["bookings"]}
        self.add(show, customer, data["reference"], seats_by_id, hold=hold)
        self.assertEqual(data, self.model.reservation_json(data["reference"]))
        return seats_by_id

    @rule(of=bookings_st, run_expire_holds=st.booleans())
    def let_hold_expire(self, of, run_expire_holds):
        """Let time pass until a hold has expired, then hold its seats again."""
        self.time_passes(steps=2, run_expire_holds=run_expire_holds)
        show, customer, seats = self.model.sale(self.ids[of])
        self.reserve(show, customer, seats, hold=True, with_key=False)

    @rule(of=bookings_st, with_key=st.booleans())
    def confirm(self, of, with_key):
        self._change(of, "confirm", with_key)

    @rule(of=bookings_st, with_key=st.booleans(), later=st.booleans())
    def extend(self, of, with_key, later):
        self.time_passes(steps=int(later), run_expire_holds=False)
        self._change(of, "extend", with_key)

    @rule(of=bookings_st, with_key=st.booleans())
    def cancel_reservation(self, of, with_key):
        self._change(of, "cancel", with_key)

    def _change(self, of, verb, with_key):
        """Change the reservation of a booking."""
        customer, reference = self.model.owner_and_reference(self.ids[of])
        check = partial(self.model.change, verb, reference)
        data = self.post(customer, f"reservations/{reference}/{verb}", None, with_key, check)
        if data is not None:
            self.assertEqual(data, self.model.reservation_json(reference))

    @rule(of=bookings_st, with_key=st.booleans())
    def cancel(self, of, with_key):
        booking = self.ids[of]
        customer, _ = self.model.owner_and_reference(booking)
        check = partial(self.model.cancel, booking)
        data = self.post(customer, f"bookings/{booking}/cancel", None, with_key, check)
        if data is not None:
            cancelled = {"detail": "Booking cancelled."}
            self.assertEqual(data, self.model.booking_json(booking) | cancelled)

    @rule(of=bookings_st, seat=seats_st, with_key=st.booleans())
    def move(self, of, seat, with_key):
        booking = self.ids[of]
        customer, _ = self.model.owner_and_reference(booking)
        check = partial(self.model.move, booking, seat)
        data = self.post(
            customer, f"bookings/{booking}/move", {"seat_number": seat}, with_key, check
        )
        if data is not None:
            self.assertEqual(data, self.model.booking_json(booking))

    # --- The door ---

    @rule(of=bookings_st, seat_moved=st.booleans(), at_show=shows_st | st.none())
    def check_in(self, of, seat_moved, at_show):
        """Scan the ticket that a booking has; or, rarely right, one for another seat."""
        self._scan(of, "check-in", seat_moved, self.model.check_in, at_show)

    @rule(of=bookings_st)
    def check_in_when_the_doors_are_open(self, of):
        show, *_ = self.model.sale(self.ids[of])
        steps = (self.model.shows[show]["date_time"] - DOORS_OPEN - self.model.now) // STEP + 1
        self.time_passes(steps=max(steps, 0), run_expire_holds=False)
        self.check_in(of, seat_moved=False, at_show=show)

    @rule(of=bookings_st)
    def undo_check_in(self, of):
        self._scan(of, "check-in/undo", False, self.model.undo_check_in)

    def _scan(self, of, path, seat_moved, change, at_show=None):
        booking = self.ids[of]
        seat = self.model.bookings[booking]["seat"] + seat_moved
        body = {"code": code_of(Ticket(booking, seat))}
        arguments = [booking, seat]
        if at_show is not None:
            body["show"] = self.model.shows[at_show]["id"]
            arguments.append(at_show)
        try:
            data = self.post("Stella", path, body, False, partial(change, *arguments))
        except TooEarlyOrLate as refused:
            self.assertIn(self.data["code"], [str(refused), "other_day"])
            return
        if data is not None:
            self.assertEqual(data, self.model.admission_json(booking))

    @rule(of=bookings_st, endpoint=endpoints_st)
    def access_booking_of_other_customer(self, of, endpoint):
        """Change a booking of another user: 403."""
        booking = self.ids[of]
        customer, reference = self.model.owner_and_reference(booking)
        method, path = endpoint.format(booking=booking, reference=reference).split()
        client = self.clients["Bob" if customer == "Alice" else "Alice"]
        response = client.generic(method, f"/api/{path}/")
        self.assertEqual((response.status_code, response.json()), (403, NOT_YOURS))

    @precondition(lambda self: self.stored)
    @rule(owner_and_key=stored_st)
    def retry(self, owner_and_key):
        """Send the same request again, and another one with its key."""
        _, path, body, first = self.stored[owner_and_key]
        again = self.send(*owner_and_key, path, body)
        self.assertEqual(again.headers.get("Idempotency-Replayed"), "true")
        self.assertEqual((again.status_code, again.content), (first.status_code, first.content))
        other = self.send(*owner_and_key, path, {"seat_number": 99})
        self.assertEqual((other.status_code, other.json()), (422, MISMATCH))

    @rule(of=bookings_st, all_shows=st.booleans(), all_statuses=st.booleans())
    def look(self, of, all_shows, all_statuses):
        booking = self.ids[of]
        customer, reference = self.model.owner_and_reference(booking)
        show = None if all_shows else self.model.bookings[booking]["show"]
        status = "" if all_statuses else self.model.booking_json(booking)["status"]
        arguments = {"status": status, "show": self.model.shows[show]["id"] if show else ""}
        mine = self.get(self.clients[customer], "my-bookings", arguments)
        self.assertEqual(mine, self.model.my_bookings_json(customer, status, show))
        for path, expected in [
            (f"bookings/{booking}", self.model.booking_json(booking)),
            (f"reservations/{reference}", self.model.reservation_json(reference)),
            (self.path("tonight"), self.model.show_json("tonight")),
            (self.path("tonight", "seats"), self.model.seat_map_json("tonight", customer)),
        ]:
            self.assertEqual(self.get(self.clients[customer], path), expected)

    # --- Time and staff ---

    @rule(
        steps=st.sampled_from([0, 1, 1, 2, 3, 4, 5, MORE_THAN_A_DAY]),
        run_expire_holds=st.booleans(),
    )
    def time_passes(self, steps, run_expire_holds):
        """Move all times into the past. `expire_holds` must make no difference."""
        minutes = steps * STEP
        self._move_times(-minutes * MINUTE)
        self.model.now += minutes
        since = self.model.now - KEY_TTL
        self.stored = {each: stored for each, stored in self.stored.items() if stored[0] > since}
        if run_expire_holds:
            call_command("expire_holds", stdout=StringIO())

    @invariant()
    def example_takes_no_time(self):
        """Move all times on with the real clock: on a busy machine an example takes minutes."""
        passed = timezone.now() - self.began
        if passed > MINUTE / 6:
            self._move_times(passed)
            self.began += passed

    def _move_times(self, by):
        for table, names in TIMES_IN_TABLES.items():
            table.objects.update(**{name: F(name) + by for name in names})

    @rule(show=shows_st, off=st.booleans())
    def cancel_show(self, show, off):
        """Cancel a show, or take it back."""
        self.model.shows[show]["cancelled_at"] = self.model.now if off else None
        its_row = Show.objects.filter(pk=self.model.shows[show]["id"])
        its_row.update(cancelled_at=timezone.now() if off else None)

    # --- Invariants ---

    @invariant()
    def table_and_seat_maps_equal_model(self):
        self._check_table()
        table = self.model.table()
        if table != self.checked_table:  # seat maps depend on nothing else
            self._check_seat_maps()
            self.checked_table = table

    def _check_seat_maps(self):
        for name in SHOWS:
            data = self.get(self.anonymous, self.path(name, "seats"))
            self.assertEqual(data, self.model.seat_map_json(name))

    def _check_table(self):
        now, table, sold = timezone.now(), {}, []
        for each in Booking.objects.all():
            expired = each.status == "held" and each.held_until <= now
            status = "expired" if expired else each.status
            table[each.pk] = (each.show_id, each.user_id, each.seat_number, status)
            if each.status in ["held", "booked"]:
                sold.append((each.show_id, each.seat_number))
        self.assertEqual(table, self.model.table())
        self.assertEqual(len(sold), len(set(sold)), "A seat was sold twice.")

    # --- Names of bookings ---

    def add(self, show, customer, reference, seats_by_id, hold=False):
        self.model.add(show, customer, reference, seats_by_id, hold=hold)
        for booking_id in sorted(seats_by_id):
            number = 1 + sum(name.startswith(customer) for name in self.ids)
            self.ids[f"{customer} {number}"] = booking_id

    def names_of_bookings(self):
        """Names to choose from; active bookings are three times as likely."""
        active = [name for name, booking_id in self.ids.items() if self.model.has_seat(booking_id)]
        return [*active * 3, *self.ids]

    # --- Requests ---

    def path(self, show, *more):
        return "/".join(["shows", str(self.model.shows[show]["id"]), *more])

    def get(self, client, path, arguments=None):
        response = client.get(f"/api/{path}/", arguments)
        self.assertEqual(response.status_code, 200, response.content)
        return self.with_model_times(response.json())

    def post(self, customer, path, body, with_key, check, status=200):
        """Send a request and compare with the model; return the body, or None for a refusal."""
        key = self._new_key(customer) if with_key else None
        response = self.send(customer, key, path, body)
        data = self.data = self.with_model_times(response.json())
        before = deepcopy(self.model.bookings)
        try:
            check()
        except Refused as refused:
            for in_words in ("detail", "starts", "at"):
                data.pop(in_words, None)
            self.assertEqual((response.status_code, data), (400, refused.body))
            return None
        self.assertEqual(response.status_code, status, response.content)
        if with_key:
            user = self.model.users[customer]
            is_stored = IdempotencyKey.objects.filter(user=user, key=key).exists()
            is_repeated = path.endswith("/confirm") and self.model.bookings == before
            self.assertEqual(is_stored, not is_repeated)
            if is_stored:
                self.stored[customer, key] = (self.model.now, path, body, response)
        return data

    def send(self, customer, key, path, body):
        headers = {"Idempotency-Key": key} if key else {}
        return self.clients[customer].post(f"/api/{path}/", body, headers=headers)

    def _new_key(self, customer):
        """The first key without a stored response: keys of refusals are reused, and Bob uses
        Alice's."""
        keys = (f"k-{number}" for number in range(len(self.stored) + 1))
        return next(key for key in keys if (customer, key) not in self.stored)

    def with_model_times(self, value, name=None):
        """A response with times in minutes of the model."""
        if isinstance(value, list):
            return [self.with_model_times(each) for each in value]
        if isinstance(value, dict):
            return {name: self.with_model_times(each, name) for name, each in value.items()}
        if value is not None and name in TIMES:
            return self.model.now + round((parse_datetime(value) - timezone.now()) / MINUTE)
        if value is not None and name in SECONDS:
            return round(value / 60)
        return value


@override_settings(**SETTINGS)
class StateMachineTests(TestCase):
    def test_api_in_random_sequences_responds_as_reference_model(self):
        run_state_machine_as_test(
            BoxOffice,
            settings=settings(
                max_examples=RANDOM_EXAMPLES or 120,
                derandomize=not RANDOM_EXAMPLES,
                stateful_step_count=15,
                deadline=None,
                report_multiple_bugs=False,
                phases=set(Phase) - {Phase.explain},  # which takes minutes
            ),
        )
