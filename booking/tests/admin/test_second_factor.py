"""The second factor of staff, with codes made from the secret that the page shows."""

import html
import re
from base64 import b32decode
from types import SimpleNamespace
from unittest import mock

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.test import Client, TestCase, override_settings
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from booking import accounts
from booking.roles import BOX_OFFICE, DOOR, MANAGER
from booking.tests.factories import create_show, create_user
from booking.tests.security.test_access import ADMIN, routes

NOON = 1_800_000_000  # begin of a step of 30 seconds
PASSWORD = "paper-moon-1973"
LOGIN = "/admin/login/"
CODE, SETUP = "/admin/second-factor/", "/admin/second-factor/setup/"
WRONG = "This code is wrong, or was used before."
MD5 = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@override_settings(STAFF_TWO_FACTOR="required", PASSWORD_HASHERS=MD5)
class SecondFactorCase(TestCase):
    def setUp(self):
        self.stella = self.create_staff("stella", MANAGER)
        self.browser = self.log_in("stella")
        self.go_to(NOON)

    def create_staff(self, name, role=None, **more):
        user = create_user(name, is_staff=True, **more)
        user.set_password(PASSWORD)
        user.save()
        if role:
            user.groups.add(Group.objects.get(name=role))
        return user

    def log_in(self, name):
        browser = Client()
        form = {"username": name, "password": PASSWORD, "next": "/admin/"}
        self.assertEqual(browser.post("/admin/login/", form).status_code, 302)
        return browser

    def go_to(self, seconds):
        """Set the clock of the codes."""
        time = SimpleNamespace(time=lambda: seconds)
        clock = mock.patch("django_otp.plugins.otp_totp.models.time", time)
        clock.start()
        self.addCleanup(clock.stop)
        self.now = seconds

    def code(self, secret, later=0):
        app = TOTP(secret)
        app.time = self.now + later
        return f"{app.token():06}"

    def set_up(self, browser):
        """The secret and the recovery codes."""
        page = browser.get(SETUP).content.decode()
        secret = b32decode(re.search(r"<code>(.+?)</code>", page)[1].replace(" ", ""))
        page = browser.post(SETUP, {"code": self.code(secret)}).content.decode()
        codes = re.findall(r"<li><code>(\w+)</code>", page)
        self.assertEqual(len(codes), 10, page)
        return secret, codes

    def enter(self, browser, code, **more):
        return browser.post(CODE, {"code": code, **more})

    def assertRefused(self, browser, page="/admin/"):
        response = browser.get(page)
        self.assertEqual((response.status_code, response["Location"].split("?")[0]), (302, LOGIN))

    def assertOpen(self, browser, page="/admin/"):
        self.assertEqual(browser.get(page).status_code, 200)


class EnrolmentTests(SecondFactorCase):
    def test_staff_without_one_are_led_to_the_setup_and_get_in_after_it(self):
        self.assertRefused(self.browser)
        response = self.browser.get("/admin/?q=1", follow=True)
        self.assertEqual(response.request["PATH_INFO"], SETUP)
        self.assertContains(response, "data:image/svg+xml")
        self.assertIn("no-store", response["Cache-Control"])
        self.set_up(self.browser)
        self.assertOpen(self.browser)
        self.assertContains(self.browser.get("/admin/"), f'href="{SETUP}"')
        self.assertEqual(LogEntry.objects.get().change_message, "Set up a second factor.")

    def test_picture_and_link_are_of_the_secret_with_the_name_of_the_cinema(self):
        page = self.browser.get(SETUP)
        url = TOTPDevice.objects.get().config_url
        self.assertContains(page, f'<a href="{html.escape(url)}">')
        self.assertRegex(url, r"^otpauth://totp/Movie%20booking%3Astella\?secret=[A-Z2-7]{32}&")

    def test_wrong_code_enrols_nobody_and_keeps_the_secret(self):
        page = self.browser.get(SETUP).content.decode()
        secret = re.search(r"<code>(.+?)</code>", page)[1]
        for code in ("", "123", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", "1" * 41):
            page = self.browser.post(SETUP, {"code": code})
            self.assertContains(page, html.escape(secret))
            self.assertContains(page, 'class="error"')
        self.assertRefused(self.browser)
        self.assertFalse(TOTPDevice.objects.filter(confirmed=True).exists())

    def test_password_alone_replaces_no_phone(self):
        self.set_up(self.browser)
        thief = self.log_in("stella")
        self.assertRedirects(thief.get(SETUP), CODE)
        self.assertRedirects(thief.post(SETUP, {"code": "123456"}), CODE)
        self.assertRedirects(thief.post(SETUP, {"turn_off": "yes"}), CODE)
        self.assertEqual(TOTPDevice.objects.filter(confirmed=True).count(), 1)

    def test_another_phone_replaces_the_first_and_its_recovery_codes(self):
        first, codes = self.set_up(self.browser)
        self.go_to(NOON + 60)
        second, _ = self.set_up(self.browser)
        self.go_to(NOON + 120)
        browser = self.log_in("stella")
        self.assertContains(self.enter(browser, self.code(first)), WRONG)
        self.assertContains(self.enter(browser, codes[0]), WRONG)
        self.forget_pauses()
        self.assertRedirects(self.enter(browser, self.code(second)), "/admin/")

    def forget_pauses(self):
        for model in (TOTPDevice, StaticDevice):
            model.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)


