"""The application below a path prefix, which the server passes as SCRIPT_NAME.

With FORCE_SCRIPT_NAME, and with real servers and proxies: booking/tests/proxies.
"""

import re
from contextlib import closing

from django.contrib.auth.models import User
from django.test import Client
from django.urls import set_script_prefix

from booking.tests.factories import ApiTestCase, create_show
from booking.tests.openapi_document import document

PREFIX = "/cinema"


class PathPrefixTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.stella = User.objects.create_superuser("stella", password="silver-screen-1927")

    def setUp(self):
        super().setUp()
        document()  # the one that responses are checked against, without the prefix
        set_script_prefix(f"{PREFIX}/")  # Django's server handlers do it, the test client does not
        self.addCleanup(set_script_prefix, "/")
        self.browser = Client(SCRIPT_NAME=PREFIX)

    def test_links_begin_with_the_prefix(self):
        links = self.browser.get("/api").json()
        del links["time_zone"]
        self.assertEqual(links["movies"], "/cinema/api/movies/")
        self.assertEqual({link[:8] for link in links.values()}, {"/cinema/"})
        create_show(), create_show()
        for path in ("/api/shows/?page_size=1", "/api/shows?page_size=1"):
            link = self.browser.get(path)["Link"]
            self.assertRegex(link, r'\A</cinema/api/shows/\?.*cursor=[^>]+>; rel="next"\Z')

    def test_redirects_begin_with_the_prefix(self):
        for path, status, target in (
            ("/", 302, "/cinema/swagger/"),
            ("/redoc", 301, "/cinema/redoc/"),
            ("/admin/", 302, "/cinema/admin/login/?next=/cinema/admin/"),
            ("/swagger/staff/", 302, "/cinema/admin/login/?next=/cinema/swagger/staff/"),
        ):
            response = self.browser.get(path)
            self.assertEqual((response.status_code, response["Location"]), (status, target))

    def test_static_files_of_pages_are_found_below_the_prefix(self):
        for page in ("/swagger/", "/redoc/", "/admin/login/"):
            html = self.browser.get(page, headers={"accept": "text/html"}).content.decode()
            files = re.findall(r'(?:src|href)="([^"]+\.(?:css|js|png))"', html)
            self.assertGreater(len(files), 1, page)
            for file in files:
                with self.subTest(page, file=file):
                    self.assertTrue(file.startswith("/cinema/static/"))
                    with closing(self.browser.get(file.removeprefix(PREFIX))) as found:
                        self.assertEqual(found.status_code, 200)

    def test_swagger_ui_loads_the_document_below_the_prefix(self):
        for page in ("/swagger/", "/redoc/"):
            html = self.browser.get(page, headers={"accept": "text/html"}).content
            self.assertIn(b'"/cinema/swagger.json"', html)
        self.assertEqual(self.browser.get("/swagger.json").json()["basePath"], "/cinema")

    def test_document_of_one_prefix_is_not_served_below_another(self):
        self.browser.get("/swagger.json")
        set_script_prefix("/")
        self.assertEqual(self.client.get("/swagger.json").json()["basePath"], "/")

    def test_staff_request_is_logged(self):
        self.browser.force_login(self.stella)
        show = create_show()
        with self.assertLogs("booking.security", "INFO") as logged:
            self.browser.post(f"/admin/booking/show/{show.pk}/delete/", {"post": "yes"})
        path = f"/cinema/admin/booking/show/{show.pk}/delete/"
        self.assertEqual(
            logged.records[0].getMessage(),
            f"event=staff_request user={self.stella.pk} method=POST path={path} status=302",
        )

    def test_cookies_are_limited_to_the_prefix(self):
        """Other applications of the host do not get them."""
        page = self.browser.get("/admin/login/")
        form = {"username": "stella", "password": "silver-screen-1927"}
        login = self.browser.post("/admin/login/", form)
        show = create_show()
        deleted = self.browser.post(f"/admin/booking/show/{show.pk}/delete/", {"post": "yes"})
        self.assertEqual(deleted.status_code, 302)
        cookies = [*page.cookies.values(), *login.cookies.values(), *deleted.cookies.values()]
        self.assertEqual({each.key for each in cookies}, {"csrftoken", "sessionid"})
        self.assertEqual({str(each["path"]) for each in cookies}, {"/cinema/"})
        self.assertIn("Path=/cinema/;", login.cookies["sessionid"].OutputString())

    def test_retry_below_another_prefix_is_the_same_request(self):
        path = f"/api/shows/{create_show().pk}/book/"
        headers = {"idempotency-key": "k"}
        first = self.alice_client.post(path, {"seat_number": 5}, headers=headers)
        again = self.alice_client.post(
            path, {"seat_number": 5}, headers=headers, SCRIPT_NAME=PREFIX
        )
        self.assertEqual((first.status_code, again.status_code), (201, 201))
        self.assertEqual(again["Idempotency-Replayed"], "true")
