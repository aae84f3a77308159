"""A queryset read in slices, where one query would need too much memory or time."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

SLICE_SIZE = 2_000  # rows in memory


def slices(rows: QuerySet) -> Iterator[list[Any]]:
    """The rows in lists of SLICE_SIZE by ascending id, each by a query that uses the key.

    No server-side cursor: they do not work behind a pooler in transaction mode.
    """
    rows, last = rows.order_by("pk"), 0
    while found := list(rows.filter(pk__gt=last)[:SLICE_SIZE]):
        yield found
        last = found[-1].pk
