from booking.tests.factories import ApiTestCase


class RootTests(ApiTestCase):
    def test_the_front_door_leads_to_the_documentation(self):
        response = self.client.get("/")
        self.assertEqual((response.status_code, response["Location"]), (302, "/swagger/"))

    def test_the_api_lists_its_addresses(self):
        links = {
            "signup": "http://testserver/api/signup/",
            "login": "http://testserver/api/login/",
            "token_refresh": "http://testserver/api/token/refresh/",
            "logout": "http://testserver/api/logout/",
            "me": "http://testserver/api/me/",
            "movies": "http://testserver/api/movies/",
            "shows": "http://testserver/api/shows/",
            "my_bookings": "http://testserver/api/my-bookings/",
            "documentation": "http://testserver/swagger/",
        }
        self.assertResponse(self.client.get("/api/"), 200, links)
