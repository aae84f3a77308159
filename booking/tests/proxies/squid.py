from .every_proxy import EveryProxyTests, ProxyTestCase
from .system import Client, Granian, HAProxy, Squid


class SquidTests(EveryProxyTests, ProxyTestCase):
    """Squid between HAProxy and the application, as in deploy/."""

    programs = ("squid", "haproxy")
    always_304 = False  # what Squid has to revalidate, it sends again

    @classmethod
    def start(cls, stack):
        cls.granian = stack.enter_context(Granian(NUM_PROXIES="2"))
        cls.squid = stack.enter_context(Squid(cls.granian))
        return stack.enter_context(HAProxy(cls.squid))

    def test_second_list_is_from_the_cache(self):
        first = self.client.get("/api/movies/")
        second = self.client.get("/api/movies/")
        self.assertEqual((second.status, second.content), (200, first.content))
        self.assertTrue(second.headers["X-Cache"].startswith("HIT"), second.headers["X-Cache"])
        self.assertIn("Age", second.headers)

    def test_list_is_complete_after_each_revalidation(self):
        """Squid alone, without a proxy before it."""
        client = Client(self.squid)
        https = {"X-Forwarded-Proto": "https"}
        for path in ("/api/shows/", "/api/movies/", "/swagger.json"):
            first = client.get(path, https, tls=False)
            for control in ("max-age=0", "no-cache", "max-age=0", "max-stale=0", "max-age=0"):
                with self.subTest(path, control=control):
                    response = client.get(path, {**https, "Cache-Control": control}, tls=False)
                    self.assertEqual(response.status, 200)
                    self.assertEqual(response.content, first.content)
