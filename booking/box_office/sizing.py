from ..exceptions import SeatsInUse
from ..models import Booking
from .turns import wait_for_turn


def check_new_size(*, show, total_seats):
    """Refuse to take away seats that are held or booked.

    Call it in the transaction that saves the show: from here to its end nobody books.
    Raises SeatsInUse.
    """
    wait_for_turn(show.pk)
    highest = (
        Booking.objects.active()
        .filter(show=show, seat_number__gt=total_seats)
        .order_by("-seat_number")
        .values_list("seat_number", flat=True)
        .first()
    )
    if highest:
        raise SeatsInUse(highest=highest)
