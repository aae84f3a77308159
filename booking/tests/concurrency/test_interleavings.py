"""Every pair of changes to a seat, interleaved at every point of the first one's transaction.

The outcome must equal that of the two requests sent one after the other, which the test also
sends. So rare interleavings are enumerated instead of hoped for. The sessions stop inside the
database, and the statements that they send in the pipeline are counted: a schedule that ran
statement by statement has not shown what production does, and fails.
"""

from datetime import timedelta
from functools import partial
from itertools import product
from unittest import skipUnless
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, TransactionTestCase, override_settings
from django.utils import timezone

from booking import accounts, box_office
from booking.models import Booking, BookingEvent
from booking.models.clock import Now
from booking.tests import factories
from booking.tests.concurrency.interleaving import POINTS, QUEUED, RequestThread, interleave
from booking.tests.concurrency.racing import no_constraint, no_lock
from booking.tests.concurrency.stopping import (
    BEFORE_WRITE,
    DURING_COMMIT,
    TABLES,
    has_production_form,
    stop_points,
)
from booking.tickets import Ticket, code_of

on_postgresql = skipUnless(
    connection.vendor == "postgresql",
    "On SQLite the lock is the transaction itself: no other connection writes meanwhile, and the "
    "lock cannot be taken away.",
)

# Initial state of seat 5; if it is not free, its booking is Alice's.
FREE, HELD, EXPIRED, BOOKED, ADMITTED = "free", "held", "expired", "booked", "admitted"

# Values that differ each time: only their presence is compared.
IDS = {"id", "reference", "booking"}
TIMES = {"created_at", "cancelled_at", "cancel_until", "expires_at", "expires_in"}
TIMES |= {"admitted_at", "at", "detail"}  # a sentence may have the time


class Rival:
    """Bob or Carol, with clients of Alice and Stella for use in the same thread."""

    def __init__(self, name, seat_number, *, alice, stella):
        self.user = factories.create_user(name)
        self.seat_number = seat_number
        self.client, self.alice_client = (
            factories.api_client(self.user),
            factories.api_client(alice),
        )
        self.stella = Client()
        self.stella.force_login(stella)
        self.gate = factories.api_client(stella)


class Scene:
    """A show with ten seats, the only one with bookings: Bob has seat 1, Carol seat 2."""

    def __init__(self, test, seat_5):
        Booking.objects.all().delete()
        self.show = factories.create_show(test.movie, date_time=test.tomorrow)
        self.seat_of = {
            rival: factories.create_booking(rival.user, self.show, rival.seat_number)
            for rival in test.rivals
        }
        self.reserving = []  # users who reserve two seats
        self.seat_5 = seat_5
        if seat_5 in (BOOKED, ADMITTED):
            admitted_at = timezone.now() if seat_5 == ADMITTED else None
            self.seat_of_alice = factories.create_booking(
                test.alice, self.show, 5, admitted_at=admitted_at
            )
        elif seat_5 != FREE:
            self.seat_of_alice = factories.create_hold(test.alice, self.show, 5)
        if seat_5 == EXPIRED:
            self.expire_hold()

    def expire_hold(self):
        Booking.objects.filter(pk=self.seat_of_alice.pk).update(held_until=Now())
        self.seat_5 = EXPIRED

    def outcome(self, responses):
        """Both responses, and the final rows with their events."""
        self.show.refresh_from_db()
        bookings = self.show.bookings.order_by("seat_number", "id")
        return {
            "responses": responses,
            "total_seats": self.show.total_seats,
            "takes_place": self.show.takes_place,
            "bookings": [
                (each.seat_number, each.user.username, each.status, each.admitted_at is not None)
                for each in bookings.select_related("user")
            ],
            "events": list(
                BookingEvent.objects.filter(booking__show=self.show)
                .order_by("booking__seat_number", "booking", "id")
                .values_list("booking__seat_number", "kind")
            ),
        }


def book(scene, rival):
    return post(rival.client, f"shows/{scene.show.id}/book", seat_number=5)


def book_with_key(scene, rival):
    key = {"HTTP_IDEMPOTENCY_KEY": f"{rival.user.username}-{uuid4()}"}
    return post(rival.client, f"shows/{scene.show.id}/book", key, seat_number=5)


def reserve(scene, rival):
    scene.reserving.append(rival.user)
    return post(rival.client, f"shows/{scene.show.id}/reservations", seat_numbers=[5, 6])


def hold(scene, rival):
    return post(rival.client, f"shows/{scene.show.id}/reservations", seat_numbers=[5], hold=True)


