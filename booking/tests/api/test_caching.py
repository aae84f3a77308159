"""Cache-Control, ETag, conditional GET, and the cache of responses about movies."""

import time
from unittest import mock

from django.core.cache import caches
from django.test import override_settings

from booking.models import Movie
from booking.tests.factories import (
    ApiTestCase,
    create_booking,
    create_movie,
    create_show,
    listed_movie_json,
    show_json,
)

MOVIES = "/api/movies/"


class ConditionalGetTests(ApiTestCase):
    def assertEtagUntil(self, url, change):
        first = self.client.get(url)
        etag = first["ETag"]
        self.assertRegex(etag, '^"[0-9a-f]{32}"$')  # a strong ETag
        for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            for method in (self.client.get, self.client.head):
                again = method(url, headers={"if-none-match": header})
                self.assertEqual(
                    (again.status_code, again.content, again["ETag"]), (304, b"", etag)
                )
                self.assertEqual(again["Cache-Control"], first["Cache-Control"])
                self.assertEqual(again["Vary"], first["Vary"])
                self.assertNotIn("Content-Length", again)
                self.assertNotIn("Content-Type", again)
        other = self.client.get(url, headers={"if-none-match": '"other"'})
        self.assertEqual((other.status_code, other.content), (200, first.content))
        change()
        changed = self.client.get(url, headers={"if-none-match": etag})
        self.assertEqual(changed.status_code, 200)
        self.assertNotEqual((changed["ETag"], changed.content), (etag, first.content))

    def test_etag_movies_and_shows_304_until_a_change(self):
        show = create_show()
        the_movie = show.movie

        def change_title():
            the_movie.title += "!"
            the_movie.save()

        seats = iter(range(1, 9))
        for url in (f"{MOVIES}?search=m", MOVIES, f"{MOVIES}{the_movie.pk}/"):
            with self.subTest(url):
                self.assertEtagUntil(url, change_title)
        for url in (
            "/api/shows/",
            f"/api/shows/{show.pk}/",
            f"{MOVIES}{the_movie.pk}/shows/",
            f"/api/shows/{show.pk}/seats/",
        ):
            with self.subTest(url):
                self.assertEtagUntil(url, lambda: create_booking(self.bob, show, next(seats)))

    def test_etag_next_page_appears_or_disappears_changes(self):
        """The body of a page is the same, but its Link header is not."""
        create_movie("A")
        url = f"{MOVIES}?page_size=1"
        alone = self.client.get(url)
        self.assertNotIn("Link", alone)
        second = create_movie("B")
        first = self.client.get(url, headers={"if-none-match": alone["ETag"]})
        self.assertEqual((first.status_code, first.content), (200, alone.content))
        again = self.client.get(url, headers={"if-none-match": first["ETag"]})
        self.assertEqual((again.status_code, again["Link"]), (304, first["Link"]))
        second.delete()
        last = self.client.get(url, headers={"if-none-match": first["ETag"]})
        self.assertEqual((last.status_code, last["ETag"]), (200, alone["ETag"]))

    def test_etag_a_minute_later_is_the_same(self):
        create_movie("A"), create_movie("B")
        first = self.client.get(f"{MOVIES}?page_size=1")
        with mock.patch("time.time", return_value=time.time() + 60):
            later = self.client.get(f"{MOVIES}?page_size=1")
        self.assertEqual((later["ETag"], later["Link"]), (first["ETag"], first["Link"]))

    def test_head_without_if_none_match_has_the_headers_of_get(self):
        create_movie()
        get, head = self.client.get(MOVIES), self.client.head(MOVIES)
        self.assertEqual((head.status_code, head.content), (200, b""))
        for name in ("ETag", "Cache-Control", "Vary", "Content-Type", "Content-Length"):
            self.assertEqual(head[name], get[name])

    def test_if_match_of_a_get_is_ignored(self):
        create_movie()
        for headers in (
            {"if-match": '"x"'},
            {"if-unmodified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
            {"if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        ):
            with self.subTest(headers):
                self.assertEqual(self.client.get(MOVIES, headers=headers).status_code, 200)

    def test_cache_control_of_each_endpoint(self):
        show = create_show()
        create_booking(self.alice, show)
        public = "public, max-age=2, stale-while-revalidate=2"
        cases = [
            (self.client, MOVIES, "public, max-age=60, stale-while-revalidate=2", "Accept, origin"),
            (
                self.client,
                f"{MOVIES}{show.movie_id}/",
                "public, max-age=60, stale-while-revalidate=2",
                "Accept, origin",
            ),
            (self.client, f"{MOVIES}{show.movie_id}/shows/", public, "origin"),
            (self.client, "/api/shows/", public, "origin"),
            (self.client, f"/api/shows/{show.pk}/", public, "origin"),
            (self.client, f"/api/shows/{show.pk}/seats/", public, "Authorization, origin"),
            (
                self.alice_client,
                f"/api/shows/{show.pk}/seats/",
                "private, no-store",
                "Authorization, origin",
            ),
            (self.alice_client, "/api/my-bookings/", "private, no-store", "origin"),
        ]
        for client, url, cache_control, vary in cases:
            with self.subTest(url):
                response = client.get(url)
                self.assertEqual(response.status_code, 200)
                self.assertEqual(response["Cache-Control"], cache_control)
                self.assertEqual(response["Vary"], vary)
                self.assertNotIn("Expires", response)

    def test_errors_have_no_etag_and_are_not_cached(self):
        cases = [
            (f"{MOVIES}0/", 404),
            (f"{MOVIES}0/shows/", 404),
            (f"{MOVIES}?page_size=x", 400),
            ("/api/shows/0/seats/", 404),
        ]
        for url, status in cases:
            with self.subTest(url):
                response = self.client.get(url, headers={"if-none-match": "*"})
                self.assertEqual(response.status_code, status)
                self.assertNotIn("ETag", response)
                self.assertEqual(response["Cache-Control"], "private, no-store")

    def test_my_bookings_have_no_etag(self):
        self.assertNotIn("ETag", self.alice_client.get("/api/my-bookings/"))


@override_settings(CACHE_MOVIES=True)
class LocalCacheTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(caches["local"].clear)
        caches["local"].clear()
        self.movie = create_movie("Alien")
        self.now = time.time()
        clock = mock.patch("time.time", lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)

    def titles(self, url=MOVIES, **more):
        response = self.client.get(url, **more)
        self.assertEqual(response.status_code, 200)
        return [each["title"] for each in response.json()]

    def test_movies_within_a_second_come_from_the_cache(self):
        first = self.client.get(MOVIES)
        self.assertEqual(first.json(), [listed_movie_json(self.movie)])
        Movie.objects.update(title="Aliens")
        self.now += 0.9
        with self.assertNumQueries(0):
            again = self.client.get(MOVIES)
        self.assertEqual((again.status_code, again.content), (200, first.content))
        for name in ("ETag", "Cache-Control", "Vary", "Content-Type", "Content-Length", "Allow"):
            self.assertEqual(again[name], first[name])
        self.assertEqual(again["Cache-Control"], "public, max-age=60, stale-while-revalidate=2")
        self.assertNotIn("Expires", first)
        self.assertNotIn("Expires", again)
        self.now += 0.2
        self.assertEqual(self.titles(), ["Aliens"])

    def test_if_none_match_of_a_cached_response_is_304(self):
        first = self.client.get(MOVIES)
        for method in (self.client.get, self.client.head):
            with self.assertNumQueries(0):
                again = method(MOVIES, headers={"if-none-match": first["ETag"]})
            self.assertEqual((again.status_code, again.content), (304, b""))
            self.assertEqual(again["Cache-Control"], "public, max-age=60, stale-while-revalidate=2")

    def test_a_304_before_the_cache_is_filled_does_not_replace_the_response(self):
        with override_settings(CACHE_MOVIES=False):
            etag = self.client.get(MOVIES)["ETag"]
        first = self.client.get(MOVIES, headers={"if-none-match": etag})
        self.assertEqual(first.status_code, 304)
        with self.assertNumQueries(0):
            self.assertEqual(self.titles(), ["Alien"])

    def test_head_of_a_cached_response_has_its_headers(self):
        first = self.client.get(MOVIES)
        with self.assertNumQueries(0):
            head = self.client.head(MOVIES)
        self.assertEqual((head.status_code, head.content), (200, b""))
        self.assertEqual(head["Content-Length"], first["Content-Length"])

    def test_each_url_has_its_own_response(self):
        create_movie("M")
        self.assertEqual(self.titles(), ["Alien", "M"])
        self.assertEqual(self.titles(f"{MOVIES}?search=m"), ["M"])
        self.assertEqual(self.titles(f"{MOVIES}?page_size=1"), ["Alien"])
        one = self.client.get(f"{MOVIES}{self.movie.pk}/")
        self.assertEqual(one.json(), listed_movie_json(self.movie))

    def test_query_parameters_are_never_cached(self):
        for url in (f"{MOVIES}?search=a", f"{MOVIES}?page_size=5"):
            self.titles(url)
            with self.assertNumQueries(1):
                self.titles(url)

    def test_each_path_prefix_has_its_own_next_page(self):
        Movie.objects.bulk_create(Movie(title="M", duration_minutes=117) for _ in range(100))
        for prefix in ("", "/cinema"):
            link = self.client.get(MOVIES, SCRIPT_NAME=prefix)["Link"]
            self.assertTrue(link.startswith(f"<{prefix}/api/movies/?cursor="), link)

    def test_another_media_type_or_method_is_refused(self):
        self.titles()
        refused = self.client.get(MOVIES, headers={"accept": "text/html"})
        self.assertEqual(refused.status_code, 406)
        self.assertEqual(self.client.post(MOVIES).status_code, 405)
        self.assertEqual(self.titles(headers={"accept": "text/html, */*"}), ["Alien"])

    def test_a_token_makes_no_difference(self):
        first = self.client.get(MOVIES)
        with self.assertNumQueries(0):
            again = self.alice_client.get(MOVIES)
        self.assertEqual((again.content, again["Vary"]), (first.content, first["Vary"]))
        self.assertEqual(again["Vary"], "Accept, origin")

    def test_errors_are_not_cached(self):
        url = f"{MOVIES}{self.movie.pk + 1}/"
        self.assertEqual(self.client.get(url).status_code, 404)
        new = create_movie("M", id=self.movie.pk + 1)
        self.assertEqual(self.client.get(url).json(), listed_movie_json(new))

    def test_shows_are_never_cached(self):
        show = create_show(self.movie)
        for url in (f"/api/shows/{show.pk}/", f"{MOVIES}{self.movie.pk}/shows/"):
            before = self.client.get(url).content
            show.screen_name += "!"
            show.save()
            self.assertNotEqual(self.client.get(url).content, before)
        self.assertEqual(self.client.get(f"/api/shows/{show.pk}/").json(), show_json(show))
