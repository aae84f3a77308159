"""Read a large queryset in slices, without a server-side cursor."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

SLICE_SIZE = 2_000  # rows in memory


def slices(rows: QuerySet) -> Iterator[list[Any]]:
    """Lists of at most SLICE_SIZE rows by ascending id, each read by a query (keyset pagination).

    Not `iterator()`: without server-side cursors (settings.py) it reads all rows into memory.
    """
    rows, last = rows.order_by("pk"), 0
    while found := list(rows.filter(pk__gt=last)[:SLICE_SIZE]):
        yield found
        last = found[-1].pk
