import re
from datetime import timedelta
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import mail as outbox
from django.core.cache import cache
from django.test import override_settings

from booking import accounts
from booking.mail import Sent, send_waiting
from booking.models import Mail, Session
from booking.tests.factories import ApiTestCase, api_client, create_user
from booking.tokens import open_session

OLD, NEW = "paper-moon-1973", "silver-screen-1927"
NOT_VALID = {
    "detail": "This link has expired or has been used. Ask for a new one.",
    "code": "reset_token_not_valid",
}


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class PasswordResetTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        cache.clear()
        self.alice.set_password(OLD)
        self.alice.save()

    def request(self, email="alice@example.com"):
        return self.client.post("/api/password-reset/", {"email": email})

    def confirm(self, token, new_password=NEW):
        body = {"token": token, "new_password": new_password}
        return self.client.post("/api/password-reset/confirm/", body)

    def log_in(self, password):
        body = {"username": "alice", "password": password}
        return self.client.post("/api/login/", body).status_code

    def mailed_tokens(self):
        send_waiting()
        text = outbox.outbox[-1].body
        links = re.findall(r"^http\S+$", text, re.MULTILINE)
        return [parse_qs(urlsplit(link).query)["token"][0] for link in links]

    def test_link_of_the_mail_sets_a_new_password_once(self):
        open_session(user=self.alice)
        response = self.request()
        self.assertEqual((response.status_code, response.content), (204, b""))
        [token] = self.mailed_tokens()
        [message] = outbox.outbox
        self.assertEqual(message.to, ["alice@example.com"])
        self.assertIn("Your username is alice.", message.body)
        response = self.confirm(token)
        self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertEqual((self.log_in(OLD), self.log_in(NEW)), (401, 200))
        self.assertEqual(Session.objects.count(), 1)  # that of the login; the old one has ended
        self.assertResponse(self.confirm(token), 400, NOT_VALID)
        send_waiting()
        self.assertEqual(outbox.outbox[-1].subject, "Your password was changed")

    def test_address_is_found_in_any_case(self):
        self.request("ALICE@Example.COM")
        self.assertEqual(len(self.mailed_tokens()), 1)

    def test_each_of_two_accounts_with_one_address_is_named(self):
        create_user("alice2", email="Alice@example.com")
        self.request()
        self.assertEqual(len(self.mailed_tokens()), 2)
        [message] = outbox.outbox
        for name in ("alice", "alice2"):
            self.assertIn(f"Account {name}. Choose", message.body)

    def test_unknown_address_gets_the_same_answer_and_no_mail(self):
        for email in ("nobody@example.com", "bob@example.com"):
            response = self.request(email)
            self.assertEqual((response.status_code, response.content), (204, b""))
        self.assertEqual(send_waiting(), Sent(2, 0))
        self.assertEqual((outbox.outbox, Mail.objects.count()), ([], 0))

    def test_request_does_the_same_whether_or_not_there_is_an_account(self):
        """Its only statement is the INSERT of a mail. Who sends it looks for the account."""
        for email in ("alice@example.com", "nobody@example.com"):
            with override_settings(THROTTLE_PASSWORD_RESET=""), self.assertNumQueries(1):
                self.request(email)

    def test_staff_inactive_and_reserved_accounts_get_no_link(self):
        create_user("stella", email="s@example.com", is_staff=True)
        create_user("gone", email="g@example.com", is_active=False)
        house = accounts.reserved_account(accounts.HOUSE)
        house.email = "h@example.com"
        house.save()
        for email in ("s@example.com", "g@example.com", "h@example.com"):
            self.request(email)
        send_waiting()
        self.assertEqual(outbox.outbox, [])

    def test_token_is_void_after_an_hour_or_a_change(self):
        for change in (
            {"password": "!"},
            {"email": "other@example.com"},
            {"is_active": False},
            {"is_staff": True},
        ):
            with self.subTest(**change):
                self.alice.refresh_from_db()
                token = accounts.reset_token(self.alice)
                before = {name: getattr(self.alice, name) for name in change}
                type(self.alice).objects.filter(pk=self.alice.pk).update(**change)
                self.assertResponse(self.confirm(token), 400, NOT_VALID)
                type(self.alice).objects.filter(pk=self.alice.pk).update(**before)
        self.alice.refresh_from_db()
        token = accounts.reset_token(self.alice)
        now = PasswordResetTokenGenerator()._now()
        for minutes, status in [(61, 400), (59, 204)]:
            later = mock.Mock(return_value=now + timedelta(minutes=minutes))
            with mock.patch.object(PasswordResetTokenGenerator, "_now", later):
                self.assertEqual(self.confirm(token).status_code, status)

    def test_cut_forged_and_foreign_tokens_are_refused(self):
        token = accounts.reset_token(self.alice)
        number, rest = token.split("-", 1)
        foreign = accounts.reset_token(self.bob).split("-", 1)[1]
        for wrong in (
            *(token[:-1], number, rest, "-", "--", f"{number}-{foreign}", f"zzzzzzzzzzzzz-{rest}"),
            *(f"{number}-{rest}x", f"-1-{rest}", f"{'z' * 150}-{rest}", "\u0661-x"),
        ):
            with self.subTest(wrong):
                self.assertResponse(self.confirm(wrong), 400, NOT_VALID)

    def test_new_password_is_validated_against_the_account(self):
        token = accounts.reset_token(self.alice)
        for password in ("alice@example", "12345678", "short"):
            response = self.confirm(token, password)
            self.assertEqual(response.status_code, 400)
            self.assertEqual(set(response.json()), {"new_password", "codes"})
        self.assertEqual(self.confirm(token).status_code, 204)

    def test_requests_for_one_address_and_from_one_network_are_limited(self):
        with override_settings(THROTTLE_PASSWORD_RESET="2/1h"):
            statuses = [self.request().status_code for _ in range(3)]
            self.assertEqual(statuses, [204, 204, 429])
            self.assertEqual(self.request("ALICE@example.com ").status_code, 429)
            others = [self.request(f"c{n}@example.com").status_code for n in range(18)]
        self.assertEqual(others[0], 204)
        self.assertEqual(others[-1], 429)

    def test_no_token_is_in_the_table_or_in_a_log(self):
        with self.assertLogs("booking", "DEBUG") as logs:
            self.request()
            [token] = self.mailed_tokens()
            self.confirm(token)
        stored = str(list(Mail.objects.values()))
        secret = token.split("-")[-1]
        self.assertNotIn(secret, stored)
        self.assertNotIn(secret, "\n".join(logs.output))
        self.assertIn("event=password_reset user=", "\n".join(logs.output))

    def test_changes_of_password_and_address_are_mailed_to_the_old_address(self):
        body = {"old_password": OLD, "new_password": NEW}
        api_client(self.alice).post("/api/me/password/", body)
        self.alice.refresh_from_db()
        body = {"email": "new@example.com", "password": NEW}
        api_client(self.alice).patch("/api/me/", body)
        send_waiting()
        sent = [(each.subject, each.to) for each in outbox.outbox]
        self.assertEqual(
            sent,
            [
                ("Your password was changed", ["alice@example.com"]),
                ("Your email address was changed", ["alice@example.com"]),
                ("Verify your email address", ["new@example.com"]),
            ],
        )

    def test_customer_without_an_address_gets_no_mail(self):
        self.bob.set_password(OLD)
        self.bob.save()
        accounts.change_password(user=self.bob, old_password=OLD, new_password=NEW)
        self.assertEqual(Mail.objects.count(), 0)

    def test_erased_account_takes_its_mails_along(self):
        accounts.change_password(user=self.alice, old_password=OLD, new_password=NEW)
        accounts.erase(user=self.alice, password=NEW)
        self.assertEqual(Mail.objects.count(), 0)

    def test_erased_account_takes_requests_to_reset_its_password_along(self):
        for is_staff in (False, True):
            accounts.request_password_reset(email=self.alice.email.upper(), is_staff=is_staff)
        accounts.request_password_reset(email="other@example.com")
        accounts.erase(user=self.alice, password=OLD)
        self.assertEqual([mail.recipient for mail in Mail.objects.all()], ["other@example.com"])

    def test_request_to_reset_stays_while_another_account_has_the_address(self):
        create_user("alice2", email=self.alice.email)
        accounts.request_password_reset(email=self.alice.email)
        accounts.erase(user=self.alice, password=OLD)
        self.assertEqual(Mail.objects.count(), 1)