def move_there(scene, rival):
    return post(rival.client, f"bookings/{scene.seat_of[rival].id}/move", seat_number=5)


def sell(scene, rival, action="sell"):
    """Stella sells the seat to a walk-in, on the seat plan."""
    form = {"action": action, "seat": [5], "note": rival.user.username}
    page = rival.stella.post(f"/admin/booking/show/{scene.show.id}/seats/", form)
    is_taken = page.status_code == 200 and "Taken meanwhile" in page.rendered_content
    return page.status_code, "seat_taken" if is_taken else ""


def set_aside(scene, rival):
    """Stella sets the seat aside for the house."""
    return sell(scene, rival, "set_aside")


def edit_show(scene, rival):
    """Stella reduces the show to four seats."""
    starts = timezone.localtime(scene.show.date_time)
    form = {
        "movie": scene.show.movie_id,
        "screen_name": scene.show.screen_name,
        "date_time_0": starts.strftime("%Y-%m-%d"),
        "date_time_1": starts.strftime("%H:%M:%S"),
        "total_seats": 4,
        "seats_per_row": 10,
        "seen_version": 0,
        "confirm": "on",
    }
    page = rival.stella.post(f"/admin/booking/show/{scene.show.id}/change/", form)
    return page.status_code


def call_off(scene, rival):
    """Stella calls the show off, with all its bookings."""
    path = f"/admin/booking/show/{scene.show.id}/call-off/"
    return rival.stella.post(path, {"reason": "No heating"}).status_code


def move_away(scene, rival):
    return post(rival.alice_client, f"bookings/{scene.seat_of_alice.id}/move", seat_number=4)


def confirm(scene, rival):
    return post(rival.alice_client, f"reservations/{scene.seat_of_alice.reference}/confirm")


def extend(scene, rival):
    return post(rival.alice_client, f"reservations/{scene.seat_of_alice.reference}/extend")


def cancel(scene, rival):
    return post(rival.alice_client, f"bookings/{scene.seat_of_alice.id}/cancel")


def erase(scene, rival):
    """What erasing Alice's account does to seats; the account stays for the next schedule."""
    box_office.cancel_all(user=User.objects.get(pk=scene.seat_of_alice.user_id))
    return 200, ""


def admit(scene, rival):
    return post(rival.gate, "check-in", code=ticket_code(scene))


def undo(scene, rival):
    return post(rival.gate, "check-in/undo", code=ticket_code(scene))


def ticket_code(scene):
    return code_of(Ticket(scene.seat_of_alice.id, 5))


def expire(scene, rival):
    return box_office.expire_holds()


def post(client, path, headers=None, /, **body):
    response = client.post(f"/api/{path}/", body, **(headers or {}))
    return response.status_code, comparable(response.json())


def comparable(body):
    if isinstance(body, list):
        return [comparable(each) for each in body]
    if isinstance(body, dict):
        return {
            name: bool(value)
            if name in IDS | TIMES or (name == "show" and isinstance(value, int))
            else comparable(value)
            for name, value in body.items()
        }
    return body


# Changes, with the initial states of seat 5 in which they conflict.
VERBS = {
    book: {FREE, HELD, EXPIRED, BOOKED},
    reserve: {FREE, HELD, EXPIRED, BOOKED},
    hold: {FREE, HELD, EXPIRED, BOOKED},
    move_there: {FREE, HELD, EXPIRED, BOOKED},
    sell: {FREE, HELD, EXPIRED, BOOKED},
    edit_show: {FREE, HELD, EXPIRED, BOOKED},
    call_off: {FREE, HELD, EXPIRED, BOOKED, ADMITTED},
    move_away: {HELD, EXPIRED, BOOKED, ADMITTED},
    confirm: {HELD, EXPIRED},
    extend: {HELD, EXPIRED},
    cancel: {HELD, EXPIRED, BOOKED, ADMITTED},
    erase: {HELD, BOOKED},
    expire: {EXPIRED},
    admit: {BOOKED, ADMITTED},
    undo: {BOOKED, ADMITTED},
}

# They differ from `book` and `sell` before the lock only: a few partners are enough.
VARIANTS = {book_with_key: {FREE, HELD, EXPIRED, BOOKED}, set_aside: {FREE, HELD, EXPIRED, BOOKED}}
PARTNERS = {*VARIANTS, book, cancel}

# Verbs that insert bookings, and verbs that write no event. The row lock and these INSERTs go
# through the pipeline; UPDATEs are sent by the ORM.
SALES = {book, book_with_key, reserve, hold, sell, set_aside}
WITHOUT_EVENT = {edit_show, expire}


