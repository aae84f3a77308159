from ..exceptions import RowsInUse, SeatsInUse
from ..models import Booking, Show
from .turns import wait_for_turn


def check_new_hall(*, show, total_seats, seats_per_row):
    """Refuse to take seats away that are held or booked, or to renumber their rows.

    Call it in the transaction that saves the show: from here to its end nobody books.
    Raises SeatsInUse or RowsInUse.
    """
    wait_for_turn(show.pk)
    in_use = Booking.objects.active().filter(show=show).order_by("-seat_number")
    highest = in_use.values_list("seat_number", flat=True).first()
    if highest is None:
        return
    if highest > total_seats:
        raise SeatsInUse(highest=highest)
    before = Show.objects.values_list("seats_per_row", flat=True).get(pk=show.pk)
    if seats_per_row != before:
        raise RowsInUse(seats_per_row=before)
