"""Compiled queries return what their querysets do, or refuse to be compiled."""

import gc
import pickle
import weakref
from copy import copy
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from threading import Thread

from django.contrib.auth.models import User
from django.db import connection, connections, models
from django.db.models import F, Model, QuerySet
from django.test import TestCase, override_settings
from django.test.utils import isolate_apps
from django.utils import timezone

from booking.box_office.queries import for_sale, show_with_taken_seats, taken_seats
from booking.db.compiled import CompileError, compiled, fetch_all, map_rows
from booking.db.writing import (
    NewRow,
    defer_insert,
    defer_insert_from,
    defer_update,
    flush_deferred,
    insert_unless_exists,
)
from booking.jwt import users_by_id
from booking.models import Booking, BookingEvent, IdempotencyKey, Mail, Movie, Show
from booking.models.movies import movies_by_id
from booking.models.seat_maps import active_seats
from booking.models.shows import shows_by_id
from booking.tests.factories import (
    create_booking,
    create_hold,
    create_movie,
    create_show,
    create_user,
)


def values_of(row):
    """All values of a row and of the rows that it leads to; "now" for the clock's."""
    if isinstance(row, datetime):
        return "now" if abs(row - timezone.now()) < timedelta(minutes=1) else row
    if isinstance(row, tuple):
        return tuple(map(values_of, row))
    if is_dataclass(row):
        return [values_of(getattr(row, field.name)) for field in fields(row)]
    if not isinstance(row, Model):
        return row
    values = {name: each for name, each in vars(row).items() if name != "_state"}
    related = {name: values_of(each) for name, each in row._state.fields_cache.items()}
    return type(row), row._state.adding, row._state.db, values, related


@compiled
def bookings_of_seats(seat_numbers, status, *, newest_first=False):
    found = Booking.objects.filter(seat_number__in=seat_numbers, status=status)
    return found.order_by("-pk" if newest_first else "pk")


