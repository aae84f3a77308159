"""Whatever Alice, Bob, staff and time do, in any order: the API against a box office on paper.

Hypothesis makes up stories, and the ledger knows what each call in them must answer. What goes
wrong is told as the shortest story in which it does. The stories are the same in every run;
`STATE_MACHINE_STORIES=2000` tries that many others.
"""

import os
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
from booking.tests.factories import client_of, person, show, show_json
from booking.tests.reference_model import SETTINGS, Ledger, Refused

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

OTHER_STORIES = int(os.environ.get("STATE_MACHINE_STORIES", "0"))

MINUTE = timedelta(minutes=1)
# Time passes in steps of seven minutes, and nothing begins or ends at a multiple of seven. So it
# does not matter that a story takes a moment to tell.
STEP = 7
MORE_THAN_A_DAY = 206  # steps
KEYS_LIVE = 24 * 60
SHOWS = {
    "tonight": {"total_seats": 6, "seats_per_row": 4},
    "in three days": {"total_seats": 4, "seats_per_row": 3},
}
STARTS = {"tonight": 10 * STEP + 1, "in three days": 3 * 24 * 60}

TIMES_IN_TABLES = {
    Booking: ["created_at", "held_until", "cancelled_at"],
    Show: ["date_time", "cancelled_at"],
    IdempotencyKey: ["created_at"],
}
TIMES = ["created_at", "cancelled_at", "expires_at", "cancel_until", "bookable_until", "date_time"]
SECONDS = ["expires_in", "retry_after"]

NOT_YOURS = {"detail": "You do not have access to this booking.", "code": "not_yours"}
MISMATCH = {
    "detail": "This Idempotency-Key was used for another request.",
    "code": "idempotency_mismatch",
}

