from django.contrib.auth.models import User
from django.test import Client

from booking.tests.factories import ApiTestCase


class PageMiddlewareTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.browser = Client()
        self.browser.force_login(User.objects.create_superuser("stella"))

    def test_page_request_has_session_user_and_messages(self):
        request = self.browser.get("/admin/").wsgi_request
        self.assertEqual(request.user.username, "stella")
        self.assertTrue(hasattr(request, "session"))
        self.assertTrue(hasattr(request, "_messages"))

    def test_page_without_trailing_slash_is_redirected(self):
        self.assertRedirects(self.browser.get("/redoc"), "/redoc/", status_code=301)

    def test_api_request_ignores_the_session_cookie(self):
        with self.assertNumQueries(0):
            response = self.browser.get("/api/my-bookings/")
        self.assertEqual(response.status_code, 401)
        self.assertFalse(hasattr(response.wsgi_request, "session"))
        self.assertFalse(hasattr(response.wsgi_request, "_messages"))

    def test_api_request_is_not_redirected(self):
        self.assertEqual(self.browser.get("/api/movies").status_code, 200)

    async def test_asgi_requests_pass_the_same_middleware(self):
        page = await self.async_client.get("/admin/login/")
        self.assertEqual(page.status_code, 200)
        self.assertTrue(hasattr(page.asgi_request, "session"))
        response = await self.async_client.get("/api/my-bookings/")
        self.assertEqual(response.status_code, 401)
        self.assertFalse(hasattr(response.asgi_request, "session"))
