"""What goes with every answer: who may keep it, who may show it, and its name in the log."""

from django.contrib.auth.models import User
from django.test import Client, override_settings

from booking.api.middleware import CONTENT_SECURITY_POLICY
from booking.tests.factories import ApiTestCase, booking, show

ELSEWHERE = "https://cinema.example"


class RequestIdTests(ApiTestCase):
    def test_a_request_keeps_the_name_that_it_came_with(self):
        answer = self.client.get("/api/movies/", headers={"x-request-id": "phone-17.a_B"})
        self.assertEqual(answer["X-Request-ID"], "phone-17.a_B")

    def test_without_a_good_one_it_gets_another(self):
        names = set()
        for given in (None, "", "a" * 65, "a b", "ä", "a\nb", "<b>", "a;b", "a'b"):
            headers = {} if given is None else {"x-request-id": given}
            name = self.client.get("/api/movies/", headers=headers)["X-Request-ID"]
            self.assertRegex(name, r"\A[0-9a-f]{32}\Z")
            names.add(name)
        self.assertEqual(len(names), 9)

    def test_errors_have_one_too(self):
        for address, status in (
            ("/api/nothing/", 404),
            ("/api/my-bookings/", 401),
            ("/nothing/", 404),
        ):
            answer = self.client.get(address, headers={"x-request-id": "phone"})
            self.assertEqual((answer.status_code, answer["X-Request-ID"]), (status, "phone"))
        foreign = self.client.get(
            "/api/movies/", headers={"x-request-id": "phone", "host": "evil.example"}
        )
        self.assertEqual((foreign.status_code, foreign["X-Request-ID"]), (400, "phone"))
        large = self.client.post("/api/login/", {"username": "a" * 70_000})
        self.assertEqual(large.status_code, 413)
        self.assertIn("X-Request-ID", large)


class CacheControlTests(ApiTestCase):
    def test_what_is_personal_is_kept_by_nobody(self):
        mine = booking(self.alices_user, show())
        calls = [
            ("get", "my-bookings"),
            ("get", "me"),
            ("get", f"bookings/{mine.id}"),
            ("get", f"reservations/{mine.reference}"),
            ("get", f"shows/{mine.show_id}/seats"),
            ("post", f"bookings/{mine.id}/cancel"),
            ("post", f"bookings/{mine.id}/cancel"),
            ("post", "login"),
            ("get", "nothing"),
        ]
        for method, address in calls:
            answer = getattr(self.alice, method)(f"/api/{address}/")
            self.assertEqual(answer["Cache-Control"], "private, no-store", address)
        replayed = [
            self.alice.post(
                f"/api/shows/{mine.show_id}/book/",
                {"seat_number": 6},
                headers={"idempotency-key": "k"},
            )
            for _ in range(2)
        ]
        self.assertEqual({each["Cache-Control"] for each in replayed}, {"private, no-store"})
        self.assertEqual(self.client.get("/api/me/")["Cache-Control"], "private, no-store")

    def test_the_catalogue_may_be_kept_for_a_while(self):
        """Where seats are counted, for a moment only. Who it is that asks makes no difference."""
        tomorrow = show()
        film = f"movies/{tomorrow.movie_id}"
        for client in (self.client, self.alice):
            for address in ("movies", film, "shows", f"shows/{tomorrow.id}", f"{film}/shows"):
                answer = client.get(f"/api/{address}/")
                seconds = 60 if address in ("movies", film) else 2
                self.assertEqual(answer["Cache-Control"], f"public, max-age={seconds}")
                self.assertNotIn("Authorization", answer.get("Vary", ""))
        self.assertEqual(self.client.get("/api/")["Cache-Control"], "no-cache")

    def test_the_admin_is_kept_by_nobody(self):
        boss = Client()
        boss.force_login(User.objects.create_superuser("boss"))
        self.assertIn("no-store", boss.get("/admin/")["Cache-Control"])


class PolicyTests(ApiTestCase):
    def test_every_answer_has_its_policies(self):
        for address in ("/api/movies/", "/swagger/", "/redoc/", "/admin/login/", "/nothing/"):
            answer = self.client.get(address)
            policies = {
                "Content-Security-Policy": CONTENT_SECURITY_POLICY,
                "X-Frame-Options": "DENY",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
            }
            self.assertEqual({name: answer.get(name) for name in policies}, policies, address)

    def test_scripts_are_ours_only(self):
        self.assertIn("default-src 'self';", CONTENT_SECURITY_POLICY)
        self.assertNotIn("script-src", CONTENT_SECURITY_POLICY)
        self.assertNotIn("unsafe-eval", CONTENT_SECURITY_POLICY)


class HttpsTests(ApiTestCase):
    REDIRECT = {"HTTPS": True, "SECURE_SSL_REDIRECT": True, "SECURE_HSTS_SECONDS": 60}

    def test_in_clear_the_api_refuses_and_pages_redirect(self):
        wanted = {
            "detail": "Use HTTPS. If you sent a token over plain HTTP, log in again to replace it.",
            "code": "https_required",
        }
        with override_settings(**self.REDIRECT, SECURE_REDIRECT_EXEMPT=[r"^api/", r"^api$"]):
            for method, address in (("post", "/api/login/"), ("get", "/api/me"), ("get", "/api")):
                self.assertAnswer(getattr(self.alice, method)(address), 403, wanted)
                secure = getattr(self.alice, method)(address, secure=True)
                self.assertNotEqual(secure.status_code, 403)
                self.assertIn("max-age", secure["Strict-Transport-Security"])
            page = self.client.get("/swagger/")
        self.assertEqual((page.status_code, page["Location"][:8]), (301, "https://"))


class CorsTests(ApiTestCase):
    def preflight(self, address="/api/my-bookings/"):
        return self.client.options(
            address,
            headers={
                "origin": ELSEWHERE,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization, idempotency-key",
            },
        )

    def test_other_origins_are_not_allowed(self):
        for answer in (
            self.client.get("/api/movies/", headers={"origin": ELSEWHERE}),
            self.preflight(),
        ):
            self.assertNotIn("Access-Control-Allow-Origin", answer)

    def test_those_that_are_named(self):
        with self.settings(CORS_ALLOWED_ORIGINS=[ELSEWHERE]):
            answer = self.client.get("/api/movies/", headers={"origin": ELSEWHERE})
            self.assertEqual(answer["Access-Control-Allow-Origin"], ELSEWHERE)
            self.assertEqual(
                answer["Access-Control-Expose-Headers"],
                "ETag, Idempotency-Replayed, Link, Retry-After, X-Request-ID",
            )
            self.assertNotIn("Access-Control-Allow-Credentials", answer)
            before = self.preflight()
            self.assertEqual(before.status_code, 200)
            allowed = before["Access-Control-Allow-Headers"]
            for name in ("authorization", "idempotency-key", "if-none-match", "x-request-id"):
                self.assertIn(name, allowed)
            other = self.client.get("/api/movies/", headers={"origin": "https://evil.example"})
            self.assertNotIn("Access-Control-Allow-Origin", other)
            page = self.client.get("/admin/login/", headers={"origin": ELSEWHERE})
            self.assertNotIn("Access-Control-Allow-Origin", page)