an_attempt = st.sampled_from(
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
a_customer = st.sampled_from(["Alice", "Bob"])
a_show = st.sampled_from(list(SHOWS))
a_seat = st.integers(1, 6) | st.integers(1, 7)  # now and then one that there is not
a_booking = st.runner().flatmap(lambda machine: st.sampled_from(machine.names_of_bookings()))
a_kept_answer = st.runner().flatmap(lambda machine: st.sampled_from(list(machine.kept)))


class BoxOffice(RuleBasedStateMachine):
    """Two small shows, and two customers who want all their seats."""

    def __init__(self):
        super().__init__()
        test = TestCase()
        test.maxDiff = None
        self.assertEqual = test.assertEqual
        self.story = transaction.atomic()
        self.story.__enter__()
        users = {"Alice": person("alice"), "Bob": person("bob")}
        self.anybody = APIClient()
        self.clients = {name: client_of(user) for name, user in users.items()}
        shows = {
            name: show(starts_in=STARTS[name] * MINUTE, **facts) for name, facts in SHOWS.items()
        }
        self.ledger = Ledger(
            {name: show_json(each, date_time=STARTS[name]) for name, each in shows.items()},
            {name: user.pk for name, user in users.items()},
        )
        self.ids = {}  # of bookings, by what the story calls them: "Alice 1" is her first one
        self.table_of_maps = None
        self.kept = {}  # by customer and Idempotency-Key: when, the address and body, the answer

    def teardown(self):
        transaction.set_rollback(True)
        self.story.__exit__(None, None, None)

    # --- Customers ---

    @initialize()
    def alice_holds_seats_1_and_2_tonight_and_bob_has_3(self):
        self.reserve("tonight", "Alice", [1, 2], hold=True, keyed=False)
        self.book("tonight", "Bob", 3, keyed=False)

    @rule(show=a_show, who=a_customer, seat=a_seat, keyed=st.booleans())
    def book(self, show, who, seat, keyed):
        verdict = partial(self.ledger.check_seats, show, who, [seat], field="seat_number")
        body = {"seat_number": seat}
        answer = self.post(who, self.address(show, "book"), body, keyed, verdict, status=201)
        if answer is None:
            return
        self.enter(show, who, answer["reference"], {answer["id"]: seat})
        self.assertEqual(answer, self.ledger.booking_json(answer["id"]))

    @rule(
        show=a_show,
        who=a_customer,
        seats=st.lists(a_seat, min_size=1, max_size=4, unique=True),
        hold=st.sampled_from([True, True, False]),
        keyed=st.booleans(),
    )
    def reserve(self, show, who, seats, hold, keyed):
        verdict = partial(self.ledger.check_seats, show, who, seats, hold)
        given = self._reserve(show, who, {"seat_numbers": seats}, hold, keyed, verdict)
        if given:
            self.assertEqual(sorted(given.values()), sorted(seats))

    @rule(
        show=a_show,
        who=a_customer,
        count=st.integers(1, 5),
        hold=st.sampled_from([True, True, False]),
        keyed=st.booleans(),
    )
    def pick(self, show, who, count, hold, keyed):
        choice = self.ledger.choice(show, who, hold)
        verdict = partial(self.ledger.check_pick, show, who, count, hold)
        given = self._reserve(show, who, {"count": count}, hold, keyed, verdict)
        if given:
            self.assertEqual(len(choice.intersection(given.values())), count)

    def _reserve(self, show, who, asked, hold, keyed, verdict):
        """Seats by the ids of their bookings; none if they were refused."""
        address, body = self.address(show, "reservations"), asked | {"hold": hold}
        answer = self.post(who, address, body, keyed, verdict, status=201)
        if answer is None:
            return {}
        given = {each["id"]: each["seat_number"] for each in answer["bookings"]}
        self.enter(show, who, answer["reference"], given, hold=hold)
        self.assertEqual(answer, self.ledger.reservation_json(answer["reference"]))
        return given

    @rule(of=a_booking, tidily=st.booleans())
    def dawdle(self, of, tidily):
        """Until a hold has lapsed; then its seats are wanted again."""
        self.time_passes(steps=2, tidily=tidily)
        show, who, seats = self.ledger.sale(self.ids[of])
        self.reserve(show, who, seats, hold=True, keyed=False)

    @rule(of=a_booking, keyed=st.booleans())
    def confirm(self, of, keyed):
        self._change(of, "confirm", keyed)

    @rule(of=a_booking, keyed=st.booleans(), later=st.booleans())
    def extend(self, of, keyed, later):
        self.time_passes(steps=int(later), tidily=False)
        self._change(of, "extend", keyed)

    @rule(of=a_booking, keyed=st.booleans())
    def cancel_reservation(self, of, keyed):
        self._change(of, "cancel", keyed)

    def _change(self, of, verb, keyed):
        """The reservation of a booking."""
        who, reference = self.ledger.owner_and_reference(self.ids[of])
        verdict = partial(self.ledger.change, verb, reference)
        answer = self.post(who, f"reservations/{reference}/{verb}", None, keyed, verdict)
        if answer is not None:
            self.assertEqual(answer, self.ledger.reservation_json(reference))

    @rule(of=a_booking, keyed=st.booleans())
    def cancel(self, of, keyed):
        booking = self.ids[of]
        who, _ = self.ledger.owner_and_reference(booking)
        verdict = partial(self.ledger.cancel, booking)
        answer = self.post(who, f"bookings/{booking}/cancel", None, keyed, verdict)
        if answer is not None:
            cancelled = {"detail": "Booking cancelled."}
            self.assertEqual(answer, self.ledger.booking_json(booking) | cancelled)

    @rule(of=a_booking, seat=a_seat, keyed=st.booleans())
    def move(self, of, seat, keyed):
        booking = self.ids[of]
        who, _ = self.ledger.owner_and_reference(booking)
        verdict = partial(self.ledger.move, booking, seat)
        answer = self.post(who, f"bookings/{booking}/move", {"seat_number": seat}, keyed, verdict)
        if answer is not None:
            self.assertEqual(answer, self.ledger.booking_json(booking))

    @rule(of=a_booking, attempt=an_attempt)
    def meddle(self, of, attempt):
        """With what is somebody else's."""
        booking = self.ids[of]
        who, reference = self.ledger.owner_and_reference(booking)
        method, address = attempt.format(booking=booking, reference=reference).split()
        client = self.clients["Bob" if who == "Alice" else "Alice"]
        answer = client.generic(method, f"/api/{address}/")
        self.assertEqual((answer.status_code, answer.json()), (403, NOT_YOURS))

    @precondition(lambda self: self.kept)
    @rule(owner_and_key=a_kept_answer)
    def retry(self, owner_and_key):
        """The same request, and another one with its key."""
        _, address, body, first = self.kept[owner_and_key]
        again = self.send(*owner_and_key, address, body)
        self.assertEqual(again.headers.get("Idempotency-Replayed"), "true")
        self.assertEqual((again.status_code, again.content), (first.status_code, first.content))
        other = self.send(*owner_and_key, address, {"seat_number": 99})
        self.assertEqual((other.status_code, other.json()), (422, MISMATCH))

    @rule(of=a_booking, all_shows=st.booleans(), all_statuses=st.booleans())
    def look(self, of, all_shows, all_statuses):
        booking = self.ids[of]
        who, reference = self.ledger.owner_and_reference(booking)
        show = None if all_shows else self.ledger.bookings[booking]["show"]
        status = "" if all_statuses else self.ledger.booking_json(booking)["status"]
        asked = {"status": status, "show": self.ledger.shows[show]["id"] if show else ""}
        mine = self.get(self.clients[who], "my-bookings", asked)
        self.assertEqual(mine, self.ledger.my_bookings_json(who, status, show))
        for address, expected in [
            (f"bookings/{booking}", self.ledger.booking_json(booking)),
            (f"reservations/{reference}", self.ledger.reservation_json(reference)),
            (self.address("tonight"), self.ledger.show_json("tonight")),
            (self.address("tonight", "seats"), self.ledger.seat_map_json("tonight", who)),
        ]:
            self.assertEqual(self.get(self.clients[who], address), expected)

    # --- Time and staff ---

    @rule(steps=st.sampled_from([0, 1, 1, 2, 3, 4, 5, MORE_THAN_A_DAY]), tidily=st.booleans())
    def time_passes(self, steps, tidily):
        """Whatever happened is longer ago now. Whether cron runs `expire_holds`, nobody notices."""
        minutes = steps * STEP
        for table, names in TIMES_IN_TABLES.items():
            table.objects.update(**{name: F(name) - minutes * MINUTE for name in names})
        self.ledger.now += minutes
        since = self.ledger.now - KEYS_LIVE
        self.kept = {each: kept for each, kept in self.kept.items() if kept[0] > since}
        if tidily:
            call_command("expire_holds", stdout=StringIO())

    @rule(show=a_show, off=st.booleans())
    def staff_call_off(self, show, off):
        """Or on again."""
        self.ledger.shows[show]["cancelled_at"] = self.ledger.now if off else None
        its_row = Show.objects.filter(pk=self.ledger.shows[show]["id"])
        its_row.update(cancelled_at=timezone.now() if off else None)

    # --- What is always true ---

    @invariant()
    def all_agree(self):
        self._table_agrees()
        table = self.ledger.table()
        if table != self.table_of_maps:  # the maps depend on nothing else
            self._maps_agree()
            self.table_of_maps = table

    def _maps_agree(self):
        for name in SHOWS:
            answer = self.get(self.anybody, self.address(name, "seats"))
            self.assertEqual(answer, self.ledger.seat_map_json(name))

    def _table_agrees(self):
        now, table, sold = timezone.now(), {}, []
        for each in Booking.objects.all():
            lapsed = each.status == "held" and each.held_until <= now
            status = "expired" if lapsed else each.status
            table[each.pk] = (each.show_id, each.user_id, each.seat_number, status)
            if each.status in ["held", "booked"]:
                sold.append((each.show_id, each.seat_number))
        self.assertEqual(table, self.ledger.table())
        self.assertEqual(len(sold), len(set(sold)), "A seat was sold twice.")

    # --- What bookings are called ---

    def enter(self, show, who, reference, given, hold=False):
        self.ledger.enter(show, who, reference, given, hold=hold)
        for booking_id in sorted(given):
            number = 1 + sum(name.startswith(who) for name in self.ids)
            self.ids[f"{who} {number}"] = booking_id

    def names_of_bookings(self):
        """Those that still have a seat several times: they have more to tell."""
        active = [name for name, booking_id in self.ids.items() if self.ledger.has_seat(booking_id)]
        return [*active * 3, *self.ids]

    # --- How it is asked ---

    def address(self, show, *more):
        return "/".join(["shows", str(self.ledger.shows[show]["id"]), *more])

    def get(self, client, address, asked=None):
        answer = client.get(f"/api/{address}/", asked)
        self.assertEqual(answer.status_code, 200, answer.content)
        return self.in_minutes(answer.json())

    def post(self, who, address, body, keyed, verdict, status=200):
        """What is answered, once the ledger has agreed; None if it is a refusal."""
        key = self._new_key(who) if keyed else None
        answer = self.send(who, key, address, body)
        said = self.in_minutes(answer.json())
        try:
            verdict()
        except Refused as refused:
            said.pop("detail", None)
            self.assertEqual((answer.status_code, said), (400, refused.body))
            return None
        self.assertEqual(answer.status_code, status, answer.content)
        if keyed:
            self.kept[who, key] = (self.ledger.now, address, body, answer)
        return said

    def send(self, who, key, address, body):
        headers = {"Idempotency-Key": key} if key else {}
        return self.clients[who].post(f"/api/{address}/", body, headers=headers)

    def _new_key(self, who):
        """The first for which no answer is kept: that of a refusal is used again, and that of
        Alice by Bob."""
        keys = (f"k-{number}" for number in range(len(self.kept) + 1))
        return next(key for key in keys if (who, key) not in self.kept)

    def in_minutes(self, said, name=None):
        """An answer with the ledger's times."""
        if isinstance(said, list):
            return [self.in_minutes(each) for each in said]
        if isinstance(said, dict):
            return {name: self.in_minutes(each, name) for name, each in said.items()}
        if said is not None and name in TIMES:
            return self.ledger.now + round((parse_datetime(said) - timezone.now()) / MINUTE)
        if said is not None and name in SECONDS:
            return round(said / 60)
        return said


@override_settings(**SETTINGS)
class StateMachineTests(TestCase):
    def test_every_story_goes_as_the_ledger_says(self):
        run_state_machine_as_test(
            BoxOffice,
            settings=settings(
                max_examples=OTHER_STORIES or 120,
                derandomize=not OTHER_STORIES,
                stateful_step_count=15,
                deadline=None,
                report_multiple_bugs=False,
                phases=set(Phase) - {Phase.explain},  # which takes minutes
            ),
        )
