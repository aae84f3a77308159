"""`é` as one character or as two is one password, and one name."""

from django.contrib.auth.hashers import Argon2PasswordHasher, PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.test import Client

from booking.tests.factories import ApiTestCase, api_client
from movie_booking.hashers import AsTyped, OwaspArgon2Hasher

NFC, NFD = "caf\u00e9-cr\u00e8me-9", "cafe\u0301-cre\u0300me-9"
MIXED = "caf\u00e9-cre\u0300me-9"


class PasswordFormTests(ApiTestCase):
    def log_in(self, password, username="carol"):
        body = {"username": username, "password": password}
        return self.client.post("/api/login/", body).status_code

    def test_every_form_logs_in_after_signup_and_change_with_another(self):
        for number, (first, second) in enumerate([(NFC, NFD), (NFD, NFC), (MIXED, NFC)]):
            name = f"carol{number}"
            body = {"username": name, "password": first}
            self.assertEqual(self.client.post("/api/signup/", body).status_code, 201)
            self.assertEqual(self.log_in(second, name), 200)
            client = api_client(User.objects.get(username=name))
            change = {"old_password": second, "new_password": first + "!"}
            self.assertEqual(client.post("/api/me/password/", change).status_code, 200)
            self.assertEqual([self.log_in(each, name) for each in (first, second)], [401, 401])
            self.assertEqual(self.log_in(second + "!", name), 200)

    def test_old_hash_of_another_form_logs_in_once_and_is_renewed(self):
        for hasher in (Argon2PasswordHasher(), OwaspArgon2Hasher(), PBKDF2PasswordHasher()):
            for stored in (NFC, NFD):
                for typed in (NFC, NFD):
                    with self.subTest(hasher=hasher.algorithm, stored=ascii(stored)):
                        encoded = hasher.encode(AsTyped(stored), "salt" * 6)
                        carol = User.objects.create(username="carol", password=encoded)
                        self.assertEqual(self.log_in(typed), 200)
                        carol.refresh_from_db()
                        argon2 = Argon2PasswordHasher()  # stock: hashes what it is given
                        self.assertTrue(argon2.verify(NFC, carol.password))
                        self.assertEqual(self.log_in(NFD), 200)
                        carol.delete()

    def test_hash_of_nfc_is_not_renewed(self):
        carol = User.objects.create_user("carol", password=NFD)
        self.assertEqual([self.log_in(each) for each in (NFC, NFD)], [200, 200])
        self.assertEqual(User.objects.get(username="carol").password, carol.password)

    def test_admin_login_takes_every_form(self):
        encoded = OwaspArgon2Hasher().encode(AsTyped(NFD), "salt" * 6)
        User.objects.create(username="stella", password=encoded, is_staff=True)
        for typed in (NFD, NFC):
            body = {"username": "stella", "password": typed, "next": "/admin/"}
            self.assertRedirects(Client().post("/admin/login/", body), "/admin/")

    def test_wrong_accent_is_another_password(self):
        User.objects.create_user("carol", password=NFC)
        for typed in ("cafe-creme-9", NFC.upper(), "caf\u00e8-cr\u00e9me-9", NFC + "\u0301"):
            self.assertEqual(self.log_in(typed), 401)
