"""Usernames and names in the admin, and by createsuperuser: the rules of the API."""

import os
from io import StringIO
from unittest import mock

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import TestCase

from booking.models import Movie
from booking.tests.factories import create_movie, create_show

NOT_A_NAME = "Use only letters without accents, digits and @ . + - _"
INVISIBLE = "Use one line of text without invisible characters."
BAD_NAMES = ["Émile", "\u0430lice", "al\u200bice", "a b"]


class AdminNameTests(TestCase):
    def setUp(self):
        self.boss = User.objects.create_superuser("boss")
        self.client.force_login(self.boss)

    def errors(self, path, **fields):
        response = self.client.post(path, fields)
        return {} if response.status_code == 302 else response.context["adminform"].form.errors

    def add(self, username):
        passwords = {"password1": "paper-moon-1973", "password2": "paper-moon-1973"}
        fields = {"username": username, "usable_password": "true", **passwords}
        return self.errors("/admin/auth/user/add/", **fields)

    def change(self, user, **fields):
        joined = {"date_joined_0": "2026-01-01", "date_joined_1": "12:00:00"}
        fields = {"username": user.username, "is_active": "on", **joined, **fields}
        return self.errors(f"/admin/auth/user/{user.pk}/change/", **fields)

    def test_new_username_is_checked(self):
        for name in BAD_NAMES[:3]:
            self.assertIn("username", self.add(name), ascii(name))
        self.assertEqual(self.add("carol"), {})
        self.assertEqual(self.add("Carol").keys(), {"username"})
        self.assertEqual(User.objects.count(), 2)

    def test_changed_username_is_checked_and_an_unchanged_one_is_kept(self):
        carol, emile = User.objects.create(username="carol"), User.objects.create(username="Émile")
        self.assertEqual(self.change(carol, username="Émilie"), {"username": [NOT_A_NAME]})
        self.assertEqual(self.change(emile, first_name="Émile"), {})
        stored = User.objects.get(pk=emile.pk)
        self.assertEqual((stored.username, stored.first_name), ("Émile", "Émile"))
        self.assertEqual(self.change(emile, username="Emile"), {})

    def test_names_and_email_are_one_line_in_nfc(self):
        carol = User.objects.create(username="carol")
        for name in ("first_name", "last_name"):
            for text in ("A\u202eb", "A\nb", "A\u200bb"):
                self.assertEqual(self.change(carol, **{name: text}), {name: [INVISIBLE]})
        self.assertIn("email", self.change(carol, email="a@b\u202e.com"))
        self.assertEqual(self.change(carol, first_name="Jose\u0301"), {})
        self.assertEqual(User.objects.get(pk=carol.pk).first_name, "Jos\u00e9")

    def test_title_with_invisible_characters_is_refused(self):
        fields = {"duration_minutes": "9", "title": "Ali\u202een"}
        self.assertEqual(self.errors("/admin/booking/movie/add/", **fields), {"title": [INVISIBLE]})
        self.assertFalse(Movie.objects.exists())

    def test_search_ignores_accents_and_case(self):
        show = create_show(create_movie("Amélie"), screen_name="Screen É")
        create_show(create_movie("Alien"))
        for path, term in [("movie", "AMELIE"), ("movie", "me\u0301l"), ("show", "amelie screen")]:
            page = self.client.get(f"/admin/booking/{path}/", {"q": term})
            found = [each.pk for each in page.context["cl"].result_list]
            self.assertEqual(found, [show.movie_id if path == "movie" else show.pk], term)
        search = {
            "app_label": "booking",
            "model_name": "show",
            "field_name": "movie",
            "term": "amel",
        }
        results = self.client.get("/admin/autocomplete/", search).json()["results"]
        self.assertEqual([each["text"] for each in results], ["Amélie"])

    def test_movies_are_sorted_as_in_the_api(self):
        for title in ("zodiac", "Ágora", "Alien"):
            create_movie(title)
        for query in ("", "?o=1"):
            page = self.client.get(f"/admin/booking/movie/{query}")
            titles = [movie.title for movie in page.context["cl"].result_list]
            self.assertEqual(titles, ["Ágora", "Alien", "zodiac"])


class CreateSuperuserTests(TestCase):
    def test_noinput_checks_the_username(self):
        User.objects.create(username="carol")
        for name in [*BAD_NAMES, "Carol"]:
            with self.subTest(ascii(name)), self.assertRaises(CommandError) as raised:
                call_command("createsuperuser", interactive=False, username=name, email="")
            expected = "This username is already taken." if name == "Carol" else NOT_A_NAME
            self.assertIn(expected, str(raised.exception))
        variables = {"DJANGO_SUPERUSER_PASSWORD": "paper-moon-1973"}
        with mock.patch.dict(os.environ, variables):
            call_command(
                "createsuperuser", interactive=False, username="dave", email="", verbosity=0
            )
        self.assertTrue(User.objects.get(username="dave").check_password("paper-moon-1973"))

    def test_interactive_asks_again(self):
        answers = iter(["Émile", "emile", ""])
        stderr, stdin = StringIO(), mock.Mock(isatty=lambda: True)
        with (
            mock.patch("builtins.input", lambda _: next(answers)),
            mock.patch("getpass.getpass", lambda *_: "paper-moon-1973"),
        ):
            call_command("createsuperuser", stdin=stdin, stderr=stderr, verbosity=0)
        self.assertIn(NOT_A_NAME, stderr.getvalue())
        self.assertTrue(User.objects.get(username="emile").is_superuser)