@override_settings(FAST_PATHS=True)
class CompiledQueryTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice, cls.bob = create_user("alice"), create_user("bob")
        cls.shows = [create_show(create_movie("Alien")), create_show(create_movie("M"))]
        cls.first = create_booking(cls.alice, cls.shows[0], 1)
        create_hold(cls.alice, cls.shows[0], 2)
        create_booking(cls.bob, cls.shows[0], 3)
        create_booking(cls.bob, cls.shows[1], 1, status="cancelled")

    def assertSame(self, query, *arguments, **variant):
        """The rows, which are those of the plain queryset, in one statement."""
        queryset = query.function(*arguments, **variant)
        with self.assertNumQueries(1):
            found = query(*arguments, **variant)
        with override_settings(FAST_PATHS=False):
            stock = query(*arguments, **variant)
        expected, *others = (list(map(values_of, rows)) for rows in (queryset, found, stock))
        for rows in others:
            if queryset.ordered:
                self.assertEqual(rows, expected)
            else:
                self.assertCountEqual(rows, expected)
        return found

    def test_query_of_the_application_returns_what_its_queryset_does(self):
        for each in self.shows:
            self.assertSame(shows_by_id, each.pk)
            self.assertSame(active_seats, each.pk)
            self.assertSame(movies_by_id, each.movie_id)
            for user in (self.alice, self.bob):
                for seats in ([], [1], [1, 2, 9]):
                    [sale] = self.assertSame(
                        for_sale, each.pk, seats, user.pk, self.first.reference
                    )
                    self.assertTrue(sale.reference_is_used)
        for user in (self.alice, self.bob):
            self.assertEqual(self.assertSame(users_by_id, user.pk, 0), [user])
        [(of_show, _, taken)] = self.assertSame(show_with_taken_seats, self.shows[0].pk)
        self.assertEqual((of_show, taken), (self.shows[0], {1, 2, 3}))

    def test_query_with_a_time_returns_what_its_queryset_does(self):
        for minutes, seats in ((-1, [1, 2, 3]), (11, [1, 3])):
            now = timezone.now() + timedelta(minutes=minutes)
            self.assertEqual(sorted(self.assertSame(taken_seats, self.shows[0].pk, now)), seats)

    def test_query_with_lists_texts_and_variants_returns_what_its_queryset_does(self):
        query = bookings_of_seats
        self.assertEqual(len(self.assertSame(query, [1, 2, 3], "booked")), 2)
        self.assertEqual(len(self.assertSame(query, [3, 2, 1], "booked", newest_first=True)), 2)
        self.assertEqual(len(self.assertSame(query, [2, 7], "held")), 1)
        self.assertEqual(self.assertSame(query, [2], "it's; DROP TABLE %s"), [])

    def test_query_without_a_match_returns_no_rows(self):
        self.assertEqual(self.assertSame(users_by_id, 0, 0), [])
        with self.assertNumQueries(0):
            self.assertEqual(bookings_of_seats([], "booked"), [])

    def test_integer_that_no_column_holds_matches_no_row(self):
        with self.assertNumQueries(0):
            self.assertEqual(users_by_id(10**30, 0), [])
            self.assertEqual(for_sale(2**63, [1], 1, "A"), [])
        nothing, [found] = fetch_all(shows_by_id.bind(2**70), shows_by_id.bind(self.shows[0].pk))
        self.assertEqual((nothing, found), ([], self.shows[0]))

    def test_rows_are_model_instances_that_load_and_save(self):
        [found] = bookings_of_seats([3], "booked")
        self.assertEqual((found.user, found.show.movie.title), (self.bob, "Alien"))
        found.cancelled_at = timezone.now()
        found.save()
        self.assertEqual(Booking.objects.get(pk=found.pk).cancelled_at, found.cancelled_at)
        Booking.objects.filter(pk=found.pk).update(seat_number=9, user=self.alice)
        found.refresh_from_db()
        self.assertEqual((found.seat_number, found.user), (9, self.alice))
        again = pickle.loads(pickle.dumps(found))  # noqa: S301 our own
        self.assertEqual((again, again.show, copy(found).seat_number), (found, found.show, 9))
        found.delete()
        self.assertFalse(Booking.objects.filter(pk=again.pk).exists())

    def test_rows_of_one_result_share_related_instances(self):
        @compiled
        def bookings_with_shows(status):
            bookings = Booking.objects.filter(status=status).order_by("seat_number")
            return bookings.select_related("show__movie")

        first, second = self.assertSame(bookings_with_shows, "booked")
        self.assertIs(first.show, second.show)
        [cancelled] = self.assertSame(bookings_with_shows, "cancelled")
        self.assertEqual((cancelled.show, cancelled.show.movie.title), (self.shows[1], "M"))
        [again, _] = bookings_with_shows("booked")
        self.assertIsNot(again.show, first.show)

    def test_query_keeps_no_connection_of_the_thread_that_compiled_it(self):
        query, seen = compiled(shows_by_id.function), []

        def first_call():
            query(self.shows[0].pk)
            seen.append(weakref.ref(connections["default"]))
            connections.close_all()

        thread = Thread(target=first_call)
        thread.start()
        thread.join()
        gc.collect()
        self.assertEqual(len(query.queries), 1)
        self.assertIsNone(seen[0]())


