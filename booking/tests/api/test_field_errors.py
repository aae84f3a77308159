"""Errors of fields: the sentence of each, and beside it its code, for apps that translate."""

from django.test import override_settings

from booking.tests.factories import ApiTestCase, create_show, create_user

FORM = "application/x-www-form-urlencoded"
GOOD_PASSWORD = "paper-moon-1973"
REQUIRED = ("This field is required.", "required")
NULL = ("This field may not be null.", "null")
BLANK = ("This field may not be blank.", "blank")
TEXT = ("Not a valid string.", "invalid")
INTEGER = ("Enter a whole number, such as 5.", "invalid")
TOO_MANY_SEATS = "You can take at most 10 seats at once."
NO_SUCH_SEAT = (
    "There is no seat 200 in this show. Seats are numbered from 1 to 180.",
    "no_such_seat",
)


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class FieldErrorTests(ApiTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.show = create_show(total_seats=180)
        cls.carol = create_user("carol")
        cls.alice.set_password(GOOD_PASSWORD)
        cls.alice.save()

    def assertFieldErrors(self, response, errors):
        """`errors` are pairs of sentence and code, by field."""
        sentences = {name: [sentence for sentence, _ in each] for name, each in errors.items()}
        codes = {name: [code for _, code in each] for name, each in errors.items()}
        self.assertResponse(response, 400, {**sentences, "codes": codes})

    def check(self, path, cases, method="post"):
        for body, errors in cases:
            with self.subTest(body):
                response = getattr(self.alice_client, method)(f"/api/{path}/", body)
                self.assertFieldErrors(response, errors)

    def test_seat_number_errors_have_codes(self):
        self.check(
            f"shows/{self.show.pk}/book",
            [
                ({}, {"seat_number": [REQUIRED]}),
                ({"seat_number": None}, {"seat_number": [NULL]}),
                ({"seat_number": "x"}, {"seat_number": [INTEGER]}),
                ({"seat_number": 1.5}, {"seat_number": [INTEGER]}),
                (
                    {"seat_number": 0},
                    {"seat_number": [("Seats are numbered from 1.", "min_value")]},
                ),
                (
                    {"seat_number": 2**31},
                    {"seat_number": [("No show has that many seats.", "max_value")]},
                ),
                ({"seat_number": 200}, {"seat_number": [NO_SUCH_SEAT]}),
                (
                    [5],
                    {
                        "non_field_errors": [
                            ("Invalid data. Expected a dictionary, but got list.", "invalid")
                        ]
                    },
                ),
            ],
        )

    def test_reservation_errors_have_codes(self):
        self.check(
            f"shows/{self.show.pk}/reservations",
            [
                ({"seat_numbers": [5, 200]}, {"seat_numbers": [NO_SUCH_SEAT]}),
                ({"seat_numbers": []}, {"seat_numbers": [("Choose at least 1 seat.", "empty")]}),
                (
                    {"seat_numbers": 5},
                    {
                        "seat_numbers": [
                            ('Expected a list of items but got type "int".', "not_a_list")
                        ]
                    },
                ),
                (
                    {"seat_numbers": [*range(1, 12)]},
                    {"seat_numbers": [(TOO_MANY_SEATS, "max_length")]},
                ),
                (
                    {"seat_numbers": [5, 5]},
                    {"seat_numbers": [("Each seat can be listed only once.", "distinct")]},
                ),
                (
                    {"seat_numbers": ["x", 0, "y"]},
                    {"seat_numbers": [INTEGER, ("Seats are numbered from 1.", "min_value")]},
                ),
                ({"count": 11}, {"count": [(TOO_MANY_SEATS, "max_value")]}),
                ({"count": 0}, {"count": [("Choose at least 1 seat.", "min_value")]}),
                (
                    {"count": "x", "hold": "maybe"},
                    {"count": [INTEGER], "hold": [("Must be a valid boolean.", "invalid")]},
                ),
                (
                    {},
                    {
                        "non_field_errors": [
                            ("Send either seat_numbers or count.", "seat_numbers_or_count")
                        ]
                    },
                ),
            ],
        )

    def test_account_errors_have_codes(self):
        good = {"username": "dave", "password": GOOD_PASSWORD}
        common = ("This password is too common.", "password_too_common")
        numeric = ("This password is entirely numeric.", "password_entirely_numeric")
        short = (
            "This password is too short. It must contain at least 8 characters.",
            "password_too_short",
        )
        alike = ("The password is too similar to the username.", "password_too_similar")
        long = ("Ensure this field has no more than 150 characters.", "max_length")
        characters = ("Use only letters without accents, digits and @ . + - _", "invalid")
        nul = ("Null characters are not allowed.", "null_characters_not_allowed")
        taken = ("This username is already taken.", "username_taken")
        email = ("Enter a valid email address.", "invalid")
        self.check(
            "signup",
            [
                ({}, {"username": [REQUIRED], "password": [REQUIRED]}),
                (good | {"username": ""}, {"username": [BLANK]}),
                (good | {"username": []}, {"username": [TEXT]}),
                (good | {"username": "é"}, {"username": [characters]}),
                (good | {"username": "x" * 151}, {"username": [long]}),
                (good | {"username": "a\0"}, {"username": [characters, nul]}),
                (good | {"username": "CAROL"}, {"username": [taken]}),
                (good | {"email": "x"}, {"email": [email]}),
                (good | {"password": "1234567"}, {"password": [short, common, numeric]}),
                ({"username": "charlotte", "password": "charlotte7"}, {"password": [alike]}),
            ],
        )
        wrong = ("That is not your current password.", "wrong_password")
        passwords = {"old_password": "wrong", "new_password": "silver-screen-1927"}
        self.check(
            "me/password",
            [
                (passwords, {"old_password": [wrong]}),
                (
                    passwords | {"new_password": "1234567"},
                    {"new_password": [short, common, numeric]},
                ),
            ],
        )
        self.check("me", [({"password": "wrong"}, {"password": [wrong]})], method="delete")
        self.check("me", [({"first_name": None}, {"first_name": [NULL]})], method="patch")

    def test_query_parameter_errors_have_codes(self):
        one = ("Ensure this value is greater than or equal to 1.", "min_value")
        status = ('"x" is not a valid choice.', "invalid_choice")
        cursor = ("This is not a cursor of this list.", "bad_cursor")
        for path, query, errors in [
            ("movies", {"page_size": "x"}, {"page_size": [INTEGER]}),
            ("movies", {"page_size": 0}, {"page_size": [one]}),
            ("movies", {"cursor": "x"}, {"cursor": [cursor]}),
            ("shows", {"movie": "x"}, {"movie": [INTEGER]}),
            (
                "shows",
                {"date": "1812-01-01", "from": "0001-01-01"},
                {
                    "from": [("Choose a time between the years 1900 and 3000.", "range")],
                    "date": [("Choose a day between the years 1900 and 3000.", "range")],
                },
            ),
            ("my-bookings", {"status": "x"}, {"status": [status]}),
        ]:
            with self.subTest(query):
                self.assertFieldErrors(self.alice_client.get(f"/api/{path}/", query), errors)

    def test_errors_of_forms_have_codes(self):
        path = f"/api/shows/{self.show.pk}/book/"
        response = self.alice_client.post(path, "seat_number=x", content_type=FORM)
        self.assertFieldErrors(response, {"seat_number": [INTEGER]})

    def test_unknown_address_has_its_sentence(self):
        nothing = {"detail": "No such endpoint.", "code": "not_found"}
        for path in ("/api/nothing/", "/api/nothing", "/api/shows/x/"):
            self.assertResponse(self.client.get(path), 404, nothing)
