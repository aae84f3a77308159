"""Every pair of those who change a seat, the second one sent while the first one's transaction
stands still: rare interleavings are not hoped for but enumerated.

Wherever it stands, what comes of the two must be what comes of the one after the other; and what
that is, is found out by sending the one after the other.
"""

from datetime import timedelta
from functools import partial
from itertools import product
from unittest import skipUnless

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, TransactionTestCase
from django.utils import timezone

from booking import box_office
from booking.models import Booking
from booking.models.clock import Now
from booking.tests import factories
from booking.tests.concurrency.interleaving import (
    AFTER_COMMIT,
    AFTER_LOCK,
    BEFORE_COMMIT,
    POINTS,
    RequestThread,
    interleave,
)
from booking.tests.concurrency.racing import no_constraint, no_lock

on_postgresql = skipUnless(
    connection.vendor == "postgresql",
    "On SQLite the lock is the transaction itself: nobody else writes meanwhile, and nothing can "
    "be taken away from it.",
)

# What seat 5 is to begin with: nobody's, or Alice's.
FREE, HELD, LAPSED, BOOKED = "free", "held", "lapsed", "booked"

# These differ each time; only whether there is any is compared.
IDS = {"id", "reference"}
TIMES = {"created_at", "cancelled_at", "cancel_until", "expires_at", "expires_in"}


class Rival:
    """Bob or Carol. Alice and Stella act, too: they have a device at the side of either."""

    def __init__(self, name, seat_number, *, alice, stella):
        self.user = factories.person(name)
        self.seat_number = seat_number
        self.client, self.alices = factories.client_of(self.user), factories.client_of(alice)
        self.stellas = Client()
        self.stellas.force_login(stella)


class Scene:
    """A show with ten seats, the only one with bookings: Bob has seat 1, Carol seat 2."""

    def __init__(self, test, seat_5):
        Booking.objects.all().delete()
        self.show = factories.show(test.movie, date_time=test.tomorrow)
        self.seat_of = {
            rival: factories.booking(rival.user, self.show, rival.seat_number)
            for rival in test.rivals
        }
        self.parties = []  # who want two seats
        self.seat_5 = seat_5
        if seat_5 == BOOKED:
            self.seat_of_alice = factories.booking(test.alice, self.show, 5)
        elif seat_5 != FREE:
            self.seat_of_alice = factories.hold(test.alice, self.show, 5)
        if seat_5 == LAPSED:
            self.lapse()

    def lapse(self):
        Booking.objects.filter(pk=self.seat_of_alice.pk).update(held_until=Now())
        self.seat_5 = LAPSED

    def outcome(self, answers):
        """What both were told, and what the tables say in the end."""
        self.show.refresh_from_db()
        bookings = self.show.bookings.order_by("seat_number", "id")
        return {
            "answers": answers,
            "total_seats": self.show.total_seats,
            "bookings": list(bookings.values_list("seat_number", "user__username", "status")),
        }


def book(scene, rival):
    return post(rival.client, f"shows/{scene.show.id}/book", seat_number=5)


def reserve(scene, rival):
    scene.parties.append(rival.user)
    return post(rival.client, f"shows/{scene.show.id}/reservations", seat_numbers=[5, 6])


def hold(scene, rival):
    return post(rival.client, f"shows/{scene.show.id}/reservations", seat_numbers=[5], hold=True)


def move_there(scene, rival):
    return post(rival.client, f"bookings/{scene.seat_of[rival].id}/move", seat_number=5)


def edit_show(scene, rival):
    """Stella takes all seats away but four."""
    starts = timezone.localtime(scene.show.date_time)
    form = {
        "movie": scene.show.movie_id,
        "screen_name": scene.show.screen_name,
        "date_time_0": starts.strftime("%Y-%m-%d"),
        "date_time_1": starts.strftime("%H:%M:%S"),
        "total_seats": 4,
        "seats_per_row": 10,
    }
    page = rival.stellas.post(f"/admin/booking/show/{scene.show.id}/change/", form)
    return page.status_code, page.status_code == 200 and page.context_data["errors"]


def move_away(scene, rival):
    return post(rival.alices, f"bookings/{scene.seat_of_alice.id}/move", seat_number=4)


def confirm(scene, rival):
    return post(rival.alices, f"reservations/{scene.seat_of_alice.reference}/confirm")


def extend(scene, rival):
    return post(rival.alices, f"reservations/{scene.seat_of_alice.reference}/extend")


def cancel(scene, rival):
    return post(rival.alices, f"bookings/{scene.seat_of_alice.id}/cancel")


def expire(scene, rival):
    return box_office.expire_holds()


def post(client, address, **body):
    answer = client.post(f"/api/{address}/", body)
    return answer.status_code, facts(answer.json())


def facts(body):
    if isinstance(body, list):
        return [facts(each) for each in body]
    if isinstance(body, dict):
        return {
            name: bool(value) if name in IDS | TIMES else facts(value)
            for name, value in body.items()
        }
    return body


