from django.contrib import admin
from django.db import models

from ..models import Movie
from .protection import ProtectSoldMixin


@admin.register(Movie)
class MovieAdmin(ProtectSoldMixin, admin.ModelAdmin):
    list_display = ["title", "duration", "genre", "language", "certificate", "release_date"]
    list_filter = ["genre", "language", "certificate"]
    search_fields = ["title"]
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    ordering = ["title", "id"]

    @admin.display(description="Running time", ordering="duration_minutes")
    def duration(self, movie):
        return f"{movie.duration_minutes} min"
