import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from .every_proxy import UNAVAILABLE, EveryProxyTests, ProxyTestCase
from .system import DEADLINE, Client, Granian, Nginx


class NginxTests(EveryProxyTests, ProxyTestCase):
    programs = ("nginx",)

    @classmethod
    def start(cls, stack):
        cls.granian = stack.enter_context(Granian())
        return stack.enter_context(Nginx(cls.granian))

    def test_cached_list_is_complete_after_revalidation(self):
        """nginx asks the application, gets a 304 and goes on with its own copy."""
        for path in ("/api/shows/", "/api/movies/1/shows/", "/api/shows/2/"):
            with self.subTest(path):
                first, seen = self.client.get(path), set()
                deadline = time.monotonic() + DEADLINE
                while not {"HIT", "REVALIDATED"} <= seen and time.monotonic() < deadline:
                    response = self.client.get(path)
                    seen.add(response.headers["X-Cache"])
                    self.assertEqual((response.status, response.content), (200, first.content))
                    time.sleep(0.2)
                self.assertLessEqual({"HIT", "REVALIDATED"}, seen)

    def test_map_of_a_hot_show_costs_the_application_one_request_in_two_seconds(self):
        """Whatever the number of clients. Figures: docs/operations.md."""
        started, seconds, clients = time.monotonic(), 6, 8

        def look(_):
            """Cache status in nginx of each request of one client."""
            client, done = Client(self.proxy), []
            while time.monotonic() < started + seconds:
                response = client.get("/api/shows/1/seats/")
                self.assertEqual(response.status, 200)
                done.append(response.headers["X-Cache"])
            return done

        with ThreadPoolExecutor(clients) as pool:
            done = Counter(chain.from_iterable(pool.map(look, range(clients))))
        elapsed = time.monotonic() - started
        asked = done["MISS"] + done["EXPIRED"] + done["REVALIDATED"]
        self.assertLessEqual(asked, elapsed / 2 + 2)
        self.assertGreater(done["HIT"], asked)
        self.assertLessEqual(set(done), {"MISS", "EXPIRED", "REVALIDATED", "HIT", "UPDATING"})

    def test_header_that_looks_like_an_address_is_no_way_into_the_cache(self):
        headers = {"Authorization": ":/api/shows/"}
        response = self.client.get("/api/shows/1/seats/", headers)
        self.assertIsNone(response.headers["X-Cache"])

    def test_responses_with_a_token_are_not_cached(self):
        tokens = self.log_in().content.decode().split('"')
        headers = {"Authorization": f"Bearer {tokens[tokens.index('access') + 2]}"}
        for path in ("/api/me/", "/api/shows/1/seats/", "/api/shows/1/"):
            for _ in range(2):
                response = self.client.get(path, headers)
                self.assertEqual((response.status, response.headers["X-Cache"]), (200, None))

    def test_application_that_is_away_is_unavailable(self):
        with Granian() as granian, Nginx(granian) as nginx:
            granian.stop()
            response = Client(nginx).get("/api/shows/")
        self.assertJSON(response, 503, UNAVAILABLE)
        self.assertEqual(response.headers["Retry-After"], "5")
