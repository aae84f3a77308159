"""Forgotten passwords of staff, with the mail of a real SMTP server."""

import re
from urllib.parse import parse_qs, urlsplit

from django.core.cache import cache
from django.test import Client, TestCase, override_settings

from booking import accounts
from booking.exceptions import ResetTokenNotValid
from booking.mail import send_waiting
from booking.models import Mail, Session
from booking.tests.factories import create_user
from booking.tests.mail.inbox import InboxMixin, text_of
from booking.tokens import open_session

OLD, NEW = "paper-moon-1973", "silver-screen-1927"
EXPIRED = "This link has expired or has been used. Ask for a new one."


@override_settings(
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    STAFF_PASSWORD_RESET_URL="https://kino.example/admin/reset/",
)
class StaffPasswordResetTests(InboxMixin, TestCase):
    def setUp(self):
        super().setUp()
        cache.clear()
        self.stella = create_user("stella", email="stella@example.com", is_staff=True)
        self.alice = create_user("alice", email="alice@example.com")
        for user in (self.stella, self.alice):
            user.set_password(OLD)
            user.save()

    def request(self, email="stella@example.com"):
        return self.client.post("/admin/password_reset/", {"email": email})

    def choose(self, token, new_password=NEW):
        return self.client.post("/admin/reset/", {"token": token, "new_password": new_password})

    def mailed_token(self):
        send_waiting()
        _, _, message = self.inbox.messages[-1]
        [link] = re.findall(r"^http\S+$", text_of(message), re.MULTILINE)
        self.assertTrue(link.startswith("https://kino.example/admin/reset/?token="))
        return parse_qs(urlsplit(link).query)["token"][0]

    def test_login_page_leads_to_a_mail_whose_link_sets_the_password_once(self):
        self.assertContains(self.client.get("/admin/login/"), 'href="/admin/password_reset/"')
        self.assertContains(self.client.get("/admin/password_reset/"), "Email address")
        open_session(user=self.stella)
        logged_in = Client()
        logged_in.force_login(self.stella)
        self.assertRedirects(self.request("STELLA@example.com"), "/admin/password_reset/done/")
        token = self.mailed_token()
        [(_, recipients, message)] = self.inbox.messages
        self.assertEqual(recipients, ["STELLA@example.com"])
        self.assertEqual(message["Subject"], "Reset your staff password")
        self.assertIn("Your username is stella.", text_of(message))
        page = self.client.get("/admin/reset/", {"token": token})
        self.assertContains(page, f'value="{token}"')
        self.assertRedirects(self.choose(token), "/password-reset/done/")
        self.assertEqual(Session.objects.count(), 0)
        self.assertEqual(logged_in.get("/admin/").status_code, 302)
        self.assertTrue(self.client.login(username="stella", password=NEW))
        self.assertContains(self.choose(token), EXPIRED)
        send_waiting()
        self.assertEqual(self.inbox.messages[-1][2]["Subject"], "Your password was changed")

    def test_every_address_gets_the_same_answer_and_only_staff_a_mail(self):
        create_user("gone", email="gone@example.com", is_staff=True, is_active=False)
        for name in ("stella", "alice", "gone", "nobody"):
            with self.settings(THROTTLE_PASSWORD_RESET=""), self.assertNumQueries(1):
                response = self.request(f"{name}@example.com")
            self.assertRedirects(response, "/admin/password_reset/done/")
        send_waiting()
        self.assertEqual([to for _, [to], _ in self.inbox.messages], ["stella@example.com"])

    def test_staff_without_a_usable_password_get_no_link(self):
        self.stella.set_unusable_password()
        self.stella.save()
        self.request()
        send_waiting()
        self.assertEqual(self.inbox.messages, [])

    def test_tokens_of_customers_and_of_staff_are_not_good_for_each_other(self):
        staff, customer = map(accounts.reset_token, (self.stella, self.alice))
        self.assertContains(self.choose(customer), EXPIRED)
        with self.assertRaises(ResetTokenNotValid):
            accounts.reset_password(token=staff, new_password=NEW)
        self.alice.is_staff = True  # promoted since
        self.alice.save()
        self.assertContains(self.choose(customer), EXPIRED)

    def test_bad_input_is_said_on_the_page(self):
        for email in ("", "x", "a@b\u200d.de", "a@example.com\nBcc: b@example.com"):
            self.assertContains(self.request(email), 'class="error"')
        token = accounts.reset_token(self.stella)
        self.assertContains(self.choose(token, "12345678"), "too common")
        self.assertEqual(Mail.objects.count(), 0)

    @override_settings(THROTTLE_PASSWORD_RESET="2/1h")
    def test_requests_are_limited_together_with_those_of_the_api(self):
        api = self.client.post("/api/password-reset/", {"email": "stella@example.com"})
        self.assertEqual(api.status_code, 204)
        self.assertEqual(self.request().status_code, 302)
        self.assertContains(self.request("Stella@example.com"), "Too many attempts.")
        self.assertEqual(Mail.objects.count(), 2)
