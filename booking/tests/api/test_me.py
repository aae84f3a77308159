import unicodedata
from datetime import timedelta

from django.contrib.auth.models import Group, User
from rest_framework_simplejwt.tokens import AccessToken

from booking import accounts, box_office
from booking.exceptions import CustomerNotFound, WrongPassword
from booking.models import Booking, Profile
from booking.tests.factories import (
    NO_TOKEN,
    ApiTestCase,
    api_client,
    create_booking,
    create_hold,
    create_show,
)
from booking.tests.schema_conformance import allow_unknown_fields
from booking.tokens import open_session

REQUIRED = ["This field is required."]
NOT_YOUR_PASSWORD = ["That is not your current password."]
PASSWORD = "paper-moon-1973"


class AccountCase(ApiTestCase):
    def setUp(self):
        super().setUp()
        self.alice.set_password(PASSWORD)
        self.alice.save()
        self.alice_client = api_client(self.alice)

    def me(self, **differences):
        me = {
            "id": self.alice.id,
            "username": "alice",
            "email": "alice@example.com",
            "first_name": "",
            "last_name": "",
            "mail_bookings": True,
            "email_verified": False,
        }
        return me | differences


class MeTests(AccountCase):
    def test_me_returns_the_account(self):
        with self.assertNumQueries(2):
            self.assertResponse(self.alice_client.get("/api/me/"), 200, self.me())
        self.assertResponse(self.client.get("/api/me/"), 401, NO_TOKEN)

    def test_patch_changes_name_and_email(self):
        new = {"email": "a@EXAMPLE.com", "first_name": "Ada", "last_name": "Lovelace"}
        response = self.alice_client.patch("/api/me/", new | {"password": PASSWORD})
        self.assertResponse(response, 200, self.me(**new | {"email": "a@example.com"}))
        no_email = {"last_name": "", "email": "", "password": PASSWORD}
        response = self.alice_client.patch("/api/me/", no_email)
        self.assertResponse(response, 200, self.me(first_name="Ada", email=""))
        self.assertResponse(
            self.alice_client.get("/api/me/"), 200, self.me(first_name="Ada", email="")
        )
        nothing = self.alice_client.patch("/api/me/", {})
        self.assertResponse(nothing, 200, self.me(first_name="Ada", email=""))

    def test_new_email_takes_the_password(self):
        def patch(**body):
            return self.alice_client.patch("/api/me/", body)

        required = {"password": ["Enter your password to change your email address."]}
        wrong = {"password": NOT_YOUR_PASSWORD}
        for new in ("a@example.com", "Alice@example.com", ""):
            with self.subTest(new):
                self.assertResponse(patch(email=new, first_name="Ada"), 400, required)
                self.assertResponse(patch(email=new, password="wrong"), 400, wrong)
        self.assertResponse(self.alice_client.get("/api/me/"), 200, self.me())
        self.assertResponse(patch(email="alice@EXAMPLE.com"), 200, self.me())  # the same
        self.assertResponse(patch(last_name="L", password="wrong"), 200, self.me(last_name="L"))
        User.objects.filter(pk=self.alice.pk).update(email="alice@EXAMPLE.com")  # by staff
        self.assertResponse(patch(email="alice@example.com"), 200, self.me(last_name="L"))
        response = patch(email="a@example.com", password=PASSWORD)
        self.assertResponse(response, 200, self.me(last_name="L", email="a@example.com"))

    def test_mail_of_bookings_is_switched_off_and_on(self):
        for format in ("json", "multipart"):
            for wanted in (False, True):
                with self.subTest(format=format, wanted=wanted):
                    body = {"mail_bookings": wanted if format == "json" else str(wanted).lower()}
                    response = self.alice_client.patch("/api/me/", body, format=format)
                    self.assertResponse(response, 200, self.me(mail_bookings=wanted))
                    name = {"last_name": "L"}  # the switch is left out
                    response = self.alice_client.patch("/api/me/", name, format=format)
                    expected = self.me(last_name="L", mail_bookings=wanted)
                    self.assertResponse(response, 200, expected)
                    self.alice_client.patch("/api/me/", {"last_name": ""}, format=format)
        invalid = {"mail_bookings": ["Must be a valid boolean."]}
        response = self.alice_client.patch("/api/me/", {"mail_bookings": "maybe"})
        self.assertResponse(response, 400, invalid)
        self.assertResponse(self.alice_client.get("/api/me/"), 200, self.me())

    def test_email_is_verified_while_it_stays(self):
        Profile.objects.create(user=self.alice, verified_email="Alice@example.com")
        verified = self.me(email_verified=True)
        self.assertResponse(self.alice_client.get("/api/me/"), 200, verified)
        new = {"email": "a@example.com", "password": PASSWORD}
        response = self.alice_client.patch("/api/me/", new)
        self.assertResponse(response, 200, self.me(email="a@example.com"))

    def test_patch_ignores_other_fields(self):
        greedy = {"id": 7, "username": "stella", "is_staff": True, "password": "x", "groups": [1]}
        before = User.objects.filter(pk=self.alice.pk).values().get()
        with allow_unknown_fields():
            self.assertResponse(self.alice_client.patch("/api/me/", greedy), 200, self.me())
        self.assertEqual(User.objects.filter(pk=self.alice.pk).values().get(), before)

    def test_patch_with_invalid_fields_is_refused(self):
        for given, errors in (
            ({"email": "ada"}, {"email": ["Enter a valid email address."]}),
            ({"email": None}, {"email": ["This field may not be null."]}),
            ({"first_name": ["Ada"]}, {"first_name": ["Not a valid string."]}),
            (
                {"last_name": "a" * 151},
                {"last_name": ["Ensure this field has no more than 150 characters."]},
            ),
        ):
            with self.subTest(given):
                self.assertResponse(self.alice_client.patch("/api/me/", given), 400, errors)
        for method in ("post", "put"):
            self.assertEqual(getattr(self.alice_client, method)("/api/me/", {}).status_code, 405)


