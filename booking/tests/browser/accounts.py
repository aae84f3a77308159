"""The pages behind the links of mails, and the second factor of staff, in a real browser."""

import re
from base64 import b32decode
from contextlib import contextmanager

from django.test import override_settings
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from booking import accounts
from booking.models import Profile
from booking.tests.browser.pages import BrowserTestCase
from booking.tests.factories import create_user

PASSWORD = "paper-moon-1973"
# Two clicks before the answer to the first; returns how many the browser sends.
CLICK_TWICE = """(button) => {
    let sent = 0;
    addEventListener("submit", (event) => { sent += !event.defaultPrevented; });
    button.click();
    button.click();
    return sent;
}"""
WIDTHS = {"desktop": (1280, 860), "phone": (320, 640)}


@override_settings(ALLOWED_HOSTS=[BrowserTestCase.allowed_host])
class AccountPagesTests(BrowserTestCase):
    def setUp(self):
        self.stella = create_user(
            "stella", email="stella@example.com", is_staff=True, is_superuser=True
        )
        self.stella.set_password(PASSWORD)
        self.stella.save()
        self.alice = create_user("alice", email="alice@example.com")

    @contextmanager
    def browsing_at(self, width, height):
        with self.browsing(viewport={"width": width, "height": height}) as page:
            yield page
            complaints = [each for each in self.complaints if "404 (Not Found)" not in each]
            self.assertEqual(complaints, [])  # the icon is not found

    def assertFits(self, page, name):
        self.pictured(page, name)
        width = page.evaluate("document.documentElement.scrollWidth")
        self.assertLessEqual(width, page.viewport_size["width"])

    def pictured(self, page, name):
        """Hook for subclasses that save screenshots."""

    def code(self, secret, later=0):
        app = TOTP(secret)
        app.time = app.time + later
        return f"{app.token():06}"

    def log_in(self, page, path="/admin/"):
        page.goto(f"{self.address}{path}")
        page.get_by_label("Username").fill("stella@example.com")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()

    def test_address_is_verified_by_the_button_only(self):
        token = accounts.verification_token(self.alice)
        for name, size in WIDTHS.items():
            with self.browsing_at(*size) as page:
                page.goto(f"{self.address}/verify-email/?token={token}")
                self.assertFits(page, f"verify-{name}")
                if name == "phone":
                    page.get_by_role("button", name="Verify").click()
                    page.get_by_text("Your email address is verified").first.wait_for()
                    self.assertFits(page, f"verified-{name}")
                page.goto(f"{self.address}/verify-email/?token={token}x")
            if name == "desktop":
                self.assertFalse(Profile.objects.exists())
        self.assertTrue(Profile.objects.exists())

    def test_staff_ask_for_a_link_on_the_login_page(self):
        for name, size in WIDTHS.items():
            with self.browsing_at(*size) as page:
                page.goto(f"{self.address}/admin/")
                self.assertFits(page, f"login-{name}")
                page.get_by_text("Forgotten your login credentials?").click()
                page.get_by_label("Email address").fill("stella@example.com")
                self.assertFits(page, f"forgotten-{name}")
                page.get_by_role("button", name="Send the link").click()
                page.get_by_role("heading", name="Look into your mail").wait_for()
                self.assertFits(page, f"forgotten-done-{name}")

    @override_settings(STAFF_TWO_FACTOR="required")
    def test_second_factor_is_set_up_and_asked_for(self):
        for name, size in WIDTHS.items():
            TOTPDevice.objects.all().delete()
            with self.browsing_at(*size) as page:
                self.log_in(page)
                page.get_by_role("heading", name="Set up your second factor").wait_for()
                self.assertFits(page, f"setup-{name}")
                page.get_by_text("The camera does not work?").click()
                self.assertFits(page, f"setup-open-{name}")
                secret = b32decode(page.locator("code").inner_text().replace(" ", ""))
                page.get_by_label("Code of your app").fill(self.code(secret))
                button = page.get_by_role("button", name="Set up")
                self.assertEqual(button.evaluate(CLICK_TWICE), 1)
                page.get_by_role("heading", name="Keep your recovery codes").wait_for()
                self.assertFits(page, f"codes-{name}")
                recovery = page.locator(".codes code").first.inner_text()
                page.get_by_text("I have kept them").click()
                page.get_by_text("Second factor").first.wait_for()
                self.assertFits(page, f"admin-{name}")
            with self.browsing_at(*size) as page:
                self.log_in(page, "/admin/booking/movie/")
                page.get_by_role("heading", name="Enter your code").wait_for()
                page.get_by_label("Code of your app").fill("zzzz")
                page.keyboard.press("Enter")
                page.get_by_text("This code is wrong, or was used before.").wait_for()
                self.assertFits(page, f"code-{name}")
                page.get_by_label("Code of your app").fill(self.code(secret, later=30))
                page.keyboard.press("Enter")
                page.get_by_text("Select movie to change").wait_for()
            self.assertRegex(recovery, re.compile("^[a-z2-7]{8}$"))
