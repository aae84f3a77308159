"""Response headers: request ID, Cache-Control, security policies, HTTPS and CORS."""

from django.contrib.auth.models import User
from django.test import Client, override_settings

from booking.middleware import CONTENT_SECURITY_POLICY
from booking.tests.factories import ApiTestCase, create_booking, create_show
from booking.tests.test_settings import load

OTHER_ORIGIN = "https://cinema.example"
HTTPS_REQUIRED = (403, "https_required")
DEVELOPMENT = {"CORS_ALLOWED_ORIGIN_REGEXES": load(DEBUG="on")["CORS_ALLOWED_ORIGIN_REGEXES"]}
PRODUCTION = {"CORS_ALLOWED_ORIGIN_REGEXES": []}


class RequestIdTests(ApiTestCase):
    def test_valid_request_id_is_kept(self):
        response = self.client.get("/api/movies/", headers={"x-request-id": "phone-17.a_B"})
        self.assertEqual(response["X-Request-ID"], "phone-17.a_B")

    def test_missing_or_invalid_request_id_is_replaced(self):
        names = set()
        for given in (None, "", "a" * 65, "a b", "ä", "a\nb", "<b>", "a;b", "a'b"):
            headers = {} if given is None else {"x-request-id": given}
            name = self.client.get("/api/movies/", headers=headers)["X-Request-ID"]
            self.assertRegex(name, r"\A[0-9a-f]{32}\Z")
            names.add(name)
        self.assertEqual(len(names), 9)

    def test_error_responses_have_a_request_id(self):
        for path, status in (
            ("/api/nothing/", 404),
            ("/api/my-bookings/", 401),
            ("/nothing/", 404),
        ):
            response = self.client.get(path, headers={"x-request-id": "phone"})
            self.assertEqual((response.status_code, response["X-Request-ID"]), (status, "phone"))
        foreign = self.client.get(
            "/api/movies/", headers={"x-request-id": "phone", "host": "evil.example"}
        )
        self.assertEqual((foreign.status_code, foreign["X-Request-ID"]), (400, "phone"))
        large = self.client.post("/api/login/", {"username": "a" * 70_000})
        self.assertEqual(large.status_code, 413)
        self.assertIn("X-Request-ID", large)


class CacheControlTests(ApiTestCase):
    def test_personal_responses_are_not_stored(self):
        booking = create_booking(self.alice, create_show())
        calls = [
            ("get", "my-bookings"),
            ("get", "me"),
            ("get", f"bookings/{booking.id}"),
            ("get", f"reservations/{booking.reference}"),
            ("get", f"shows/{booking.show_id}/seats"),
            ("post", f"bookings/{booking.id}/cancel"),
            ("post", f"bookings/{booking.id}/cancel"),
            ("post", "login"),
            ("get", "nothing"),
        ]
        for method, path in calls:
            response = getattr(self.alice_client, method)(f"/api/{path}/")
            self.assertEqual(response["Cache-Control"], "private, no-store", path)
        replayed = [
            self.alice_client.post(
                f"/api/shows/{booking.show_id}/book/",
                {"seat_number": 6},
                headers={"idempotency-key": "k"},
            )
            for _ in range(2)
        ]
        self.assertEqual({each["Cache-Control"] for each in replayed}, {"private, no-store"})
        self.assertEqual(self.client.get("/api/me/")["Cache-Control"], "private, no-store")

    def test_public_responses_are_cached_for_a_while(self):
        """Responses with seat counts for 2 seconds; with a token as without."""
        show = create_show()
        movie = f"movies/{show.movie_id}"
        for client in (self.client, self.alice_client):
            for path in ("movies", movie, "shows", f"shows/{show.id}", f"{movie}/shows"):
                response = client.get(f"/api/{path}/")
                seconds = 60 if path in ("movies", movie) else 2
                self.assertEqual(
                    response["Cache-Control"],
                    f"public, max-age={seconds}, stale-while-revalidate=2",
                )
                self.assertNotIn("Authorization", response.get("Vary", ""))
        self.assertEqual(self.client.get("/api/")["Cache-Control"], "no-cache")

    def test_admin_pages_are_not_stored(self):
        boss = Client()
        boss.force_login(User.objects.create_superuser("boss"))
        self.assertIn("no-store", boss.get("/admin/")["Cache-Control"])


class PolicyTests(ApiTestCase):
    def test_every_response_has_security_headers(self):
        for path in ("/api/movies/", "/swagger/", "/redoc/", "/admin/login/", "/nothing/"):
            response = self.client.get(path)
            policies = {
                "Content-Security-Policy": CONTENT_SECURITY_POLICY,
                "X-Frame-Options": "DENY",
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
            }
            self.assertEqual({name: response.get(name) for name in policies}, policies, path)

    def test_csp_allows_only_scripts_of_this_origin(self):
        self.assertIn("default-src 'self';", CONTENT_SECURITY_POLICY)
        self.assertNotIn("script-src", CONTENT_SECURITY_POLICY)
        self.assertNotIn("unsafe-eval", CONTENT_SECURITY_POLICY)


