from booking.tests.factories import ApiTestCase


class RootTests(ApiTestCase):
    def test_root_redirects_to_swagger_ui(self):
        response = self.client.get("/")
        self.assertEqual((response.status_code, response["Location"]), (302, "/swagger/"))

    def test_api_root_lists_links(self):
        links = {
            "signup": "http://testserver/api/signup/",
            "login": "http://testserver/api/login/",
            "token_refresh": "http://testserver/api/token/refresh/",
            "logout": "http://testserver/api/logout/",
            "me": "http://testserver/api/me/",
            "my_sessions": "http://testserver/api/me/sessions/",
            "movies": "http://testserver/api/movies/",
            "shows": "http://testserver/api/shows/",
            "my_bookings": "http://testserver/api/my-bookings/",
            "my_reservations": "http://testserver/api/my-reservations/",
            "documentation": "http://testserver/swagger/",
            "time_zone": "UTC",
        }
        self.assertResponse(self.client.get("/api/"), 200, links)