class CodeTests(SecondFactorCase):
    def setUp(self):
        super().setUp()
        self.secret, self.codes = self.set_up(self.browser)
        self.go_to(NOON + 300)
        self.browser = self.log_in("stella")

    def test_login_asks_for_a_code_and_leads_to_the_page_that_was_wanted(self):
        wanted = "/admin/booking/movie/?q=a"
        self.assertRefused(self.browser, wanted)
        response = self.browser.get(wanted, follow=True)
        self.assertEqual(response.request["PATH_INFO"], CODE)
        self.assertContains(response, f'value="{wanted}"')
        key = self.browser.session.session_key
        spaced = f"{self.code(self.secret)[:3]} {self.code(self.secret)[3:]}"
        self.assertRedirects(self.enter(self.browser, spaced, next=wanted), wanted)
        self.assertNotEqual(self.browser.session.session_key, key)
        self.assertRedirects(self.browser.get(CODE), "/admin/")

    def test_code_leads_to_no_other_site(self):
        code = self.code(self.secret)
        response = self.enter(self.browser, code, next="https://evil.example/")
        self.assertRedirects(response, "/admin/")

    def test_every_page_is_refused_without_a_code(self):
        show = create_show()
        of_staff = ("admin/", "swagger/staff", "openapi/")
        pages = [each for each in routes() if each.startswith(of_staff)]
        self.assertGreater(len(pages), len(ADMIN) - 10)
        open_pages = ("admin/login/", "admin/password_reset/", "admin/reset/", CODE[1:])
        for route in pages:
            if route.startswith(open_pages):
                continue
            page = re.sub(r"<[^>]+>", str(show.pk), route).replace("(?P<url>.*)$", "nothing/")
            page = page.replace("^(?P<app_label>booking|auth)/$", "booking/")
            for method in (self.browser.get, self.browser.post):
                with self.subTest(page):
                    response = method(f"/{page}")
                    self.assertEqual(response.status_code, 302)
                    away = (LOGIN, "/admin/") if page == "admin/logout/" else (LOGIN,)
                    self.assertIn(response["Location"].split("?")[0], away)

    def test_code_is_taken_once(self):
        code = self.code(self.secret)
        self.assertRedirects(self.enter(self.browser, code), "/admin/")
        other = self.log_in("stella")
        self.assertContains(self.enter(other, code), WRONG)
        self.assertRefused(other)

    def test_recovery_code_is_taken_once(self):
        typed = f" {self.codes[0].upper()[:4]}-{self.codes[0][4:]} "
        self.assertRedirects(self.enter(self.browser, typed), "/admin/")
        self.assertEqual(StaticToken.objects.count(), 9)
        other = self.log_in("stella")
        self.assertContains(self.enter(other, self.codes[0]), WRONG)
        self.assertRefused(other)

    def test_guesses_are_slowed_down_more_and_more(self):
        for count in range(1, 4):
            TOTPDevice.objects.update(throttling_failure_timestamp=None)
            self.assertContains(self.enter(self.browser, "000000"), f"{WRONG} Please try again in")
            self.assertEqual(TOTPDevice.objects.get().throttling_failure_count, count)
        right = self.code(self.secret)  # not checked during the pause
        self.assertContains(self.enter(self.browser, right), WRONG)
        self.assertRefused(self.browser)

    def test_code_of_another_member_of_staff_is_wrong(self):
        self.create_staff("bob", DOOR)
        other, codes = self.set_up(self.log_in("bob"))
        for code in (self.code(other, 30), codes[0]):
            self.assertContains(self.enter(self.browser, code), WRONG)

    def test_log_out_works_without_a_code(self):
        self.assertRedirects(self.browser.post(CODE, {"log_out": "yes"}), LOGIN)
        self.assertNotIn("_auth_user_id", self.browser.session)

    def test_superuser_resets_the_second_factor_of_others(self):
        boss = self.log_in(self.create_staff("boss", is_superuser=True).username)
        self.set_up(boss)
        self.assertRedirects(self.enter(self.browser, self.code(self.secret)), "/admin/")
        action = {"action": "reset_second_factor", "_selected_action": [self.stella.pk]}
        self.browser.post("/admin/auth/user/", action)  # no superuser
        self.assertTrue(TOTPDevice.objects.filter(user=self.stella).exists())
        with self.assertLogs("booking.security", "INFO") as logs:
            boss.post("/admin/auth/user/", action)
        self.assertIn(f"event=second_factor_off user={self.stella.pk} by=", logs.output[0])
        self.assertFalse(TOTPDevice.objects.filter(user=self.stella).exists())
        self.assertFalse(StaticDevice.objects.filter(user=self.stella).exists())
        self.assertRefused(self.browser)

    def test_erased_account_takes_its_secret_along(self):
        accounts.erase(user=self.stella, password=PASSWORD)
        self.assertFalse(TOTPDevice.objects.exists() or StaticDevice.objects.exists())

    def test_codes_are_in_no_log(self):
        with self.assertLogs("booking.security", "INFO") as logs:
            for code in (self.code(self.secret), self.codes[0]):
                self.enter(self.log_in("stella"), code)
        self.assertNotIn(self.codes[0], str(logs.output))
        self.assertNotIn(self.code(self.secret), str(logs.output))
        passed = f"event=second_factor_passed user={self.stella.pk}"
        self.assertEqual(str(logs.output).count(passed), 2)


