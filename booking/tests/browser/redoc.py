from booking.tests.browser.pages import BrowserTestCase, operations

LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"


class ReDocTests(BrowserTestCase):
    def test_it_shows_every_operation_and_its_logo_is_refused(self):
        """The logo is the only thing that it asks others for, and the policy lets nothing out."""
        schema = self.client.get("/swagger.json").json()
        with self.browsing() as page:
            page.goto(f"{self.address}/redoc/")
            page.locator("h2").first.wait_for()
            shown = {each.strip() for each in page.locator("h2").all_inner_texts()}
        self.assertEqual({each["summary"] for each in operations(schema)} - shown, set())
        self.assertStaysAtHome(but={LOGO: "csp"})
        self.assertEqual([each for each in self.complaints if LOGO not in each], [])
