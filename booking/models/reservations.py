from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..exceptions import ReservationNotFound
from .bookings import Booking, BookingSnapshot
from .shows import ShowSnapshot
from .statuses import PRECEDENCE


@dataclass(frozen=True, slots=True)
class Reservation:
    """The bookings that share a reference, as of one moment. It has no table."""

    reference: str
    user_id: int
    show: ShowSnapshot
    created_at: datetime
    bookings: Sequence[BookingSnapshot]  # at least one, by seat number

    @classmethod
    def of(cls, bookings: Sequence[BookingSnapshot]) -> "Reservation":
        first = bookings[0].booking
        return cls(
            reference=first.reference,
            user_id=first.user_id,
            show=bookings[0].show,
            created_at=first.created_at,
            bookings=bookings,
        )

    @classmethod
    def find(cls, reference: str) -> "Reservation":
        """One query. Raises ReservationNotFound."""
        bookings = Booking.objects.filter(reference=reference).order_by("seat_number", "id")
        found = list(bookings.snapshots())
        if not found:
            raise ReservationNotFound
        # The box office uses no reference twice. If it ever did, only the first would be shown.
        first = min((each.booking for each in found), key=lambda booking: booking.pk)
        owner = (first.user_id, first.show_id)
        return cls.of([b for b in found if (b.booking.user_id, b.booking.show_id) == owner])

    @classmethod
    def of_first_bookings(cls, first: Sequence[BookingSnapshot]) -> list["Reservation"]:
        """The reservations of these first bookings, in their order. One query."""
        keys = [(b.booking.reference, b.booking.user_id, b.booking.show_id) for b in first]
        found: dict[tuple[str, int, int], list[BookingSnapshot]] = {key: [] for key in keys}
        shows = {key: each.show for key, each in zip(keys, first, strict=True)}
        bookings = Booking.objects.filter(reference__in=[reference for reference, *_ in keys])
        for each in bookings.order_by("seat_number", "id"):
            key = (each.reference, each.user_id, each.show_id)
            if key in found:
                found[key].append(each.snapshot(shows[key]))
        return [cls.of(snapshots) for snapshots in found.values() if snapshots]

    @property
    def leading(self) -> BookingSnapshot:
        """The booking whose status and times are those of the reservation."""
        return min(self.bookings, key=lambda each: PRECEDENCE.index(each.status))

    @property
    def status(self) -> str:
        return self.leading.status