class SettingTests(SecondFactorCase):
    @override_settings(STAFF_TWO_FACTOR="off")
    def test_off_asks_nobody_and_has_no_page(self):
        self.assertOpen(self.browser)
        for page in (CODE, SETUP):
            self.assertEqual(self.browser.get(page)["Location"], LOGIN)
        self.assertNotContains(self.browser.get("/admin/"), "Second factor")

    @override_settings(STAFF_TWO_FACTOR="optional")
    def test_optional_asks_those_who_have_set_it_up(self):
        self.assertOpen(self.browser)
        self.set_up(self.browser)
        other = self.log_in("stella")
        self.assertRefused(other)
        self.assertRedirects(self.browser.post(SETUP, {"turn_off": "yes"}), "/admin/")
        self.assertOpen(other)

    @override_settings(STAFF_TWO_FACTOR="Manager,Box office")
    def test_roles_ask_those_who_have_one_and_superusers(self):
        for name, role, more, refused in [
            ("d", DOOR, {}, False),
            ("b", BOX_OFFICE, {}, True),
            ("s", None, {"is_superuser": True}, True),
        ]:
            self.create_staff(name, role, **more)
            browser = self.log_in(name)
            (self.assertRefused if refused else self.assertOpen)(browser)
        self.set_up(browser)
        browser.post(SETUP, {"turn_off": "yes"})  # required: it stays
        self.assertTrue(TOTPDevice.objects.filter(user__username="s", confirmed=True).exists())

    def test_customers_have_no_second_factor(self):
        alice = create_user("alice")
        browser = Client()
        browser.force_login(alice)
        for page in (CODE, SETUP):
            self.assertEqual(browser.get(page)["Location"], LOGIN)
            self.assertEqual(Client().get(page)["Location"], LOGIN)
        self.assertFalse(TOTPDevice.objects.exists())
