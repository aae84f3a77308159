"""Tickets to print or to show: PDF, PNG and SVG, typeset by Typst from ticket.typ."""

import json
import unicodedata
from collections.abc import Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal, NamedTuple

import segno
import typst
from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime

from ..models import BookingSnapshot
from .codes import Ticket, code_of, with_tickets

FOLDER = Path(__file__).resolve().parent
TEMPLATE = FOLDER / "ticket.typ"
PNG_RESOLUTION = 200  # pixels per inch: 827 × 1165 pixels

Format = Literal["pdf", "png", "svg"]
MEDIA_TYPES: dict[Format, str] = {
    "pdf": "application/pdf",
    "png": "image/png",
    "svg": "image/svg+xml",
}


def print_tickets(bookings: Sequence[BookingSnapshot], *, name: str, form: Format) -> bytes:
    """The tickets of booked seats of one customer: a page each; one ticket if it is a picture."""
    tickets = [_content_of(each, name) for each in bookings]
    seats = ", ".join(each.seat_label for each in bookings)
    document = typst.compile(
        str(TEMPLATE),
        root=str(FOLDER),
        font_paths=_fonts(),
        format=form,
        ppi=PNG_RESOLUTION if form == "png" else None,
        sys_inputs={
            "tickets": json.dumps(tickets),
            "title": f"{bookings[0].show.movie.title}, {seats}",
        },
    )
    assert isinstance(document, bytes)  # noqa: S101 several pages only as PDF
    return document


class TicketFile(NamedTuple):
    content: bytes
    media_type: str
    name: str


def ticket_file(
    bookings: Sequence[BookingSnapshot], *, customer_name: str, form: Format
) -> TicketFile:
    """The tickets of those that are booked, as a file. Raises TicketCancelled or NotBooked."""
    booked = with_tickets(bookings)
    content = print_tickets(booked, name=customer_name, form=form)
    seat = f"-{booked[0].seat_label}" if len(bookings) == 1 else ""
    name = f"ticket-{booked[0].booking.reference}{seat}.{form}"
    return TicketFile(content, MEDIA_TYPES[form], name)


@cache
def _fonts() -> typst.Fonts:
    """Only the fonts in this folder, so that a ticket looks the same on every machine."""
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(FOLDER / "fonts")],
    )


def _content_of(booking: BookingSnapshot, name: str) -> dict[str, Any]:
    show, starts = booking.show.show, localtime(booking.show.show.date_time)
    code = code_of(Ticket.of(booking.booking))
    return {
        "cinema": _written(settings.CINEMA_NAME),
        "address": _written(settings.CINEMA_ADDRESS),
        "movie": _written(booking.show.movie.title),
        "screen": _written(show.screen_name),
        "weekday": date_format(starts, "l"),
        "day": date_format(starts, "j M Y"),
        "time": date_format(starts, "H:i"),
        "doors": date_format(localtime(show.date_time - settings.DOORS_OPEN), "H:i"),
        "seat": booking.seat_label,
        "reference": booking.booking.reference,
        "name": _written(name),
        "code": " ".join(code[start : start + 4] for start in range(0, len(code), 4)),
        "qr": qr_code(code),
    }


def qr_code(code: str) -> str:
    """SVG of a QR code with the highest error correction and a quiet zone of four modules."""
    picture = BytesIO()
    segno.make_qr(code, error="h").save(picture, kind="svg", border=4, xmldecl=False)
    return picture.getvalue().decode()


def _written(text: str) -> dict[str, Any]:
    """A text and its direction: that of the first letter that has one (UAX #9, P2)."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    first = next((each for each in strong if each in ("L", "R", "AL")), "L")
    return {"text": text, "rtl": first != "L"}
