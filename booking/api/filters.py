"""What the query string of a list may ask for; a wrong value is a 400 that names it."""

from rest_framework import serializers

from ..models import Booking
from ..models.prepared import prepared
from .fields import DayField, MomentField, StrictIntegerField
from .pagination import CursorPagination
from .serializers import validate


class ListMixin:
    """A list, by pages, that is narrowed by its query string, which `filter_class` reads.

    `rows` are those of what `ids` names, such as one movie. What most clients ask for, the first
    page of all, is a prepared question.
    """

    pagination_class = CursorPagination

    def list(self, request, *args, **kwargs):
        if request.query_params:
            page = self.paginator.paginate_queryset(self.narrowed(), request, view=self)
        else:
            rows = first_rows(*self.ids(), of=type(self), limit=CursorPagination.page_size + 1)
            page = self.paginator.first_page(rows, request, view=self)
        answers = [self.serializer_class.read(row) for row in self.completed(page)]
        return self.paginator.get_paginated_response(answers)

    def ids(self):
        return []

    @classmethod
    def rows(cls, *ids):
        return cls.queryset.all()

    def completed(self, page):
        """The rows, with what need not be asked for each."""
        return page

    def narrowed(self):
        # A parameter that is there but empty (`?search=`) asks for nothing.
        asked = {name: value for name, value in self.request.query_params.items() if value.strip()}
        return self.rows(*self.ids()).matching(**validate(self.filter_class, asked))


@prepared
def first_rows(*ids, of, limit):
    return of.rows(*ids).order_by(*of.ordering)[:limit]


class MovieFilter(serializers.Serializer):
    search = serializers.CharField(
        required=False, max_length=200, help_text="Part of the title, in any case."
    )
    genre = serializers.CharField(required=False, max_length=50)
    language = serializers.CharField(required=False, max_length=50)


class ShowTimesFilter(serializers.Serializer):
    def get_fields(self):
        times = {  # `from` cannot be the name of an attribute
            "from": MomentField(
                required=False,
                source="not_before",
                help_text="Shows that start at this time or later, such as 2026-12-24T18:00:00Z; "
                "a date alone is its midnight at the cinema.",
            ),
            "to": MomentField(
                required=False, source="before", help_text="Shows that start before this time."
            ),
        }
        return super().get_fields() | times


class ShowFilter(ShowTimesFilter):
    movie = StrictIntegerField(required=False, min_value=1, help_text="The movie's id.")
    date = DayField(
        required=False, source="on", help_text="A day at the cinema, such as 2026-12-24."
    )


class BookingFilter(serializers.Serializer):
    status = serializers.ChoiceField(Booking.Status.choices, required=False)
    show = StrictIntegerField(required=False, min_value=1, help_text="The show's id.")
