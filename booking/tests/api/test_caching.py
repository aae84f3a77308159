"""Who may keep an answer, how it is asked whether it is the same, and what is kept of the films."""

import time
from unittest import mock

from django.db.models.signals import pre_save
from django.test import TransactionTestCase, override_settings

from booking import freshness
from booking.api import caching
from booking.models import Movie
from booking.tests.factories import ApiTestCase, booking, movie, movie_json, show, show_json

FILMS = "/api/movies/"


class ConditionalTests(ApiTestCase):
    def assertSameUntil(self, address, change):
        first = self.client.get(address)
        etag = first["ETag"]
        for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            again = self.client.get(address, headers={"if-none-match": known})
            self.assertEqual((again.status_code, again.content, again["ETag"]), (304, b"", etag))
            self.assertEqual(again["Cache-Control"], first["Cache-Control"])
        change()
        changed = self.client.get(address, headers={"if-none-match": etag})
        self.assertEqual(changed.status_code, 200)
        self.assertNotEqual((changed["ETag"], changed.content), (etag, first.content))

    def test_the_catalogue(self):
        tomorrow = show()
        film = tomorrow.movie

        def another_title():
            film.title += "!"
            film.save()

        seats = iter(range(1, 9))
        for address in (f"{FILMS}?search=m", FILMS, f"{FILMS}{film.pk}/"):
            self.assertSameUntil(address, another_title)
        for address in ("/api/shows/", f"/api/shows/{tomorrow.pk}/", f"{FILMS}{film.pk}/shows/"):
            sell = lambda: booking(self.bobs_user, tomorrow, next(seats))  # noqa: E731 it is short
            self.assertSameUntil(address, sell)

    def test_the_next_page_is_told_with_a_304_too(self):
        movie("A"), movie("B")
        first = self.client.get(f"{FILMS}?page_size=1")
        again = self.client.get(f"{FILMS}?page_size=1", headers={"if-none-match": first["ETag"]})
        self.assertEqual((again.status_code, again["Link"]), (304, first["Link"]))
        with mock.patch("django.core.signing.time.time", return_value=time.time() + 60):
            later = self.client.get(f"{FILMS}?page_size=1")
        self.assertEqual((later["ETag"], later["Link"]), (first["ETag"], first["Link"]))
        Movie.objects.get(title="B").delete()
        last = self.client.get(f"{FILMS}?page_size=1", headers={"if-none-match": first["ETag"]})
        self.assertEqual((last.status_code, last.content), (200, first.content))
        self.assertNotIn("Link", last)

    def test_errors_have_none(self):
        self.assertNotIn("ETag", self.client.get(f"{FILMS}0/"))
        self.assertNotIn("ETag", self.alice.get("/api/my-bookings/"))


@override_settings(KEEP_FILMS=True)
class KeptFilmsTests(TransactionTestCase):
    def setUp(self):
        self.film = movie("Alien")
        caching.KEPT.now = None
        clock = mock.patch("booking.api.caching.time.monotonic", lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        self.now = 100.0

    def titles(self, address=FILMS, **more):
        answer = self.client.get(address, **more)
        self.assertEqual(answer.status_code, 200)
        return [each["title"] for each in answer.json()]

    def change_unnoticed(self, title):
        """As on another host."""
        with mock.patch("booking.freshness._touch"):
            Movie.objects.update(title=title)

    def test_they_are_given_again_for_a_second(self):
        first = self.client.get(FILMS)
        self.assertEqual(first.json(), [movie_json(self.film)])
        self.change_unnoticed("Aliens")
        self.now += 0.9
        with self.assertNumQueries(0):
            again = self.client.get(FILMS)
        self.assertEqual((again.content, again["ETag"]), (first.content, first["ETag"]))
        self.assertEqual(again["Cache-Control"], "public, max-age=60")
        with self.assertNumQueries(0):
            known = self.client.get(FILMS, headers={"if-none-match": first["ETag"]})
        self.assertEqual((known.status_code, known.content), (304, b""))
        self.now += 0.2
        self.assertEqual(self.titles(), ["Aliens"])

    def test_a_change_on_this_host_is_seen_at_once(self):
        def deleted():
            Movie.objects.filter(title="M").delete()

        changes = [
            lambda: movie("M"),
            lambda: Movie.objects.filter(title="M").update(title="N"),
            lambda: Movie.objects.get(title="N").delete(),
            lambda: Movie.objects.bulk_create([Movie(title="M", duration_minutes=111)]),
            deleted,
            lambda: Movie.objects.create(title="Z", duration_minutes=127),
        ]
        for change in changes:
            before = self.titles()
            change()
            self.assertNotEqual(self.titles(), before)

    def test_whoever_reads_during_a_change_keeps_nothing_old(self):
        self.addCleanup(pre_save.disconnect, self.read, sender=Movie)
        pre_save.connect(self.read, sender=Movie)
        self.film.title = "Aliens"
        self.film.save()
        self.assertEqual(self.titles(), ["Aliens"])

    def read(self, **signal):
        self.titles()

    def test_large_answers_are_not_kept(self):
        with mock.patch("booking.api.caching.LARGEST_KEPT", 9):
            self.titles()
        self.assertEqual(caching.KEPT.answers, {})

    def test_what_is_rolled_back_is_no_change(self):
        before = freshness.version()
        with self.assertRaises(ZeroDivisionError), freshness.transaction.atomic():
            movie("M")
            raise ZeroDivisionError
        self.assertEqual(freshness.version(), before)

    def test_each_question_has_its_own_answer(self):
        movie("M")
        self.assertEqual(self.titles(), ["Alien", "M"])
        self.assertEqual(self.titles(f"{FILMS}?search=m"), ["M"])
        self.assertEqual(self.titles(f"{FILMS}?page_size=1"), ["Alien"])
        one = self.client.get(f"{FILMS}{self.film.pk}/")
        self.assertEqual(one.json(), movie_json(self.film))
        self.assertEqual(self.client.get(f"{FILMS}0/").status_code, 404)
        refused = self.client.get(FILMS, headers={"accept": "text/html"})
        self.assertEqual(refused.status_code, 406)
        self.assertEqual(self.client.post(FILMS).status_code, 405)
        self.assertEqual(self.titles(headers={"accept": "text/html, */*"}), ["Alien", "M"])

    def test_the_next_page_is_of_the_host_that_was_asked(self):
        movie("M")
        for host in ("testserver", "localhost"):
            link = self.client.get(f"{FILMS}?page_size=1", headers={"host": host})["Link"]
            self.assertTrue(link.startswith(f"<http://{host}/api/movies/"), link)

    def test_not_more_is_kept_than_fits(self):
        with mock.patch("booking.api.caching.MOST_KEPT", 3):
            for size in range(1, 9):
                self.titles(f"{FILMS}?page_size={size}")
                self.assertLessEqual(len(caching.KEPT.answers), 3)

    def test_shows_are_never_kept(self):
        tomorrow = show(self.film)
        address = f"/api/shows/{tomorrow.pk}/"
        self.assertEqual(self.client.get(address).json(), show_json(tomorrow))
        tomorrow.screen_name = "Screen 2"
        tomorrow.save()
        self.assertEqual(self.client.get(address).json(), show_json(tomorrow))
