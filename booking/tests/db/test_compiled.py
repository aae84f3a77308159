"""Prepared questions answer what the querysets do that they are written from."""

from datetime import timedelta

from django.test import TestCase
from django.utils import timezone

from booking.api.authentication import users
from booking.api.views.bookings import first_page_of_bookings
from booking.api.views.catalogue import (
    first_page_of_movie_shows,
    first_page_of_movies,
    first_page_of_shows,
)
from booking.box_office.seats import taken_seats
from booking.models import Booking, IdempotencyKey
from booking.models.movies import movies_of_id
from booking.models.prepared import insert, literal, prepared, update
from booking.models.seat_maps import seats_in_use
from booking.models.shows import for_sale, shows_of_id
from booking.tests.factories import booking, hold, movie, person, show


def facts(row):
    """All that is known of a row, and of the rows that it leads to; but not of the clock."""
    if isinstance(row, tuple):
        return row
    known = {name: each for name, each in vars(row).items() if name not in ("_state", "as_of")}
    for name, related in row._state.fields_cache.items():
        known[name] = facts(related)
    return type(row), known


@prepared
def bookings_of_seats(seat_numbers, status, *, newest_first=False):
    found = Booking.objects.filter(seat_number__in=seat_numbers, status=status)
    return found.order_by("-pk" if newest_first else "pk")


class PreparedTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice, cls.bob = person("alice"), person("bob")
        cls.film, cls.other = movie("Alien"), movie("M")
        cls.hall, cls.hall_of_other = show(cls.film), show(cls.other)
        cls.first = booking(cls.alice, cls.hall, 1)
        hold(cls.alice, cls.hall, 2)
        booking(cls.bob, cls.hall, 3)
        booking(cls.bob, cls.hall_of_other, 1, status="cancelled")

    def assertSame(self, question, *arguments, **more):
        plain = [facts(row) for row in question.__wrapped__(*arguments, **more)]
        with self.assertNumQueries(1):
            found = question(*arguments, **more)
        self.assertEqual([facts(row) for row in found], plain)
        return found

    def test_every_question(self):
        for hall in (self.hall, self.hall_of_other):
            for user in (self.alice, self.bob):
                for seats in ([], [1], [1, 2, 9]):
                    reference = self.first.reference
                    [row] = self.assertSame(for_sale, hall.pk, seats, user.pk, reference)
                    self.assertTrue(row.reference_is_used)
        for user in (self.alice, self.bob):
            self.assertEqual(self.assertSame(users, user.pk), [user])
            mine = self.assertSame(first_page_of_bookings, user.pk)
            self.assertEqual(len(mine), 2)
        for film in (self.film, self.other):
            self.assertSame(movies_of_id, film.pk)
        for hall in (self.hall, self.hall_of_other):
            self.assertSame(shows_of_id, hall.pk)
            self.assertSame(seats_in_use, hall.pk)
        for film in (self.film, self.other):
            self.assertSame(first_page_of_movie_shows, film.pk)
        for first_page in (first_page_of_movies, first_page_of_shows):
            self.assertEqual(len(self.assertSame(first_page)), 2)

    def test_times(self):
        for minutes, seats in ((-1, [1, 2, 3]), (11, [1, 3])):
            as_of = timezone.now() + timedelta(minutes=minutes)
            for ask in (taken_seats, taken_seats.__wrapped__):
                found = sorted(seat for (seat,) in ask(self.hall.pk, as_of))
                self.assertEqual(found, seats)

    def test_nothing(self):
        self.assertEqual(self.assertSame(users, 0), [])
        self.assertEqual(users(10**30), [])
        self.assertEqual(for_sale(2**63, [1], 1, "A"), [])

    def test_lists_texts_and_variants(self):
        ask = bookings_of_seats
        self.assertEqual(len(self.assertSame(ask, [1, 2, 3], "booked")), 2)
        self.assertEqual(len(self.assertSame(ask, [3, 2, 1], "booked", newest_first=True)), 2)
        self.assertEqual(len(self.assertSame(ask, [2, 7], "held")), 1)
        self.assertEqual(self.assertSame(ask, [2], "it's; DROP TABLE %s"), [])

    def test_constants_are_texts_whole_numbers_and_truth_values(self):
        self.assertEqual(literal("it's 100%"), "'it''s 100%%'")
        self.assertEqual((literal(7), literal(True), literal(False)), ("7", "TRUE", "FALSE"))
        for constant in (None, 1.5, timezone.now()):
            with self.assertRaises(TypeError):
                literal(constant)

    def test_bookings_of_one_show_have_the_same_show(self):
        one, other = first_page_of_bookings(self.alice.pk)
        self.assertIs(one.show, other.show)
        self.assertEqual(one.show.available_seats, 7)


class WriteTests(TestCase):
    def test_it_inserts_what_bulk_create_does(self):
        hall, alice = show(), person("alice")
        new = [Booking(user=alice, show=hall, seat_number=seat) for seat in (4, 5)]
        with self.assertNumQueries(1):
            insert(new)
        for each in new:
            found = Booking.objects.filter(pk=each.pk).values().get()
            self.assertEqual(found, {name: getattr(each, name) for name in found})
            self.assertFalse(each._state.adding)

    def test_what_the_database_has_a_default_for_it_has(self):
        alice = person("alice")
        keys = [IdempotencyKey(user=alice, key=key, fingerprint="f") for key in "ab"]
        insert(keys)
        created = IdempotencyKey.objects.values_list("created_at", flat=True)
        self.assertEqual(len([each for each in created if each]), 2)
        with self.assertNumQueries(1):
            update(keys[1], status=201, body="it's 100%")
        found = IdempotencyKey.objects.order_by("key").values_list("status", "body")
        self.assertEqual(list(found), [(0, ""), (201, "it's 100%")])