# And what seat 5 must be for it to make a difference.
VERBS = {
    book: {FREE, HELD, LAPSED, BOOKED},
    reserve: {FREE, HELD, LAPSED, BOOKED},
    hold: {FREE, HELD, LAPSED, BOOKED},
    move_there: {FREE, HELD, LAPSED, BOOKED},
    edit_show: {FREE, HELD, LAPSED, BOOKED},
    move_away: {HELD, LAPSED, BOOKED},
    confirm: {HELD, LAPSED},
    extend: {HELD, LAPSED},
    cancel: {HELD, LAPSED, BOOKED},
    expire: {LAPSED},
}


def pairs():
    """In both orders, each with what seat 5 may be."""
    for first, second in product(VERBS, repeat=2):
        states = VERBS[first] & VERBS[second]
        if FREE in states:  # both want it: then let it be one that can be had
            states &= {FREE, LAPSED}
        for seat_5 in sorted(states):
            yield first, second, seat_5


class ScheduleTests(TransactionTestCase):
    maxDiff = None

    def setUp(self):
        self.movie = factories.movie()
        self.tomorrow = timezone.now() + timedelta(days=1)
        self.alice, stella = factories.person("alice"), User.objects.create_superuser("stella")
        devices = {"alice": self.alice, "stella": stella}
        self.rivals = [Rival("bob", 1, **devices), Rival("carol", 2, **devices)]
        self.threads = [RequestThread(), RequestThread()]
        for thread in self.threads:
            self.addCleanup(thread.close)

    def requests(self, scene, *verbs):
        """Bob's, or at his side, and Carol's."""
        return [partial(verb, scene, who) for verb, who in zip(verbs, self.rivals, strict=True)]

    def one_after_the_other(self, seat_5, first, second):
        scene = Scene(self, seat_5)
        answers = [request() for request in self.requests(scene, first, second)]
        outcome = scene.outcome(answers)
        self.assertPossible(scene)
        return outcome

    def interleaved(self, scene, first, second, point, **more):
        """What comes of it, and whether the second one had to wait."""
        requests = self.requests(scene, first, second)
        answers, waited = interleave(self.threads, *requests, point, **more)
        return scene.outcome(answers), waited

    def assertPossible(self, scene):
        """In whichever order: one customer for a seat, and a seat for each; a reservation whole or
        not at all; and a hold that has lapsed does not come back."""
        active = scene.show.bookings.active()
        seats = sorted(active.values_list("seat_number", flat=True))
        self.assertEqual(seats, sorted(set(seats)))
        self.assertLessEqual(seats[-1], scene.show.total_seats)
        for user in scene.parties:
            self.assertIn(active.filter(user=user, seat_number__in=[5, 6]).count(), [0, 2])
        if scene.seat_5 == LAPSED:
            self.assertFalse(active.filter(user=self.alice).exists())

    def test_every_pair_at_every_point(self):
        for first, second, seat_5 in pairs():
            with self.subTest(first=first.__name__, second=second.__name__, seat_5=seat_5):
                expected = self.one_after_the_other(seat_5, first, second)
                for point in POINTS:
                    with self.subTest(first_stands=point):
                        scene = Scene(self, seat_5)
                        outcome, waited = self.interleaved(scene, first, second, point)
                        self.assertEqual(outcome, expected)
                        self.assertPossible(scene)
                        self.assertEqual(waited, point != AFTER_COMMIT)

    @on_postgresql
    def test_a_hold_that_lapses_while_the_second_one_waits(self):
        """What counts is what is so when it is one's turn, not when one asked."""
        for first, second in product(VERBS, repeat=2):
            if VERBS[first] & VERBS[second] >= {HELD, LAPSED}:
                with self.subTest(first=first.__name__, second=second.__name__):
                    expected = self.one_after_the_other(LAPSED, first, second)
                    scene = Scene(self, HELD)
                    outcome, waited = self.interleaved(
                        scene, first, second, AFTER_LOCK, meanwhile=scene.lapse
                    )
                    self.assertEqual(outcome, expected)
                    self.assertPossible(scene)
                    self.assertTrue(waited)

    @on_postgresql
    def test_without_guards_both_get_the_seat(self):
        wanters = [verb for verb in VERBS if FREE in VERBS[verb]]
        with no_constraint(), no_lock():
            for first, second in product(wanters, repeat=2):
                if first == second == edit_show:  # as many seats remain in any case
                    continue
                with self.subTest(first=first.__name__, second=second.__name__):
                    scene = Scene(self, FREE)
                    self.interleaved(scene, first, second, BEFORE_COMMIT)
                    with self.assertRaises(AssertionError):
                        self.assertPossible(scene)

    @on_postgresql
    def test_without_the_lock_a_cancellation_goes_unnoticed(self):
        """By whomever: there the constraint is no help."""
        for second in VERBS:
            if HELD in VERBS[second]:
                with self.subTest(second=second.__name__):
                    expected = self.one_after_the_other(HELD, cancel, second)
                    with no_lock():
                        scene = Scene(self, HELD)
                        outcome, _ = self.interleaved(scene, cancel, second, BEFORE_COMMIT)
                    self.assertNotEqual(outcome, expected)
