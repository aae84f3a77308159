from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from ..db.compiled import compiled
from ..text import search_key
from .clock import sales_open_from
from .fields import LineField, SearchKeyField

EARLIEST_RELEASE, LATEST_RELEASE = date(1880, 1, 1), date(2999, 12, 31)

SEARCH_KEYS = {"title": "title_key", "genre": "genre_key", "language": "language_key"}


# Not read with movies: `defer(*SEARCH_KEY_FIELDS)`. An attribute follows from its source.
SEARCH_KEY_FIELDS = tuple(SEARCH_KEYS.values())


class MovieQuerySet(models.QuerySet):
    """Text is compared without accents and case, by the search keys."""

    def search(self, text: str):
        """Movies whose title contains the text."""
        return self.filter(title_key__contains=search_key(text))

    def of_genre(self, genre: str):
        return self.filter(genre_key=search_key(genre))

    def in_language(self, language: str):
        return self.filter(language_key=search_key(language))

    def now_showing(self, wanted: bool = True):
        """Movies with a show that is not cancelled and whose sales are open; or those without."""
        showing = Movie.objects.filter(
            shows__cancelled_at=None, shows__date_time__gt=sales_open_from()
        ).values("pk")
        return self.filter(pk__in=showing) if wanted else self.exclude(pk__in=showing)

    def update(self, **values: Any) -> int:
        """Writes the search keys as well. Raises TypeError for an expression, which has none."""
        for name, key in SEARCH_KEYS.items():
            if name in values and key not in values:
                if not isinstance(values[name], str):
                    raise TypeError(f"update({name}=…) takes a str: its search key is stored too.")
                values[key] = search_key(values[name])
        return super().update(**values)

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_update(self, objs: Any, fields: Any, *args: Any, **options: Any) -> int:
        keys = {SEARCH_KEYS[name] for name in fields if name in SEARCH_KEYS}
        return super().bulk_update(objs, [*fields, *keys.difference(fields)], *args, **options)

    bulk_update.alters_data = True  # type: ignore[attr-defined]


class Movie(models.Model):
    title = LineField(max_length=200)
    duration_minutes = models.PositiveIntegerField(
        "running time",
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
        help_text="In minutes.",
    )
    description = models.TextField(blank=True, default="")
    genre = LineField(max_length=50, blank=True, default="")
    language = LineField(
        max_length=50, blank=True, default="", help_text="The language it is spoken in."
    )
    certificate = LineField(
        max_length=20, blank=True, default="", help_text="Who may see it, such as PG-13."
    )
    release_date = models.DateField(
        null=True,
        blank=True,
        validators=[
            MinValueValidator(EARLIEST_RELEASE, message="There were no movies before 1880."),
            MaxValueValidator(LATEST_RELEASE, message="Enter a year up to 2999."),
        ],
    )
    poster_url = models.URLField("poster", max_length=500, blank=True, default="")

    title_key = SearchKeyField(of="title")
    genre_key = SearchKeyField(of="genre")
    language_key = SearchKeyField(of="language")

    objects = MovieQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["title_key", "id"], name="movies_by_title_key")]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=1), name="movie_lasts_at_least_a_minute"
            ),
            models.CheckConstraint(
                condition=Q(release_date__isnull=True)
                | Q(release_date__gte=EARLIEST_RELEASE, release_date__lte=LATEST_RELEASE),
                name="movie_is_of_a_time_with_movies",
            ),
        ]

    def __str__(self):
        return self.title

    def save(self, *args: Any, update_fields: Any = None, **options: Any) -> None:
        if update_fields is not None:
            keys = (SEARCH_KEYS[name] for name in update_fields if name in SEARCH_KEYS)
            update_fields = {*update_fields, *keys}
        for key in SEARCH_KEYS.values():
            vars(self).setdefault(key, "")  # or Django takes it for deferred and leaves it out
        super().save(*args, update_fields=update_fields, **options)


@compiled
def movies_by_id(movie_id):
    """At most one movie."""
    return Movie.objects.filter(pk=movie_id)
