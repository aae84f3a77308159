import re

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from ..db.compiled import compiled
from ..freshness import films_change


class MovieQuerySet(models.QuerySet):
    def matching(self, *, search="", genre="", language=""):
        """Title contains `search`; genre and language are those, all without regard to case."""
        # Regular expressions, because SQLite's LIKE ignores the case of ASCII letters only.
        movies = self
        if search:
            movies = movies.filter(title__iregex=re.escape(search))
        if genre:
            movies = movies.filter(genre__iregex=f"^{re.escape(genre)}$")
        if language:
            movies = movies.filter(language__iregex=f"^{re.escape(language)}$")
        return movies

    def bulk_create(self, *args, **kwargs):
        created = super().bulk_create(*args, **kwargs)
        films_change()
        return created

    def update(self, **values):
        changed = super().update(**values)
        films_change()
        return changed

    def delete(self):
        deleted = super().delete()
        films_change()
        return deleted

    delete.queryset_only = True  # or it would be a manager's, for all films


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

    def save(self, **kwargs):
        super().save(**kwargs)
        films_change()

    def delete(self, **kwargs):
        deleted = super().delete(**kwargs)
        films_change()
        return deleted


@compiled
def movies_by_id(movie_id):
    """The movie, or nothing."""
    return Movie.objects.filter(pk=movie_id)
