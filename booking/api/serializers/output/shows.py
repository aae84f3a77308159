"""Output serializers of movies and shows."""

from datetime import UTC

from rest_framework import serializers

from ....models import Movie, Show
from .. import examples
from ..read_only import ReadOnlyModelSerializer


class MovieSerializer(ReadOnlyModelSerializer):
    class Meta:
        model = Movie
        fields = [
            "id",
            "title",
            "duration_minutes",
            "description",
            "genre",
            "language",
            "certificate",
            "release_date",
            "poster_url",
        ]
        swagger_schema_fields = {"example": examples.MOVIE}


class ListedMovieSerializer(MovieSerializer):
    """Reads a MovieSnapshot."""

    next_show_at = serializers.DateTimeField(
        default_timezone=UTC,
        allow_null=True,
        help_text="Start of the next show that takes place and whose sales are open; null if there "
        "is none.",
    )

    class Meta(MovieSerializer.Meta):
        model_source = "movie"
        fields = [*MovieSerializer.Meta.fields, "next_show_at"]
        swagger_schema_fields = {"example": examples.LISTED_MOVIE}


class ShowSerializer(ReadOnlyModelSerializer):
    """Reads a ShowSnapshot."""

    movie = MovieSerializer()
    date_time = serializers.DateTimeField(default_timezone=UTC, source="show.date_time")
    ends_at = serializers.DateTimeField(
        default_timezone=UTC, help_text="The start and the running time."
    )
    available_seats = serializers.IntegerField()
    is_bookable = serializers.BooleanField(
        help_text="Whether a seat can be booked: not cancelled, sales open, a seat free."
    )
    bookable_until = serializers.DateTimeField(default_timezone=UTC, help_text="When sales close.")
    cancelled_at = serializers.DateTimeField(
        default_timezone=UTC,
        source="show.cancelled_at",
        allow_null=True,
        help_text="When the show was cancelled.",
    )

    class Meta:
        model = Show
        model_source = "show"
        fields = [
            "id",
            "movie",
            "screen_name",
            "date_time",
            "ends_at",
            "total_seats",
            "seats_per_row",
            "available_seats",
            "is_bookable",
            "bookable_until",
            "cancelled_at",
        ]
        swagger_schema_fields = {"example": examples.SHOW}
