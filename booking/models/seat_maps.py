from typing import NamedTuple

from ..seating import largest_block
from .bookings import Booking
from .prepared import prepared


@prepared
def seats_in_use(show_id):
    active = Booking.objects.active().filter(show=show_id).order_by("seat_number")
    return active.values_list("seat_number", "status", "user")


class MySeats(NamedTuple):
    booked: list
    held: list


class SeatMap:
    """Which seats of a show are not free, by the database's clock. It has no table.

    `booked` and `held` are everybody's, `mine` those of one user; seat numbers, ascending.
    """

    def __init__(self, show, user):
        """Asks one query, so that the map is of one moment."""
        self.total_seats = show.total_seats
        self.seats_per_row = show.seats_per_row
        self.booked, self.held = [], []
        self.mine = MySeats([], [])
        for seat_number, status, user_id in seats_in_use(show.pk):
            kind = "booked" if status == Booking.Status.BOOKED else "held"
            getattr(self, kind).append(seat_number)
            if user_id == user.pk:
                getattr(self.mine, kind).append(seat_number)
        free = set(range(1, self.total_seats + 1)).difference(self.booked, self.held)
        self.available_seats = len(free)
        self.largest_block = largest_block(free, self.seats_per_row)