class HttpsTests(ApiTestCase):
    REDIRECT = {
        "HTTPS": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 60,
        "SECURE_REDIRECT_EXEMPT": [r"(^|/)api(/|$)"],
    }

    def test_plain_http_is_refused_by_the_api_and_redirected_elsewhere(self):
        wanted = {
            "detail": "Use HTTPS. If you sent a token over plain HTTP, log in again to replace it.",
            "code": "https_required",
        }
        with override_settings(**self.REDIRECT):
            for method, path in (("post", "/api/login/"), ("get", "/api/me"), ("get", "/api")):
                self.assertResponse(getattr(self.alice_client, method)(path), 403, wanted)
                secure = getattr(self.alice_client, method)(path, secure=True)
                self.assertNotEqual(secure.status_code, 403)
                self.assertIn("max-age", secure["Strict-Transport-Security"])
            page = self.client.get("/swagger/")
        self.assertEqual((page.status_code, page["Location"][:8]), (301, "https://"))

    def test_plain_http_below_a_path_prefix_is_treated_alike(self):
        with override_settings(**self.REDIRECT):
            for path in ("/api/movies/", "/api/movies", "/api"):
                response = self.client.get(path, SCRIPT_NAME="/cinema")
                self.assertEqual((response.status_code, response.json()["code"]), HTTPS_REQUIRED)
            for path in ("/swagger/", "/apiary/", "/admin/login/", "/"):
                response = self.client.get(path, SCRIPT_NAME="/cinema")
                self.assertRedirects(
                    response,
                    f"https://testserver/cinema{path}",
                    status_code=301,
                    fetch_redirect_response=False,
                )


class CorsTests(ApiTestCase):
    def preflight(self, path="/api/my-bookings/"):
        return self.client.options(
            path,
            headers={
                "origin": OTHER_ORIGIN,
                "access-control-request-method": "POST",
                "access-control-request-headers": "authorization, idempotency-key",
            },
        )

    def test_unknown_origin_gets_no_cors_headers(self):
        for response in (
            self.client.get("/api/movies/", headers={"origin": OTHER_ORIGIN}),
            self.preflight(),
        ):
            self.assertNotIn("Access-Control-Allow-Origin", response)

    def test_allowed_origin_gets_cors_headers(self):
        with self.settings(CORS_ALLOWED_ORIGINS=[OTHER_ORIGIN]):
            response = self.client.get("/api/movies/", headers={"origin": OTHER_ORIGIN})
            self.assertEqual(response["Access-Control-Allow-Origin"], OTHER_ORIGIN)
            self.assertEqual(
                response["Access-Control-Expose-Headers"],
                "ETag, Idempotency-Replayed, Link, Retry-After, X-Request-ID",
            )
            self.assertNotIn("Access-Control-Allow-Credentials", response)
            before = self.preflight()
            self.assertEqual(before.status_code, 200)
            allowed = before["Access-Control-Allow-Headers"]
            for name in ("authorization", "idempotency-key", "if-none-match", "x-request-id"):
                self.assertIn(name, allowed)
            other = self.client.get("/api/movies/", headers={"origin": "https://evil.example"})
            self.assertNotIn("Access-Control-Allow-Origin", other)
            for path in ("/admin/login/", "/apiary/", "/swagger/"):
                page = self.client.get(path, headers={"origin": OTHER_ORIGIN})
                self.assertNotIn("Access-Control-Allow-Origin", page)

    def test_api_root_without_slash_has_cors_headers(self):
        with self.settings(CORS_ALLOWED_ORIGINS=[OTHER_ORIGIN]):
            for path in ("/api", "/api/"):
                response = self.client.get(path, headers={"origin": OTHER_ORIGIN})
                self.assertEqual(response["Access-Control-Allow-Origin"], OTHER_ORIGIN)
                allowed = self.preflight(path)["Access-Control-Allow-Origin"]
                self.assertEqual(allowed, OTHER_ORIGIN)
            below = self.client.get("/api", headers={"origin": OTHER_ORIGIN}, SCRIPT_NAME="/cinema")
            self.assertEqual(below["Access-Control-Allow-Origin"], OTHER_ORIGIN)

    def test_local_pages_may_call_the_api_in_development_only(self):
        local = (
            *("http://localhost:3000", "http://localhost", "http://127.0.0.1:5173"),
            "http://[::1]:8080",
        )
        for mode, expected in ((DEVELOPMENT, True), (PRODUCTION, False)):
            for origin in local:
                with self.subTest(origin, expected=expected), self.settings(**mode):
                    response = self.client.get("/api/movies/", headers={"origin": origin})
                    allowed = response.get("Access-Control-Allow-Origin")
                    self.assertEqual(allowed, origin if expected else None)

    def test_other_pages_may_not_call_the_api_in_development(self):
        for origin in (
            *("http://localhost.evil.example", "http://evil.example:3000", "null"),
            *("http://localhost:3000.evil.example", "http://127.0.0.1.evil.example:80"),
            *("http://evil-localhost:3000", "http://localhost@evil.example", "file://localhost"),
            *("http://127.0.0.11:80", "http://127x0.0.1", "http://localhost:"),
        ):
            with self.subTest(origin), self.settings(**DEVELOPMENT):
                response = self.client.get("/api/movies/", headers={"origin": origin})
                self.assertNotIn("Access-Control-Allow-Origin", response)
