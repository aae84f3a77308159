"""Lists are bare arrays; the address of the next page is in the `Link` header (RFC 8288)."""

from django.core import signing
from django.db.models import Q
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from .fields import StrictIntegerField


class CursorPagination(BasePagination):
    """Pages that begin after a row, not at an offset: page 1,000 costs what page 1 costs.

    A view names its `ordering`: model fields in one direction, the last of them unique. (DRF's
    own CursorPagination compares the first field only and steps over equal rows by offset,
    a thousand at the most.)
    """

    page_size = 100
    largest_page_size = 500

    def paginate_queryset(self, queryset, request, view=None):
        self._begin(request, view)
        size = self._page_size()
        cursor = request.query_params.get("cursor")
        if cursor:
            queryset = queryset.filter(self._after(self._decode(cursor)))
        return self._page(list(queryset.order_by(*view.ordering)[: size + 1]), size)

    def first_page(self, rows, request, view):
        """Of rows that were read in the view's order: one more than a page has, if there are."""
        self._begin(request, view)
        return self._page(rows, self.page_size)

    def _begin(self, request, view):
        self.request = request
        self.fields = [name.lstrip("-") for name in view.ordering]
        self.descending = view.ordering[0].startswith("-")
        # Signed, so that a cursor is one of ours and of this list, or it is refused.
        self.salt = f"cursor of {','.join(view.ordering)}"

    def _page(self, rows, size):
        self.last = rows[size - 1] if len(rows) > size else None
        return rows[:size]

    def get_paginated_response(self, data):
        if self.last is None:
            return Response(data)
        here = self.request.build_absolute_uri()
        following = replace_query_param(here, "cursor", self._encode(self.last))
        return Response(data, headers={"Link": f'<{following}>; rel="next"'})

    def _page_size(self):
        asked = self.request.query_params.get("page_size")
        if not asked:
            return self.page_size
        field = StrictIntegerField(min_value=1)
        try:
            return min(field.run_validation(asked), self.largest_page_size)
        except ValidationError as error:
            raise ValidationError({"page_size": error.detail}) from None

    def _after(self, values):
        """Rows beyond the one with these values, as the index on `ordering` can find them."""
        beyond = "lt" if self.descending else "gt"
        tied, after = {}, Q()
        for name, value in zip(self.fields, values, strict=True):
            after |= Q(**tied, **{f"{name}__{beyond}": value})
            tied[name] = value
        # Implied by the rest, and the part that an index can be entered with.
        return Q(**{f"{self.fields[0]}__{beyond}e": values[0]}) & after

    def _encode(self, row):
        row = getattr(row, "booking", None) or getattr(row, "show", None) or row
        values = [row._meta.get_field(name).value_to_string(row) for name in self.fields]
        return self._signer().sign_object(values)

    def _signer(self):
        """Without the time, so that the same page has the same address, and the same ETag."""
        return signing.Signer(salt=self.salt)

    def _decode(self, cursor):
        try:
            return self._signer().unsign_object(cursor)
        except signing.BadSignature:
            raise ValidationError({"cursor": ["This is not a cursor of this list."]}) from None
