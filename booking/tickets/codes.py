"""Ticket codes: a booking and its seat, signed.

A code is 32 characters of base32 (RFC 4648), for 20 bytes:

    bytes 0–1   ID of the key, so that a code of a withdrawn key is told from a forged one
    bytes 2–6   ID of the booking
    bytes 7–9   number of the seat: after a move the old ticket is not valid any more
    bytes 10–19 the first 80 bits of an HMAC-SHA256 of the rest

Capital letters and digits: a QR code of them has 29 × 29 modules at the highest error correction.
"""

from base64 import b32decode, b32encode
from binascii import Error
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from ..exceptions import BadTicket, NotBooked, TicketCancelled
from ..logging import security_log
from ..models import Booking, BookingSnapshot
from ..models.statuses import Status

CODE_LENGTH = 32
KEY_ID_LENGTH = 2
SIGNED_LENGTH = 10
SIGNATURE_LENGTH = 10
MAX_TYPED_LENGTH = 200  # with blanks and line ends


class Ticket(NamedTuple):
    """What a code says; whether it is still so, the box office knows."""

    booking_id: int
    seat_number: int

    @classmethod
    def of(cls, booking: Booking) -> "Ticket":
        return cls(booking.pk, booking.seat_number)


def with_tickets(bookings: Sequence[BookingSnapshot]) -> list[BookingSnapshot]:
    """Those that are booked: only they have tickets. Raises TicketCancelled or NotBooked."""
    booked = [each for each in bookings if each.status == Status.BOOKED]
    if booked:
        return booked
    for each in bookings:
        if each.status == Status.CANCELLED:
            raise TicketCancelled(
                cancelled_at=each.booking.cancelled_at, show_cancelled=each.show_cancelled
            )
    raise NotBooked(status=bookings[0].status)


def code_of(ticket: Ticket, key: str | None = None) -> str:
    """The code, signed with the first of TICKET_KEYS unless another key is given."""
    key = settings.TICKET_KEYS[0] if key is None else key
    signed = (
        _key_id(key) + ticket.booking_id.to_bytes(5, "big") + ticket.seat_number.to_bytes(3, "big")
    )
    return b32encode(signed + _signature(signed, key)).decode()


def read_code(text: str) -> Ticket:
    """The ticket of a code, as scanned or typed: blanks, hyphens and case do not matter.

    Raises BadTicket.
    """
    if len(text) > MAX_TYPED_LENGTH:
        raise BadTicket
    code = "".join(text.split()).replace("-", "")
    if len(code) != CODE_LENGTH or not code.isascii():
        raise BadTicket
    try:
        content = b32decode(code, casefold=True, map01="L")
    except Error:
        raise BadTicket from None
    signed, signature = content[:SIGNED_LENGTH], content[SIGNED_LENGTH:]
    keys = [key for key in settings.TICKET_KEYS if _key_id(key) == signed[:KEY_ID_LENGTH]]
    if not any(constant_time_compare(signature, _signature(signed, key)) for key in keys):
        security_log.info("event=%s", "ticket_forged" if keys else "ticket_of_unknown_key")
        raise BadTicket
    return Ticket(int.from_bytes(signed[2:7], "big"), int.from_bytes(signed[7:10], "big"))


def hashes_of(ticket: Ticket) -> list[str]:
    """SHA-256 of the ticket's code by each of TICKET_KEYS, for gates that are offline.

    They compare the hash of what they scan, and cannot make a ticket from the list.
    """
    return [sha256(code_of(ticket, key).encode()).hexdigest() for key in settings.TICKET_KEYS]


def _key_id(key: str) -> bytes:
    return sha256(b"ticket key " + key.encode()).digest()[:KEY_ID_LENGTH]


def _signature(signed: bytes, key: str) -> bytes:
    mac = salted_hmac("booking.tickets", signed, key, algorithm="sha256")
    return mac.digest()[:SIGNATURE_LENGTH]