@override_settings(FAST_PATHS=True)
class CompileErrorTests(TestCase):
    """A query that would return wrong rows is refused when it is compiled."""

    def assertRefused(self, function, *arguments):
        with self.assertRaises(CompileError):
            compiled(function)(*arguments)

    def test_argument_changed_by_a_lookup_is_refused(self):
        for lookup in ("icontains", "startswith", "endswith", "contains"):
            with self.subTest(lookup):
                self.assertRefused(
                    lambda title, it=lookup: Movie.objects.filter(**{f"title__{it}": title}), "a"
                )

    def test_argument_changed_by_arithmetic_is_refused(self):
        self.assertRefused(lambda number: Movie.objects.filter(pk__gt=number - 1), 5)
        self.assertRefused(
            lambda number: Movie.objects.filter(pk=number, duration_minutes__gt=number - 1), 5
        )
        self.assertRefused(
            lambda time: Show.objects.filter(date_time__gt=time - timedelta(days=1)),
            timezone.now(),
        )

    def test_argument_written_into_the_sql_is_refused(self):
        movies = Movie.objects.all()
        self.assertRefused(lambda number: movies[:number], 5)
        with self.assertRaises(ValueError):  # Django's, of the negative stand-in
            compiled(lambda number: movies.filter(pk=number)[:number])(5)

    def test_argument_that_decides_in_python_is_refused(self):
        movies = Movie.objects
        self.assertRefused(lambda number: movies.all(), 5)
        self.assertRefused(
            lambda number: movies.filter(pk=number, **({"title": "M"} if number > 3 else {})), 5
        )
        self.assertRefused(
            lambda number: movies.filter(pk=number, **({"title": "M"} if number else {})), 5
        )
        self.assertRefused(lambda title: movies.filter(title=title) if title else movies.all(), "M")

    def test_argument_of_another_type_is_refused(self):
        for argument in (True, None, 1.5, ("a",), {"a": 1}, [True], b"a", timezone.now().date()):
            with self.subTest(argument):
                self.assertRefused(lambda given: Movie.objects.filter(pk=given), argument)

    def test_constant_of_another_type_is_refused(self):
        if connection.vendor == "postgresql":  # SQLite has times as text
            now = timezone.now()
            self.assertRefused(lambda number: Show.objects.filter(pk=number, date_time__gt=now), 5)
        self.assertRefused(
            lambda number: Movie.objects.filter(pk=number, duration_minutes__gt=F("pk") * 1.5), 5
        )

    def test_rows_of_another_kind_are_refused(self):
        self.assertRefused(lambda number: Movie.objects.filter(pk=number).values("title"), 5)
        self.assertRefused(
            lambda number: Movie.objects.filter(pk=number).values_list("pk", named=True), 5
        )

    def test_queryset_of_another_database_is_refused(self):
        self.assertRefused(lambda number: Movie.objects.using("replica").filter(pk=number), 5)

    def test_queryset_whose_further_queries_would_be_left_out_is_refused(self):
        self.assertRefused(
            lambda number: Movie.objects.filter(pk=number).prefetch_related("shows"), 5
        )
        if hasattr(QuerySet, "fetch_mode"):  # Django 6.1
            self.assertRefused(
                lambda number: Movie.objects.filter(pk=number).fetch_mode(models.FETCH_PEERS), 5
            )

    @isolate_apps("booking")
    def test_model_that_inherits_a_constructor_is_refused(self):
        class FromDb:
            @classmethod
            def from_db(cls, *args, **kwargs):
                return super().from_db(*args, **kwargs)

        class Init:
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)

        class MovieFromDb(FromDb, Movie):
            class Meta:
                app_label = "booking"
                proxy = True

        class MovieInit(Init, Movie):
            class Meta:
                app_label = "booking"
                proxy = True

        for model in (MovieFromDb, MovieInit):
            self.assertRefused(lambda number, it=model: it.objects.filter(pk=number), 5)

    def test_constants_are_written_into_the_sql(self):
        @compiled
        def movies(number):
            return Movie.objects.filter(pk=number, title="it's 100%", duration_minutes__gt=7)

        self.assertEqual(movies(1), [])
        [query] = movies.queries.values()
        self.assertIn("'it''s 100%%'", query.sql)
        self.assertEqual(query.sql.count("%s"), 1)


class MapRowsTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.users = [create_user(name) for name in ("alice", "bob", "carol")]

    def test_queryset_yields_what_the_function_returns(self):
        names = map_rows(User.objects.order_by("pk"), str)
        self.assertIsInstance(names, QuerySet)
        self.assertEqual(list(names), ["alice", "bob", "carol"])
        self.assertEqual(names.get(username="bob"), "bob")
        self.assertEqual(names[1], "bob")
        self.assertEqual(list(names.filter(pk__gt=self.users[0].pk)), ["bob", "carol"])
        self.assertEqual((names.count(), names.first()), (3, "alice"))


