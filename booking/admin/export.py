"""Bookings as CSV: streamed, and safe to open in a spreadsheet."""

import csv

from django.http import StreamingHttpResponse
from django.utils import timezone

from ..models.slices import slices

COLUMNS = [
    "reference",
    "status",
    "movie",
    "screen",
    "show",
    "seat",
    "label",
    "username",
    "first_name",
    "last_name",
    "email",
    "note",
    "sold_by",
    "created_at",
    "cancelled_at",
    "admitted_at",
]
# Spreadsheets take a cell that begins with one of these for a formula, some also in full width.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BYTE_ORDER_MARK = "\ufeff"  # or Excel takes the file for another encoding than UTF-8


def export_bookings(bookings):
    """Times are in the cinema's zone."""
    name = f"bookings-{timezone.localtime():%Y-%m-%d-%H%M}.csv"
    return StreamingHttpResponse(
        lines(bookings),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def lines(bookings):
    writer = csv.writer(Echo())
    yield BYTE_ORDER_MARK + writer.writerow(COLUMNS)
    for rows in slices(bookings):
        for booking in rows:
            yield writer.writerow([defuse(cell) for cell in cells(booking)])


def cells(booking):
    show, user = booking.show, booking.user
    return [
        booking.reference,
        booking.current_status,
        show.movie.title,
        show.screen_name,
        local(show.date_time),
        booking.seat_number,
        booking.seat_label,
        user.username,
        user.first_name,
        user.last_name,
        user.email,
        booking.note,
        booking.sold_by,
        local(booking.created_at),
        local(booking.cancelled_at),
        local(booking.admitted_at),
    ]


def local(moment):
    return moment and timezone.localtime(moment).isoformat(sep=" ", timespec="minutes")


def defuse(cell):
    """The text of a cell, with an apostrophe in front of what looks like a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text


class Echo:
    """A file that returns what is written to it, for csv.writer."""

    def write(self, line):
        return line
