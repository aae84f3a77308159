from django.test import TestCase

from booking import accounts
from booking.models import Profile
from booking.tests.factories import create_user

NOT_VALID = "This link is no longer valid. Ask for a new one."


class VerifyEmailPageTests(TestCase):
    def setUp(self):
        self.alice = create_user("alice", email="alice@example.com")
        self.token = accounts.verification_token(self.alice)

    def post(self, token):
        return self.client.post("/verify-email/", {"token": token})

    def test_opening_the_page_verifies_nothing_and_its_button_does(self):
        page = self.client.get("/verify-email/", {"token": self.token})
        self.assertContains(page, f'value="{self.token}"')
        self.assertIn("no-store", page["Cache-Control"])
        self.client.head("/verify-email/", {"token": self.token})
        self.assertFalse(Profile.objects.exists())
        for _ in range(2):
            self.assertRedirects(self.post(self.token), "/verify-email/done/")
        self.assertEqual(Profile.objects.get().verified_email, "alice@example.com")

    def test_bad_token_is_said_on_the_page(self):
        for token in ("nonsense", "", "\x00", "x" * 5_000, "<script>", self.token[:-1]):
            with self.subTest(token[:20]):
                self.assertContains(self.post(token), NOT_VALID)
                page = self.client.get("/verify-email/", {"token": token})
                self.assertEqual(page.status_code, 200)
        self.assertFalse(Profile.objects.exists())
