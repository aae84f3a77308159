from collections.abc import Iterable
from typing import NamedTuple, Self

from ..db.compiled import compiled, fetch_all
from ..seating import largest_block
from .bookings import Booking
from .shows import Show, shows_by_id
from .statuses import Status


@compiled
def active_seats(show_id: int):
    """(seat number, status, user id) of each seat that is not free."""
    active = Booking.objects.active().of_show(show_id).order_by("seat_number")
    return active.values_list("seat_number", "status", "user")


@compiled
def show_versions(show_id: int):
    """At most one version."""
    return Show.objects.filter(pk=show_id).values_list("version", flat=True)


class UserSeats(NamedTuple):
    """Seat numbers of one user, ascending."""

    booked: list[int]
    held: list[int]


class SeatMap:
    """The seats of a show that are not free: `booked` and `held`, and the user's own, `mine`.

    Lists of seat numbers, ascending. It has no table.
    """

    def __init__(self, show: Show, seats: Iterable[tuple[int, str, int]], *, user_id: int | None):
        """`seats` are rows of `active_seats`."""
        self.total_seats = show.total_seats
        self.seats_per_row = show.seats_per_row
        self.booked: list[int] = []
        self.held: list[int] = []
        self.mine = UserSeats([], [])
        for seat_number, status, owner_id in seats:
            kind = "booked" if status == Status.BOOKED else "held"
            getattr(self, kind).append(seat_number)
            if owner_id == user_id:
                getattr(self.mine, kind).append(seat_number)
        layout = show.seating
        free = set(range(1, self.total_seats + 1)).difference(self.booked, self.held, layout.house)
        self.available_seats = len(free)
        self.largest_block = largest_block(free, layout)

    @classmethod
    def of_show(cls, show_id: int, *, user_id: int | None) -> Self | None:
        """The seat map of a show, consistent while staff change the hall; None without such a show.

        Each of the queries has its own snapshot. So the show's version is read again after the
        seats, and if it has changed, all three queries are run again.
        """
        queries = [query.bind(show_id) for query in (shows_by_id, active_seats, show_versions)]
        while True:
            shows, seats, versions = fetch_all(*queries)
            if not shows:
                return None
            if versions == [shows[0].version]:
                return cls(shows[0], seats, user_id=user_id)
