"""Changing the seats of a show that has bookings."""

from ..exceptions import RowsInUse, SeatsInUse
from ..models import Booking, Show
from .locking import lock_show


def require_hall_fits(*, show: Show, total_seats: int, seats_per_row: int) -> None:
    """Refuse to remove seats that are held or booked, or to change their rows.

    Call it in the transaction that saves the show: until it ends, nothing is sold.
    Raises SeatsInUse or RowsInUse.
    """
    lock_show(show.pk)
    active = Booking.objects.active().of_show(show.pk).order_by("-seat_number")
    highest = active.values_list("seat_number", flat=True).first()
    if highest is None:
        return
    if highest > total_seats:
        raise SeatsInUse(highest=highest)
    before = Show.objects.values_list("seats_per_row", flat=True).get(pk=show.pk)
    if seats_per_row != before:
        raise RowsInUse(seats_per_row=before)
