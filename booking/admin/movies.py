from django.contrib import admin
from django.db import models

from ..models import Movie
from .addresses import HandMadeAddressMixin
from .fields import FORM_FIELDS
from .protection import ProtectSoldMixin
from .searching import FoldedSearchMixin


@admin.register(Movie)
class MovieAdmin(HandMadeAddressMixin, FoldedSearchMixin, ProtectSoldMixin, admin.ModelAdmin):
    list_display = ["movie_title", "duration", "genre", "language", "certificate", "release_date"]
    list_filter = ["genre", "language", "certificate"]
    search_fields = ["title_key"]
    formfield_overrides = {**FORM_FIELDS, models.URLField: {"assume_scheme": "https"}}
    ordering = ["title_key", "id"]

    @admin.display(description="Title", ordering="title_key")
    def movie_title(self, movie):
        return movie.title

    @admin.display(description="Running time", ordering="duration_minutes")
    def duration(self, movie):
        return f"{movie.duration_minutes} min"