class WriteTests(TestCase):
    def assertWritesRows(self):
        tomorrow, alice = create_show(), create_user("alice")
        new = [Booking(user=alice, show=tomorrow, seat_number=seat) for seat in (4, 5)]
        with self.assertNumQueries(1):
            defer_insert(new)
            flush_deferred()
        for each in new:
            found = Booking.objects.filter(pk=each.pk).values().get()
            self.assertEqual(found, {name: getattr(each, name) for name in found})
            self.assertFalse(each._state.adding)
        keys = [IdempotencyKey(user=alice, key=key, fingerprint="f") for key in "ab"]
        defer_insert(keys)
        self.assertEqual(IdempotencyKey.objects.exclude(created_at=None).count(), 2)
        with self.assertNumQueries(1):
            defer_update(IdempotencyKey, keys[1].pk, status=201, body="it's 100%")
            flush_deferred()
        found = IdempotencyKey.objects.order_by("key").values_list("status", "body")
        self.assertEqual(list(found), [(0, ""), (201, "it's 100%")])
        self.assertWritesRow()
        self.assertWritesRowsOfOthers(tomorrow, alice)

    def assertWritesRow(self):
        row = {"kind": "booked", "reference": "A", "recipient": "it's@100%"}
        booking = Booking(user=create_user("bob"), show=create_show(), seat_number=5)
        with self.assertNumQueries(2):
            defer_insert([booking], NewRow(Mail, row))
            flush_deferred()
        expected = Mail.objects.create(**row)
        both = Mail.objects.order_by("pk").values()
        differing = {name for name in both[0] if both[0][name] != both[1][name]}
        self.assertLessEqual(differing, {"id", "created_at", "next_try_at"})
        self.assertLess(both[0]["id"], expected.pk)

    def assertWritesRowsOfOthers(self, show, alice):
        create_booking(alice, create_show(show.movie), reference="A")
        reserved = [
            Booking(user=alice, show=show, seat_number=seat, reference="A") for seat in (6, 7)
        ]
        with self.assertNumQueries(2):
            defer_insert(reserved)
            defer_insert_from(
                reserved,
                ("show_id", "reference"),
                BookingEvent,
                copied={
                    "booking_id": "id",
                    "seat_number": "seat_number",
                    "created_at": "created_at",
                },
                kind="booked",
                actor_id=alice.pk,
                request_id="it's 100%",
            )
            flush_deferred()
        found = BookingEvent.objects.order_by("pk").values()
        self.assertEqual(
            [{name: each[name] for name in each if name != "id"} for each in found],
            [
                {
                    "booking_id": each.pk,
                    "actor_id": alice.pk,
                    "kind": "booked",
                    "created_at": each.created_at,
                    "request_id": "it's 100%",
                    "seat_number": each.seat_number,
                    "moved_from": None,
                    "reason": "",
                }
                for each in reserved
            ],
        )

    def test_rows_are_written_as_bulk_create_and_update_do(self):
        self.assertWritesRows()

    def test_rows_are_written_by_stock_django_without_fast_paths(self):
        with override_settings(FAST_PATHS=False):
            self.assertWritesRows()

    def test_insert_unless_exists_returns_whether_it_inserted(self):
        alice = create_user("alice")
        first, second, other = (
            IdempotencyKey(user=alice, key=key, fingerprint=fingerprint)
            for key, fingerprint in (("k", "1"), ("k", "2"), ("l", "3"))
        )
        for key, is_new in ((first, True), (second, False), (other, True)):
            self.assertEqual(insert_unless_exists(key, unique=["user", "key"]), is_new)
        self.assertIsNone(second.pk)
        found = IdempotencyKey.objects.order_by("pk").values_list("pk", "fingerprint")
        self.assertEqual(list(found), [(first.pk, "1"), (other.pk, "3")])