def pairs():
    """(first, second, initial state of seat 5), in both orders."""
    verbs = VERBS | VARIANTS
    for first, second in product(verbs, repeat=2):
        if not VARIANTS.keys().isdisjoint({first, second}) and not {first, second} <= PARTNERS:
            continue
        states = verbs[first] & verbs[second]
        if FREE in states:  # both want the seat: begin with one that is available
            states &= {FREE, EXPIRED}
        for seat_5 in sorted(states):
            yield first, second, seat_5


def is_done(verb, response):
    """True if the response says that the verb has changed something."""
    if verb in (edit_show, call_off):
        return response == 302
    if verb == expire:
        return response > 0
    status, _ = response
    if verb in (sell, set_aside):
        return status == 302  # otherwise the page is shown again, with what is wrong
    return status < 400


@override_settings(DOORS_OPEN=timedelta(days=2))
class InterleavingTests(TransactionTestCase):
    maxDiff = None

    def setUp(self):
        self.movie = factories.create_movie()
        self.tomorrow = timezone.now() + timedelta(days=1)
        self.alice, stella = factories.create_user("alice"), User.objects.create_superuser("stella")
        staff_and_owner = {"alice": self.alice, "stella": stella}
        self.rivals = [Rival("bob", 1, **staff_and_owner), Rival("carol", 2, **staff_and_owner)]
        accounts.reserved_account(accounts.WALK_IN)
        self.enterContext(stop_points(*TABLES))
        self.threads = [RequestThread(), RequestThread()]
        for thread in self.threads:
            self.addCleanup(thread.close)

    def requests(self, scene, *verbs):
        """Requests of Bob's and of Carol's thread."""
        return [partial(verb, scene, rival) for verb, rival in zip(verbs, self.rivals, strict=True)]

    def send_sequentially(self, seat_5, first, second, *, second_goes_first=False):
        scene = Scene(self, seat_5)
        requests = self.requests(scene, first, second)
        if second_goes_first:
            responses = [request() for request in reversed(requests)][::-1]
        else:
            responses = [request() for request in requests]
        outcome = scene.outcome(responses)
        self.assertPossible(scene)
        return outcome

    def send_interleaved(self, scene, first, second, point, **options):
        """The outcome, and both requests as sent."""
        requests = self.requests(scene, first, second)
        sent = interleave(self.threads, scene.show.id, requests, point, **options)
        return scene.outcome([each.response for each in sent]), sent

    def assertProductionForm(self, verbs, sent):
        """The lock of each verb, and the INSERTs of what it has done, were sent in the pipeline.

        The second request may have nothing left to do, and then writes no event.
        """
        if not has_production_form():
            return
        for verb, each in zip(verbs, sent, strict=True):
            executed = "\n".join(each.executions)
            self.assertIn("FOR UPDATE", executed, verb.__name__)
            if not is_done(verb, each.response):
                continue
            if verb in SALES:
                self.assertIn('INSERT INTO "booking_booking"', executed, verb.__name__)
            if each is sent[0] and verb not in WITHOUT_EVENT:
                self.assertIn('INSERT INTO "booking_bookingevent"', executed, verb.__name__)

    def assertPossible(self, scene):
        """Invariants of any order: no seat sold twice or outside the show, no partial
        reservation, no expired hold active again, no seat of a show that was called off."""
        active = scene.show.bookings.active()
        seats = sorted(active.values_list("seat_number", flat=True))
        self.assertEqual(seats, sorted(set(seats)))
        self.assertLessEqual(max(seats, default=0), scene.show.total_seats)
        if not scene.show.takes_place:
            self.assertEqual(seats, [])
        for user in scene.reserving:
            self.assertIn(active.filter(user=user, seat_number__in=[5, 6]).count(), [0, 2])
        admitted = scene.show.bookings.filter(admitted_at__isnull=False)
        if scene.show.takes_place:
            self.assertFalse(admitted.exclude(status="booked").exists())
        for kinds in self.admissions(scene):
            self.assertNotRegex(kinds, "(admitted ){2}|(undone ){2}")
        if scene.seat_5 == EXPIRED:
            self.assertFalse(active.filter(user=self.alice).exists())

    def admissions(self, scene):
        """The kinds of events of each booking that let somebody in or take it back, as words."""
        for booking in scene.show.bookings.all():
            events = booking.events.filter(kind__in=["admitted", "undone"]).order_by("pk")
            kinds = list(events.values_list("kind", flat=True))
            before = ["admitted"] if scene.seat_5 == ADMITTED and booking.seat_number == 5 else []
            yield "".join(f"{kind} " for kind in before + kinds)

    def test_every_pair_at_every_point_has_outcome_of_sequence(self):
        for first, second, seat_5 in pairs():
            with self.subTest(first=first.__name__, second=second.__name__, seat_5=seat_5):
                expected = self.send_sequentially(seat_5, first, second)
                writes = is_done(first, expected["responses"][0])
                for point in POINTS:
                    if writes or point == QUEUED:  # a refused request stops in the queue only
                        with self.subTest(stopped=point):
                            self.assertOutcomeOfSequence(expected, first, second, point, seat_5)

    def assertOutcomeOfSequence(self, expected, first, second, point, seat_5):
        scene = Scene(self, seat_5)
        outcome, sent = self.send_interleaved(scene, first, second, point)
        self.assertPossible(scene)
        if outcome != expected:
            # A sale that was refused, and tried again after the rollback because the second
            # request has freed the seat: it is the later one then.
            self.assertIn("seat_taken", str(expected["responses"][0]))
            expected_swapped = self.send_sequentially(seat_5, first, second, second_goes_first=True)
            self.assertEqual(outcome, expected_swapped)
        self.assertEqual([each.waited for each in sent], [True, True])
        self.assertProductionForm([first, second], sent)

    @on_postgresql
    def test_schedule_that_runs_statement_by_statement_is_noticed(self):
        if not has_production_form():
            self.skipTest("FAST_PATHS=off sends all statements so.")

        def book_under_wrapper(scene, rival):
            with connection.execute_wrapper(lambda execute, *args: execute(*args)):
                return book(scene, rival)

        for verbs in [(book_under_wrapper, cancel), (cancel, book_under_wrapper)]:
            _, sent = self.send_interleaved(Scene(self, HELD), *verbs, QUEUED)
            with self.assertRaisesRegex(AssertionError, "book_under_wrapper"):
                self.assertProductionForm(verbs, sent)

    @on_postgresql
    def test_hold_that_expires_while_second_request_waits_is_expired(self):
        """The state after the wait for the lock counts, not that at the time of the request."""
        for first, second in product(VERBS, repeat=2):
            if VERBS[first] & VERBS[second] >= {HELD, EXPIRED}:
                with self.subTest(first=first.__name__, second=second.__name__):
                    expected = self.send_sequentially(EXPIRED, first, second)
                    scene = Scene(self, HELD)
                    outcome, sent = self.send_interleaved(
                        scene, first, second, QUEUED, meanwhile=scene.expire_hold
                    )
                    self.assertEqual(outcome, expected)
                    self.assertPossible(scene)
                    self.assertEqual([each.waited for each in sent], [True, True])
                    self.assertProductionForm([first, second], sent)

    @on_postgresql
    def test_pair_without_guards_breaks_an_invariant(self):
        takers = [verb for verb in VERBS if FREE in VERBS[verb]]
        with no_constraint(), no_lock():
            for first, second in product(takers, repeat=2):
                if {first, second} <= {edit_show, call_off}:
                    continue  # harmless: nobody gets a seat
                if {first, second} == {call_off, move_there}:
                    continue  # harmless: the booking is cancelled wherever it is
                with self.subTest(first=first.__name__, second=second.__name__):
                    scene = Scene(self, FREE)
                    self.send_interleaved(scene, first, second, BEFORE_WRITE)
                    with self.assertRaises(AssertionError):
                        self.assertPossible(scene)

    @on_postgresql
    def test_admit_twice_without_lock_breaks_an_invariant(self):
        for first, second, seat_5 in [(admit, admit, BOOKED), (undo, undo, ADMITTED)]:
            with self.subTest(first=first.__name__), no_lock():
                scene = Scene(self, seat_5)
                self.send_interleaved(scene, first, second, BEFORE_WRITE)
                with self.assertRaises(AssertionError):
                    self.assertPossible(scene)

    @on_postgresql
    def test_cancel_without_lock_is_not_noticed_by_second_request(self):
        """With every second request: the constraint does not help here."""
        for second in VERBS.keys() - {call_off}:  # which cancels it, too
            if HELD in VERBS[second]:
                with self.subTest(second=second.__name__):
                    expected = self.send_sequentially(HELD, cancel, second)
                    with no_lock():
                        scene = Scene(self, HELD)
                        outcome, _ = self.send_interleaved(scene, cancel, second, DURING_COMMIT)
                    self.assertNotEqual(outcome, expected)