class PasswordTests(AccountCase):
    def change(self, old=PASSWORD, new="silver-screen-1927", by=None):
        body = {"old_password": old, "new_password": new}
        return (by or self.alice_client).post("/api/me/password/", body)

    def test_password_change_closes_other_sessions(self):
        other_session, bobs = open_session(user=self.alice), open_session(user=self.bob)
        response = self.change()
        self.assertEqual((response.status_code, set(response.json())), (200, {"access", "refresh"}))
        for token, status in ((other_session, 401), (response.json()["refresh"], 200), (bobs, 200)):
            refreshed = self.client.post("/api/token/refresh/", {"refresh": str(token)})
            self.assertEqual(refreshed.status_code, status)
        self.assertEqual(self.alice_client.get("/api/me/").json()["code"], "password_changed")
        self.alice_client.credentials(HTTP_AUTHORIZATION=f"Bearer {response.json()['access']}")
        self.assertResponse(self.alice_client.get("/api/me/"), 200, self.me())
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password("silver-screen-1927"))

    def test_password_change_with_wrong_or_weak_password_is_refused(self):
        short = ["This password is too short. It must contain at least 8 characters."]
        alike = ["The password is too similar to the username."]
        for response, errors in (
            (self.change(old="wrong"), {"old_password": NOT_YOUR_PASSWORD}),
            (self.change(new="m00n!gl"), {"new_password": short}),
            (self.change(new="alice2026"), {"new_password": alike}),
            (
                self.alice_client.post("/api/me/password/"),
                {"old_password": REQUIRED, "new_password": REQUIRED},
            ),
        ):
            self.assertResponse(response, 400, errors)
        self.assertResponse(self.change(by=self.client), 401, NO_TOKEN)
        self.alice.refresh_from_db()
        self.assertTrue(self.alice.check_password(PASSWORD))


