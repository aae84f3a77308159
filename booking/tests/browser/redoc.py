from booking.tests.browser.pages import BrowserTestCase, operations

LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"


class ReDocTests(BrowserTestCase):
    def test_redoc_shows_every_operation_and_loads_nothing_else(self):
        """Its logo, the only foreign URL, is blocked by the Content-Security-Policy."""
        schema = self.client.get("/swagger.json").json()
        with self.browsing() as page:
            page.goto(f"{self.address}/redoc/")
            page.locator("h2").first.wait_for()
            shown = {each.strip() for each in page.locator("h2").all_inner_texts()}
        self.assertEqual({each["summary"] for each in operations(schema)} - shown, set())
        self.assertNothingForeignLoaded(but={LOGO: "csp"})
        self.assertEqual([each for each in self.complaints if LOGO not in each], [])
