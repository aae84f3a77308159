"""Query parameters that filter a list."""

from rest_framework import serializers
from rest_framework.filters import BaseFilterBackend

from ..models import Booking
from .fields import MAX_INTEGER, DayField, MomentField, StrictBooleanField, StrictIntegerField
from .pagination import PAGE_PARAMETERS


class QueryParameterFilter(BaseFilterBackend):
    """Filters a list by the view's `filter_class`, a serializer of the query parameters.

    The `source` of each field is the queryset method that takes its value.
    """

    def filter_queryset(self, request, queryset, view):
        if view.action != "list" or not request.query_params:
            return queryset
        filters = validate_parameters(request.query_params, view.filter_class, PAGE_PARAMETERS)
        for method, value in filters.items():
            queryset = getattr(queryset, method)(value)
        return queryset


def validate_parameters(parameters, filter_class, others=()):
    """The values of query parameters by `source`. Raises ValidationError.

    A wrong value and an unknown parameter are an error; an empty one is left out.
    """
    known = {*filter_class().fields, *others}
    if unknown := [name for name in parameters if name not in known]:
        sentence = serializers.ErrorDetail("Unknown parameter.", "unknown_parameter")
        raise serializers.ValidationError({name: [sentence] for name in unknown})
    given = {name: value for name, value in parameters.items() if value.strip()}
    serializer = filter_class(data=given)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


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


class AdmissionsFilter(serializers.Serializer):
    since = StrictIntegerField(
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        help_text="The `cursor` of an earlier answer: only what has changed since then.",
    )
