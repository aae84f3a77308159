from ..exceptions import ReservationNotFound
from .bookings import Booking


class Reservation:
    """What one person took in one go: the bookings that share a reference. It has no table."""

    def __init__(self, bookings):
        """Of at least one booking, all with the same show at hand, in the order of the seats."""
        self.bookings = bookings
        self.reference = bookings[0].reference
        self.user_id = bookings[0].user_id
        self.show = bookings[0].show
        self.created_at = bookings[0].created_at

    @classmethod
    def find(cls, reference):
        """Two queries. Raises ReservationNotFound."""
        bookings = Booking.objects.filter(reference=reference).order_by("seat_number", "id")
        found = list(bookings.with_shows())
        if not found:
            raise ReservationNotFound
        # The box office gives no reference twice. Should two ever meet, nobody gets at both.
        first = min(found, key=lambda each: each.pk)
        return cls([b for b in found if (b.user_id, b.show_id) == (first.user_id, first.show_id)])

    @property
    def leading(self):
        """The booking that speaks for all: a seat that was given back by itself does not count
        while others are left. What this one may, the reservation may."""
        status = Booking.Status
        precedence = [status.HELD, status.BOOKED, status.EXPIRED, status.CANCELLED]
        return min(self.bookings, key=lambda each: precedence.index(each.current_status))

    @property
    def status(self):
        return self.leading.current_status
