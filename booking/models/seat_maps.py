from typing import NamedTuple

from ..db.compiled import compiled
from ..seating import largest_block
from .bookings import Booking
from .shows import Show
from .statuses import Status


@compiled
def active_seats(show_id: int):
    """(seat number, status, user id) of each seat that is not free."""
    active = Booking.objects.active().of_show(show_id).order_by("seat_number")
    return active.values_list("seat_number", "status", "user")


class UserSeats(NamedTuple):
    """Seat numbers of one user, ascending."""

    booked: list[int]
    held: list[int]


class SeatMap:
    """The seats of a show that are not free: `booked` and `held`, and the user's own, `mine`.

    Lists of seat numbers, ascending. It has no table.
    """

    def __init__(self, show: Show, *, user_id: int | None):
        """One query, so that all lists are of the same moment."""
        self.total_seats = show.total_seats
        self.seats_per_row = show.seats_per_row
        self.booked: list[int] = []
        self.held: list[int] = []
        self.mine = UserSeats([], [])
        for seat_number, status, owner_id in active_seats(show.pk):
            kind = "booked" if status == Status.BOOKED else "held"
            getattr(self, kind).append(seat_number)
            if owner_id == user_id:
                getattr(self.mine, kind).append(seat_number)
        layout = show.seating
        free = set(range(1, self.total_seats + 1)).difference(self.booked, self.held, layout.house)
        self.available_seats = len(free)
        self.largest_block = largest_block(free, layout)