class EraseTests(AccountCase):
    def erase(self, password=PASSWORD, by=None):
        return (by or self.alice_client).delete("/api/me/", {"password": password})

    def test_erase_removes_personal_data_and_access(self):
        self.alice.first_name, self.alice.is_staff = "Ada", True
        self.alice.save()
        self.alice.groups.add(Group.objects.create(name="door"))
        session = open_session(user=self.alice)
        response = self.erase()
        self.assertEqual((response.status_code, response.content), (204, b""))
        row = User.objects.filter(pk=self.alice.pk).values().get()
        self.assertTrue(row.pop("username").startswith("erased-"))
        self.assertTrue(row.pop("password").startswith("!"))
        row.pop("date_joined")
        self.assertEqual(
            row,
            {
                "id": self.alice.pk,
                "email": "",
                "first_name": "",
                "last_name": "",
                "last_login": None,
                "is_active": False,
                "is_staff": False,
                "is_superuser": False,
            },
        )
        self.assertFalse(Group.objects.get(name="door").user_set.exists())
        self.assertEqual(self.alice_client.get("/api/me/").status_code, 401)
        refreshed = self.client.post("/api/token/refresh/", {"refresh": str(session)})
        self.assertEqual(refreshed.status_code, 401)
        again = {"username": "alice", "password": PASSWORD}
        self.assertEqual(self.client.post("/api/login/", again).status_code, 401)
        self.assertEqual(self.client.post("/api/signup/", again).status_code, 201)

    def test_erase_cancels_bookings_of_future_shows(self):
        show, yesterday = create_show(), create_show(starts_in=-timedelta(days=1))
        mine = [
            create_booking(self.alice, show, 5),
            create_hold(self.alice, show, 6),
            create_booking(self.alice, create_show(), 5),
        ]
        past = create_booking(self.alice, yesterday, 5)
        bobs_booking = create_booking(self.bob, show, 7)
        self.erase()
        statuses = dict(Booking.objects.values_list("id", "status"))
        self.assertEqual([statuses[each.id] for each in mine], ["cancelled"] * 3)
        self.assertEqual((statuses[past.id], statuses[bobs_booking.id]), ("booked", "booked"))
        response = self.bob_client.post(f"/api/shows/{show.id}/book/", {"seat_number": 5})
        self.assertEqual(response.status_code, 201)

    def test_erase_refuses_requests_already_in_progress(self):
        """Requests that loaded the user before the account was erased."""
        before = User.objects.get(pk=self.alice.pk)
        show = create_show()
        self.erase()
        with self.assertRaises(CustomerNotFound):
            box_office.book(show_id=show.id, seat_number=5, by=before)
        with self.assertRaises(CustomerNotFound):
            accounts.update(user=before, first_name="Ada")
        with self.assertRaises(WrongPassword):
            accounts.change_password(
                user=before, old_password=PASSWORD, new_password="silver-screen-1927"
            )
        self.assertEqual(User.objects.get(pk=self.alice.pk).first_name, "")
        self.assertFalse(Booking.objects.exists())

    def test_erase_with_wrong_password_is_refused(self):
        sold = create_booking(self.alice, create_show(), 5)
        self.assertResponse(self.erase("wrong"), 400, {"password": NOT_YOUR_PASSWORD})
        self.assertResponse(self.alice_client.delete("/api/me/"), 400, {"password": REQUIRED})
        self.assertResponse(self.erase(by=self.client), 401, NO_TOKEN)
        sold.refresh_from_db()
        self.assertEqual(sold.status, "booked")
        self.assertEqual(self.alice_client.get("/api/me/").status_code, 200)

    def test_access_token_of_erased_account_is_refused(self):
        token = AccessToken.for_user(self.alice)
        self.erase()
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        self.assertEqual(self.client.get("/api/me/").status_code, 401)


class NameTests(ApiTestCase):
    def test_names_and_email_with_invisible_characters_are_refused(self):
        sentence = ["Use one line of text without invisible characters."]
        for text in ("A\u202eb", "A\nb", "A\u200bb", "\u2066A", "A\x1bb", "Al\u200dice"):
            for name in ("first_name", "last_name"):
                response = self.alice_client.patch("/api/me/", {name: text})
                self.assertResponse(response, 400, {name: sentence})
        for email in ("a@b\u202ec.com", '"a\x01"@example.com', "a@b\u200b.com"):
            response = self.alice_client.patch("/api/me/", {"email": email})
            self.assertEqual(response.status_code, 400, response.content)
            self.assertIn(sentence[0], response.json()["email"])

    def test_names_are_stored_in_nfc(self):
        for text in ("Jose\u0301", "علی\u200cرضا", "北野 👍🏽"):
            response = self.alice_client.patch("/api/me/", {"first_name": text})
            self.assertEqual(response.json()["first_name"], unicodedata.normalize("NFC", text))
