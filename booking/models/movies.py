import re

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from ..db.compiled import compiled


class MovieQuerySet(models.QuerySet):
    """Filters that ignore case.

    Regular expressions, because SQLite's LIKE ignores the case of ASCII letters only.
    """

    def search(self, text):
        """Movies whose title contains the text."""
        return self.filter(title__iregex=re.escape(text))

    def of_genre(self, genre):
        return self.filter(genre__iregex=f"^{re.escape(genre)}$")

    def in_language(self, language):
        return self.filter(language__iregex=f"^{re.escape(language)}$")


class Movie(models.Model):
    title = models.CharField(max_length=200)
    duration_minutes = models.PositiveIntegerField(
        "running time",
        validators=[MinValueValidator(1), MaxValueValidator(1_440)],
        help_text="In minutes.",
    )
    description = models.TextField(blank=True, default="")
    genre = models.CharField(max_length=50, blank=True, default="")
    language = models.CharField(
        max_length=50, blank=True, default="", help_text="The language it is spoken in."
    )
    certificate = models.CharField(
        max_length=20, blank=True, default="", help_text="Who may see it, such as PG-13."
    )
    release_date = models.DateField(null=True, blank=True)
    poster_url = models.URLField("poster", max_length=500, blank=True, default="")

    objects = MovieQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["title", "id"], name="movies_by_title")]
        constraints = [
            models.CheckConstraint(
                condition=Q(duration_minutes__gte=1), name="movie_lasts_at_least_a_minute"
            ),
        ]

    def __str__(self):
        return self.title


@compiled
def movies_by_id(movie_id):
    """At most one movie."""
    return Movie.objects.filter(pk=movie_id)
