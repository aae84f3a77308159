from django.test import TestCase, override_settings

from booking import accounts
from booking.tests.factories import create_user

NEW = "silver-screen-1927"
EXPIRED = "This link has expired or has been used. Ask for a new one."


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class PasswordResetPageTests(TestCase):
    def setUp(self):
        self.alice = create_user("alice", email="alice@example.com")
        self.alice.set_password("paper-moon-1973")
        self.alice.save()
        self.token = accounts.reset_token(self.alice)

    def post(self, new_password=NEW, token=None):
        form = {"token": token or self.token, "new_password": new_password}
        return self.client.post("/password-reset/", form)

    def test_page_takes_the_token_of_its_address_and_sets_the_password(self):
        page = self.client.get("/password-reset/", {"token": self.token})
        self.assertContains(page, f'value="{self.token}"')
        self.assertIn("no-store", page["Cache-Control"])
        self.assertRedirects(self.post(), "/password-reset/done/")
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password(NEW))
        self.assertContains(self.post(), EXPIRED, html=False)

    def test_bad_input_is_said_on_the_page_and_changes_nothing(self):
        for form, sentence in [
            ({"token": "nonsense"}, EXPIRED),
            ({"token": "\x00"}, "Null characters are not allowed."),
            ({"new_password": "12345678"}, "This password is too common."),
            ({"new_password": "alice@example"}, "too similar to the"),
            ({"new_password": ""}, "This field is required."),
        ]:
            with self.subTest(**form):
                page = self.post(**form)
                self.assertEqual(page.status_code, 200)
                if "Null" not in sentence:  # of the hidden field
                    self.assertContains(page, sentence)
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password("paper-moon-1973"))

    def test_long_and_hand_made_tokens_are_no_error(self):
        for token in ("x" * 5_000, "<script>", "%00", ""):
            self.assertEqual(self.client.get("/password-reset/", {"token": token}).status_code, 200)
