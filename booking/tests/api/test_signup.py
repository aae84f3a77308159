from unittest import mock

from django.contrib.auth.models import User
from django.test import TransactionTestCase
from rest_framework.test import APIClient

from booking.tests.concurrency.racing import at_once
from booking.tests.factories import ApiTestCase, create_user
from booking.tests.schema_conformance import allow_unknown_fields

NOT_A_NAME = "Use only letters without accents, digits and @ . + - _"
TAKEN = {"username": ["This username is already taken."]}


class SignUpTests(ApiTestCase):
    def sign_up(self, **body):
        return self.client.post("/api/signup/", body)

    def test_signup_creates_an_account(self):
        response = self.sign_up(username="carol", password="paper-moon-1973", email="c@example.com")
        carol = User.objects.get(username="carol")
        body = {"id": carol.id, "username": "carol", "email": "c@example.com"}
        self.assertResponse(response, 201, body)
        self.assertTrue(carol.check_password("paper-moon-1973"))
        self.assertTrue(carol.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$"))

    def test_signup_without_email_succeeds(self):
        for given in [{}, {"email": ""}]:
            with self.subTest(given):
                User.objects.filter(username="carol").delete()
                response = self.sign_up(username="carol", password="paper-moon-1973", **given)
                carol = User.objects.get(username="carol")
                self.assertResponse(
                    response, 201, {"id": carol.id, "username": "carol", "email": ""}
                )

    def test_signup_keeps_spaces_of_the_password(self):
        self.sign_up(username="carol", password="  paper moon  ")
        self.assertTrue(User.objects.get(username="carol").check_password("  paper moon  "))

    def test_signup_ignores_staff_fields(self):
        greedy = {"is_staff": True, "is_superuser": True, "id": 7}
        with allow_unknown_fields():
            self.sign_up(username="carol", password="paper-moon-1973", **greedy)
        carol = User.objects.get(username="carol")
        self.assertEqual((carol.is_staff, carol.is_superuser), (False, False))

    def test_signup_with_taken_username_is_refused(self):
        self.assertResponse(self.sign_up(username="alice", password="paper-moon-1973"), 400, TAKEN)
        self.assertEqual(User.objects.count(), 2)

    def test_signup_with_taken_username_in_another_case_is_refused(self):
        for name in ["ALICE", "Alice", "aLiCe"]:
            self.assertResponse(self.sign_up(username=name, password="paper-moon-1973"), 400, TAKEN)

    def test_signup_with_lookalike_username_is_refused(self):
        """Full-width, Cyrillic, with a zero-width space, with a combining accent …"""
        for name in [
            "ａlice",
            "аlice",
            "alice\u200b",
            "a\u0301lice",
            "al\u00adice",
            "ｂ",
            "é",
            "ı",
        ]:
            with self.subTest(name):
                response = self.sign_up(username=name, password="paper-moon-1973")
                self.assertResponse(response, 400, {"username": [NOT_A_NAME]})
        self.assertEqual(User.objects.count(), 2)

    def test_signup_with_username_taken_after_validation_is_refused(self):
        """The row of the other user appears between the validation and the INSERT."""

        def slow(password, *args):
            create_user("carol")
            return "!"

        with mock.patch("django.contrib.auth.base_user.make_password", slow):
            response = self.sign_up(username="carol", password="paper-moon-1973")
        self.assertResponse(response, 400, TAKEN)

    def test_signup_with_invalid_fields_is_refused(self):
        required = ["This field is required."]
        common = ["This password is too common."]
        short = ["This password is too short. It must contain at least 8 characters."]
        numeric = ["This password is entirely numeric."]
        alike = ["The password is too similar to the username."]
        good = {"username": "carol", "password": "paper-moon-1973"}
        valid_name = [NOT_A_NAME]
        cases = [
            ({}, {"username": required, "password": required}),
            ({"username": "carol"}, {"password": required}),
            ({"password": "paper-moon-1973"}, {"username": required}),
            (good | {"username": ""}, {"username": ["This field may not be blank."]}),
            (good | {"username": None}, {"username": ["This field may not be null."]}),
            (good | {"username": ["carol"]}, {"username": ["Not a valid string."]}),
            (good | {"username": "car ol"}, {"username": valid_name}),
            (
                good | {"username": "c" * 151},
                {"username": ["Ensure this field has no more than 150 characters."]},
            ),
            (good | {"password": ""}, {"password": ["This field may not be blank."]}),
            (good | {"password": "m00n!gl"}, {"password": short}),
            (good | {"password": "password1"}, {"password": common}),
            (good | {"password": "83629104"}, {"password": numeric}),
            ({"username": "charlotte", "password": "charlotte7"}, {"password": alike}),
            (
                good | {"password": "p" * 129},
                {"password": ["Ensure this field has no more than 128 characters."]},
            ),
            (
                good | {"email": "a@" + ".".join(["İ" * 60] * 4)},
                {
                    "email": [
                        "Ensure this field has no more than 254 characters.",
                        "Enter a valid email address.",
                    ]
                },
            ),
            (
                {
                    "username": "carol",
                    "password": "moonlight@example.com",
                    "email": "moonlight@example.com",
                },
                {"password": ["The password is too similar to the email address."]},
            ),
            (good | {"email": "carol"}, {"email": ["Enter a valid email address."]}),
        ]
        for given, errors in cases:
            with self.subTest(given):
                self.assertResponse(self.sign_up(**given), 400, errors)
        self.assertEqual(User.objects.count(), 2)


class SignUpRaceTests(TransactionTestCase):
    def test_simultaneous_signups_with_one_username_succeed_once(self):
        names = ["carol", "Carol", "CAROL", "caRol"] * 2
        bodies = [{"username": name, "password": "paper-moon-1973"} for name in names]
        responses = at_once([lambda b=body: APIClient().post("/api/signup/", b) for body in bodies])
        self.assertEqual(sorted(each.status_code for each in responses), [201] + [400] * 7)
        refused = [each.json() for each in responses if each.status_code == 400]
        self.assertEqual(refused, [TAKEN | {"codes": {"username": ["username_taken"]}}] * 7)
        self.assertEqual(User.objects.count(), 1)
