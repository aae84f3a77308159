"""The application below a path prefix, with both ways of docs/operations.md."""

import json
import re

from .every_proxy import ProxyTestCase
from .system import HOST, PASSWORD, Granian, Nginx


class PathPrefixTests:
    """Mixin of tests, for a ProxyTestCase that serves the application below /cinema/."""

    def test_api_is_served_with_and_without_trailing_slash(self):
        for path in ("/cinema/api", "/cinema/api/"):
            links = json.loads(self.client.get(path).content)
            self.assertEqual(links["movies"], "/cinema/api/movies/")
        first = self.client.get("/cinema/api/shows?page_size=1")
        following = re.match(r"</cinema(/api/shows/\?.+)>;", first.headers["Link"])[1]
        second = json.loads(self.client.get(f"/cinema{following}").content)
        self.assertEqual([each["id"] for each in second], [2])
        tokens = self.log_in_below_the_prefix()
        headers = {"Authorization": f"Bearer {tokens['access']}"}
        booked = self.client.post("/cinema/api/shows/1/book", {"seat_number": 5}, headers)
        self.assertEqual(booked.status, 201)

    def log_in_below_the_prefix(self):
        body = {"username": "stella", "password": PASSWORD}
        return json.loads(self.client.post("/cinema/api/login/", body).content)

    def test_redirects_stay_below_the_prefix(self):
        login = "/cinema/admin/login/?next=/cinema/admin/"
        for path, status, target in (
            ("/cinema/", 302, "/cinema/swagger/"),
            ("/cinema/redoc", 301, "/cinema/redoc/"),
            ("/cinema/admin/", 302, login),
        ):
            response = self.client.get(path)
            self.assertEqual((response.status, response.headers["Location"]), (status, target))

    def test_plain_http_is_refused_by_the_api_and_redirected_elsewhere(self):
        for path in ("/cinema/api/movies/", "/cinema/api"):
            api = self.client.get(path, tls=False)
            self.assertEqual((api.status, json.loads(api.content)["code"]), (403, "https_required"))
        page = self.client.get("/cinema/swagger/", tls=False)
        target = f"https://{HOST}/cinema/swagger/"
        self.assertEqual((page.status, page.headers["Location"]), (301, target))

    def test_pages_find_their_files_and_document(self):
        for page in ("/cinema/swagger/", "/cinema/redoc/", "/cinema/admin/login/"):
            html = self.client.get(page, {"Accept": "text/html"}).content.decode()
            files = re.findall(r'(?:src|href)="([^"]+\.(?:css|js))"', html)
            self.assertGreater(len(files), 1)
            for file in files:
                with self.subTest(page, file=file):
                    self.assertTrue(file.startswith("/cinema/static/"))
                    self.assertEqual(self.client.get(file).status, 200)
            if "admin" not in page:
                self.assertIn('"/cinema/swagger.json"', html)
        document = json.loads(self.client.get("/cinema/swagger.json").content)
        self.assertEqual(document["basePath"], "/cinema")

    def test_staff_log_in_with_cookies_of_the_prefix(self):
        address = "/cinema/admin/login/?next=/cinema/admin/"
        page = self.client.get(address)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())[1]
        form = f"username=stella&password={PASSWORD}&csrfmiddlewaretoken={token}"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": page.headers["Set-Cookie"].partition(";")[0],
            "Referer": f"https://{HOST}{address}",
        }
        done = self.client.post(address, form.encode(), headers)
        self.assertEqual((done.status, done.headers["Location"]), (302, "/cinema/admin/"))
        cookies = page.headers.get_all("Set-Cookie") + done.headers.get_all("Set-Cookie")
        for cookie in cookies:
            self.assertIn("Path=/cinema/;", f"{cookie};")
        self.assertTrue(any(each.startswith("sessionid=") for each in cookies))
        log = self.granian.log.read_text(encoding="utf-8", errors="replace")
        self.assertIn("method=POST path=/cinema/admin/login/ status=302", log)


class RemovedByServerTests(PathPrefixTests, ProxyTestCase):
    """The proxy leaves the path as it is: deploy/nginx.conf, unchanged."""

    programs = ("nginx",)

    @classmethod
    def start(cls, stack):
        cls.granian = stack.enter_context(Granian("--url-path-prefix", "/cinema"))
        return stack.enter_context(Nginx(cls.granian))


class RemovedByProxyTests(PathPrefixTests, ProxyTestCase):
    programs = ("nginx",)

    @classmethod
    def start(cls, stack):
        cls.granian = stack.enter_context(Granian(FORCE_SCRIPT_NAME="/cinema"))
        changes = {
            "location / {": "location /cinema/ {",
            "proxy_pass http://cinema;": "proxy_pass http://cinema/;",
        }
        return stack.enter_context(Nginx(cls.granian, changes))
