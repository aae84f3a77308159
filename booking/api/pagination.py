"""Cursor pagination: a bare array, and the URL of the next page in the Link header (RFC 8288)."""

from django.core import signing
from django.db.models import Q
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from .fields import MAX_INTEGER, StrictIntegerField

PAGE_PARAMETERS = ("page_size", "cursor")


class CursorPagination(BasePagination):
    """Pages that start after a row, not at an offset: page 1,000 costs what page 1 costs.

    A view has an `ordering`: model fields in one direction, the last of them unique. (DRF's own
    CursorPagination compares the first field only and skips equal rows by offset, at most 1,000.)

    Fast path: a view may have a method `first_page()`, a compiled query for the first
    `ROWS_TO_READ` rows of its list. It is called for requests without query parameters, which are
    nearly all. Other pages come from the queryset. A test compares both for every list.
    """

    page_size = 100
    max_page_size = 500
    ROWS_TO_READ = page_size + 1  # the row after the page shows that there is a next page

    def paginate_queryset(self, queryset, request, view=None):
        self.request = request
        self.fields = [name.lstrip("-") for name in view.ordering]
        self.is_descending = view.ordering[0].startswith("-")
        self.salt = f"cursor of {','.join(view.ordering)}"
        if not request.query_params and hasattr(view, "first_page"):
            return self._page(view.first_page(), self.page_size)
        size = self._get_page_size()
        cursor = request.query_params.get("cursor")
        if cursor:
            queryset = queryset.filter(self._after(self._decode(cursor)))
        return self._page(list(queryset.order_by(*view.ordering)[: size + 1]), size)

    def _page(self, rows, size):
        self.last_row = rows[size - 1] if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data):
        if self.last_row is None:
            return Response(data)
        # Relative: behind a proxy we may not know the scheme, host and port that the client used.
        url = self.request.get_full_path()
        next_url = replace_query_param(url, "cursor", self._encode(self.last_row))
        return Response(data, headers={"Link": f'<{next_url}>; rel="next"'})

    def _get_page_size(self):
        value = self.request.query_params.get("page_size")
        if not value:
            return self.page_size
        field = StrictIntegerField(min_value=1, max_value=MAX_INTEGER)
        try:
            return min(field.run_validation(value), self.max_page_size)
        except ValidationError as error:
            raise ValidationError({"page_size": error.detail}) from None

    def _after(self, values):
        """Rows after the one with these values, in a form that the index on `ordering` serves."""
        lookup = "lt" if self.is_descending else "gt"
        equal, after = {}, Q()
        for name, value in zip(self.fields, values, strict=True):
            after |= Q(**equal, **{f"{name}__{lookup}": value})
            equal[name] = value
        # Redundant, but the condition by which databases enter the index.
        return Q(**{f"{self.fields[0]}__{lookup}e": values[0]}) & after

    def _encode(self, row):
        if isinstance(row, tuple):  # a snapshot, whose first value is the model instance
            row = row[0]
        values = [row._meta.get_field(name).value_to_string(row) for name in self.fields]
        return self._signer().sign_object(values)

    def _signer(self):
        """Signed, so that clients cannot invent cursors; without a time, so that ETags stay."""
        return signing.Signer(salt=self.salt)

    def _decode(self, cursor):
        try:
            return self._signer().unsign_object(cursor)
        except signing.BadSignature:
            error = ErrorDetail("This is not a cursor of this list.", code="bad_cursor")
            raise ValidationError({"cursor": [error]}) from None
