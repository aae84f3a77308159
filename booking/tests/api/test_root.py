from booking.tests.factories import ApiTestCase


class RootTests(ApiTestCase):
    def test_root_redirects_to_swagger_ui(self):
        response = self.client.get("/")
        self.assertEqual((response.status_code, response["Location"]), (302, "/swagger/"))

    def test_api_root_lists_links(self):
        links = {
            "signup": "/api/signup/",
            "login": "/api/login/",
            "token_refresh": "/api/token/refresh/",
            "logout": "/api/logout/",
            "me": "/api/me/",
            "my_sessions": "/api/me/sessions/",
            "movies": "/api/movies/",
            "shows": "/api/shows/",
            "my_bookings": "/api/my-bookings/",
            "my_reservations": "/api/my-reservations/",
            "documentation": "/swagger/",
            "time_zone": "UTC",
        }
        self.assertResponse(self.client.get("/api/"), 200, links)
