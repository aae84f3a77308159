"""Query parameters that filter a list."""

from rest_framework import serializers
from rest_framework.filters import BaseFilterBackend

from ..models import Booking
from .fields import MAX_INTEGER, DayField, MomentField, StrictBooleanField, StrictIntegerField
from .pagination import PAGE_PARAMETERS


class QueryParameterFilter(BaseFilterBackend):
    """Filters a list by the view's `filter_class`, a serializer of the query parameters.

    The `source` of each field is the queryset method that takes its value. A wrong value and an
    unknown parameter are a 400 that names the parameter; an empty one (`?search=`) does not filter.
    """

    def filter_queryset(self, request, queryset, view):
        if view.action != "list" or not request.query_params:
            return queryset
        known = {*view.filter_class().fields, *PAGE_PARAMETERS}
        if unknown := [name for name in request.query_params if name not in known]:
            sentence = serializers.ErrorDetail("Unknown parameter.", "unknown_parameter")
            raise serializers.ValidationError({name: [sentence] for name in unknown})
        given = {name: value for name, value in request.query_params.items() if value.strip()}
        serializer = view.filter_class(data=given)
        serializer.is_valid(raise_exception=True)
        for method, value in serializer.validated_data.items():
            queryset = getattr(queryset, method)(value)
        return queryset


class MovieFilter(serializers.Serializer):
    search = serializers.CharField(
        required=False,
        max_length=200,
        help_text="Part of the title, in any case, with or without accents.",
    )
    genre = serializers.CharField(required=False, max_length=50, source="of_genre")
    language = serializers.CharField(required=False, max_length=50, source="in_language")
    now_showing = StrictBooleanField(
        required=False,
        help_text="Only movies with a show that takes place and whose sales are open; with `false` "
        "only the others.",
    )


class ShowTimesFilter(serializers.Serializer):
    def get_fields(self):
        times = {  # `from` is a Python keyword and cannot be an attribute
            "from": MomentField(
                required=False,
                source="starting_from",
                help_text="Shows that start at this time or later, such as 2026-12-24T18:00:00Z; "
                "a date alone is its midnight at the cinema.",
            ),
            "to": MomentField(
                required=False,
                source="starting_before",
                help_text="Shows that start before this time.",
            ),
            "bookable": StrictBooleanField(
                required=False,
                help_text="Only shows with `is_bookable`; with `false` only those without.",
            ),
        }
        return super().get_fields() | times


class ShowFilter(ShowTimesFilter):
    movie = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MAX_INTEGER,
        source="of_movie",
        help_text="The movie's id.",
    )
    date = DayField(
        required=False, source="on_day", help_text="A day at the cinema, such as 2026-12-24."
    )


class BookingFilter(serializers.Serializer):
    status = serializers.ChoiceField(
        Booking.Status.choices, required=False, source="with_current_status"
    )
    show = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=MAX_INTEGER,
        source="of_show",
        help_text="The show's id.",
    )


class ReservationFilter(BookingFilter):
    status = serializers.ChoiceField(
        Booking.Status.choices, required=False, source="with_reservation_status"
    )
