"""POST /api/verify-email/ and /api/verify-email/resend/, with the mails of a real SMTP server."""

import re
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from django.core.cache import cache
from django.core.signing import b62_decode
from django.test import override_settings

from booking import accounts
from booking.mail import Sent, send_waiting
from booking.models import Mail, Profile
from booking.tests.factories import ApiTestCase, api_client
from booking.tests.mail.inbox import InboxMixin, text_of
from booking.text import is_same_address

PASSWORD, NEW = "paper-moon-1973", "silver-screen-1927"
NOT_VALID = {
    "detail": "This link is no longer valid. Ask for a new one.",
    "code": "verification_token_not_valid",
}
DAY = 24 * 60 * 60


@override_settings(
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    EMAIL_VERIFICATION_URL="https://kino.example/verify?a=b",
)
class VerifyEmailTests(InboxMixin, ApiTestCase):
    def setUp(self):
        super().setUp()
        cache.clear()
        self.alice.set_password(PASSWORD)
        self.alice.save()
        self.alice_client = api_client(self.alice)

    def verify(self, token):
        return self.client.post("/api/verify-email/", {"token": token})

    def resend(self):
        return self.alice_client.post("/api/verify-email/resend/")

    def is_verified(self):
        return self.alice_client.get("/api/me/").json()["email_verified"]

    def change(self, email):
        body = {"email": email, "password": PASSWORD}
        response = self.alice_client.patch("/api/me/", body)
        self.assertEqual(response.status_code, 200, response.content)
        self.alice.refresh_from_db()

    def mailed_token(self):
        send_waiting()
        _, _, message = self.inbox.messages[-1]
        [link] = re.findall(r"^http\S+$", text_of(message), re.MULTILINE)
        return parse_qs(urlsplit(link).query)["token"][0]

    def test_sign_up_mails_a_link_that_verifies_the_address(self):
        body = {"username": "carol", "password": PASSWORD, "email": "carol@example.com"}
        self.assertEqual(self.client.post("/api/signup/", body).status_code, 201)
        token = self.mailed_token()
        [(_, recipients, message)] = self.inbox.messages
        self.assertEqual(recipients, ["carol@example.com"])
        self.assertEqual(message["Subject"], "Verify your email address")
        link = f"https://kino.example/verify?a=b&token={token}"
        self.assertEqual(
            text_of(message),
            "Verify your email address\n\n"
            "This is the email address of the account carol. If the account is yours,\n"
            f"please verify the address here:\n{link}\n\n"
            "The link works for three days. If the account is not yours, do nothing.\n\n"
            "-- \nKino Babylon\nPlatz 1, Berlin\n\n",
        )
        self.assertIn(link.replace("&", "&amp;"), message.get_body(["html"]).get_content())
        for _ in range(2):  # the second time is fine
            response = self.verify(token)
            self.assertEqual((response.status_code, response.content), (204, b""))
        profile = Profile.objects.get(user__username="carol")
        self.assertEqual(profile.verified_email, "carol@example.com")

    def test_sign_up_without_an_address_or_in_vain_mails_nothing(self):
        for name, more in [("carol", {}), ("alice", {"email": "a@example.com"})]:
            body = {"username": name, "password": PASSWORD}
            self.client.post("/api/signup/", body | more)
        self.assertEqual(Mail.objects.count(), 0)

    def test_changed_address_is_verified_by_its_own_link(self):
        self.change("new@example.com")
        self.assertFalse(self.is_verified())
        token = self.mailed_token()
        sent = [(message["Subject"], to) for _, [to], message in self.inbox.messages]
        self.assertEqual(
            sent,
            [
                ("Your email address was changed", "alice@example.com"),
                ("Verify your email address", "new@example.com"),
            ],
        )
        self.assertEqual(self.verify(token).status_code, 204)
        self.assertTrue(self.is_verified())
        self.change("other@example.com")
        self.assertFalse(self.is_verified())
        self.assertResponse(self.verify(token), 400, NOT_VALID)

    def test_link_of_an_address_that_was_changed_again_is_not_mailed(self):
        self.change("first@example.com")
        self.change("second@example.com")
        send_waiting()
        links = [to for _, [to], each in self.inbox.messages if "Verify" in each["Subject"]]
        self.assertEqual(links, ["second@example.com"])

    def test_link_works_for_three_days(self):
        token = accounts.verification_token(self.alice)
        made = b62_decode(token.split(".")[1])
        for age, status in [(3 * DAY + 1, 400), (3 * DAY - 1, 204)]:
            with mock.patch("django.core.signing.time.time", return_value=made + age):
                self.assertEqual(self.verify(token).status_code, status)

    def test_cut_forged_and_foreign_tokens_are_refused(self):
        self.bob.email = "bob@example.com"
        self.bob.save()
        token, foreign = map(accounts.verification_token, (self.alice, self.bob))
        number, time, signature = token.split(".")
        for wrong in (
            *(token[:-1], number, ".", f"{number}.{time}.", f"{number}.{time}x.{signature}"),
            *(f"{number}.{foreign.split('.', 1)[1]}", f"zzzzzzzzzzzzz.{time}.{signature}"),
            *(f"-1.{time}.{signature}", f"{'z' * 150}.x.y", "\u0661.x.y"),
        ):
            with self.subTest(wrong):
                self.assertResponse(self.verify(wrong), 400, NOT_VALID)
        self.assertFalse(Profile.objects.exists())

    def test_inactive_and_erased_accounts_cannot_be_verified(self):
        token = accounts.verification_token(self.alice)
        self.alice.is_active = False
        self.alice.save()
        self.assertResponse(self.verify(token), 400, NOT_VALID)
        self.alice.is_active = True
        self.alice.save()
        accounts.verify_email(token=token)
        accounts.erase(user=self.alice, password=PASSWORD)
        self.assertResponse(self.verify(token), 400, NOT_VALID)
        self.assertFalse(Profile.objects.exists())

    def test_link_is_mailed_again_once_until_the_address_is_verified(self):
        for _ in range(2):
            response = self.resend()
            self.assertEqual((response.status_code, response.content), (204, b""))
        token = self.mailed_token()
        self.assertEqual(len(self.inbox.messages), 1)
        self.resend()
        self.verify(token)
        self.assertEqual(send_waiting(), Sent(1, 0))  # nothing to say any more
        self.assertEqual(len(self.inbox.messages), 1)
        verified = {
            "detail": "Your email address is already verified.",
            "code": "already_verified",
        }
        self.assertResponse(self.resend(), 400, verified)
        self.change("")
        none = {
            "detail": "Your account has no email address. Add one first.",
            "code": "no_email_address",
        }
        self.assertResponse(self.resend(), 400, none)

    @override_settings(THROTTLE_VERIFY_EMAIL="2/1h")
    def test_mails_of_one_user_are_limited(self):
        self.assertEqual(self.resend().status_code, 204)
        self.change("new@example.com")
        self.assertEqual(self.resend().status_code, 429)
        body = {"email": "third@example.com", "password": PASSWORD}
        self.assertEqual(self.alice_client.patch("/api/me/", body).status_code, 429)
        for body in ({"first_name": "Ada"}, {"email": "new@example.com"}):
            self.assertEqual(self.alice_client.patch("/api/me/", body).status_code, 200)
        self.assertEqual(api_client(self.bob).post("/api/verify-email/resend/").status_code, 400)

    def test_password_reset_by_mail_verifies_the_address(self):
        accounts.reset_password(token=accounts.reset_token(self.alice), new_password=NEW)
        self.assertEqual(Profile.objects.get().verified_email, "alice@example.com")

    def test_look_alike_of_a_verified_address_is_not_verified(self):
        Profile.objects.create(user=self.alice, verified_email="kino@stra\u00dfe.de")
        for email in ("kino@strasse.de", "kino@STRASSE.de"):
            self.change(email)
            self.assertFalse(self.is_verified())
        self.change("Kino@stra\u00dfe.de")
        self.assertTrue(self.is_verified())
        self.assertFalse(is_same_address("kino@example.com", "\u212aino@example.com"))

    def test_token_is_in_no_table_and_no_log(self):
        with self.assertLogs("booking", "DEBUG") as logs:
            self.resend()
            token = self.mailed_token()
            self.verify(token)
        secret = token.split(".")[-1]
        self.assertNotIn(secret, str([*Mail.objects.values(), *Profile.objects.values()]))
        self.assertNotIn(secret, "\n".join(logs.output))
        self.assertIn(f"event=email_verified user={self.alice.pk}", "\n".join(logs.output))
