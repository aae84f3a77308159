from django.core import serializers
from django.core.exceptions import ValidationError
from django.db.models import F, Value
from django.db.models.functions import Concat
from django.test import TestCase

from booking.models import Movie, Show
from booking.tests.factories import create_movie, create_show


class SearchKeyTests(TestCase):
    def assertFound(self, *words):
        for word in words:
            self.assertEqual(Movie.objects.search(word).count(), 1, word)
        stored = Movie.objects.values_list("title_key", "genre_key", "language_key")
        expected = [
            (movie.title_key, movie.genre_key, movie.language_key) for movie in Movie.objects.all()
        ]
        self.assertEqual(list(stored), expected)

    def test_every_way_of_writing_a_title_writes_its_key(self):
        ways = {
            "save": lambda: Movie(title="Ágora", duration_minutes=9).save(),
            "create": lambda: create_movie("Ágora", genre="Épico", language="Français"),
            "bulk_create": lambda: Movie.objects.bulk_create(
                [Movie(title="Ágora", duration_minutes=9)]
            ),
            "update": lambda: (create_movie("x"), Movie.objects.update(title="Ágora", genre="É")),
            "update_or_create": lambda: Movie.objects.update_or_create(
                id=create_movie("x").id, defaults={"title": "Ágora"}
            ),
            "fixture": self.load_fixture,
            "update_fields": self.save_title_only,
            "bulk_update": self.bulk_update,
            "deferred": self.save_deferred,
        }
        for name, write in ways.items():
            with self.subTest(name):
                Movie.objects.all().delete()
                write()
                self.assertFound("agora", "ÁGORA", "A\u0301g")

    def load_fixture(self):
        fields = {"title": "Ágora", "duration_minutes": 9}
        [row] = serializers.deserialize(
            "python", [{"model": "booking.movie", "pk": 7, "fields": fields}]
        )
        row.save()

    def save_title_only(self):
        movie = create_movie("x")
        movie.title = "Ágora"
        movie.save(update_fields=["title"])

    def bulk_update(self):
        movie = create_movie("x")
        movie.title = "Ágora"
        Movie.objects.bulk_update([movie], ["title"])

    def save_deferred(self):
        movie = Movie.objects.only("title").get(pk=create_movie("x").pk)
        movie.title = "Ágora"
        movie.save()

    def test_update_by_an_expression_is_refused(self):
        create_movie()
        with self.assertRaisesMessage(TypeError, "update(title=…) takes a str"):
            Movie.objects.update(title=Concat(F("title"), Value(" 2")))

    def test_titles_and_screen_names_are_stored_and_found_in_nfc(self):
        show = create_show(create_movie("Ame\u0301lie"), screen_name="Cafe\u0301")
        self.assertEqual(Movie.objects.get(title="Ame\u0301lie").title, "Am\u00e9lie")
        self.assertEqual(Show.objects.get(pk=show.pk).screen_name, "Caf\u00e9")

    def test_invisible_characters_are_refused(self):
        show = create_show()
        for instance, name in [
            (show, "screen_name"),
            *((show.movie, each) for each in ("title", "genre")),
        ]:
            for text in ("A\u202eb", "A\nb", "A\u200b"):
                setattr(instance, name, text)
                with self.assertRaises(ValidationError) as raised:
                    instance.full_clean()
                sentence = "Use one line of text without invisible characters."
                self.assertEqual(raised.exception.message_dict, {name: [sentence]})
                setattr(instance, name, "A")
