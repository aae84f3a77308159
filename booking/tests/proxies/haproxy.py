from .every_proxy import UNAVAILABLE, EveryProxyTests, ProxyTestCase
from .system import Client, Granian, HAProxy


class HAProxyTests(EveryProxyTests, ProxyTestCase):
    programs = ("haproxy",)

    @classmethod
    def start(cls, stack):
        cls.granian = stack.enter_context(Granian())
        return stack.enter_context(HAProxy(cls.granian))

    def test_application_that_is_away_is_unavailable(self):
        with Granian() as granian, HAProxy(granian) as haproxy:
            granian.stop()
            response = Client(haproxy).get("/api/shows/")
        self.assertJSON(response, 503, UNAVAILABLE)
        self.assertEqual(response.headers["Retry-After"], "5")
