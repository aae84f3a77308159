"""Who may buy, and what keeps customers from hoarding seats; to be asked after the lock."""

from math import ceil

from django.conf import settings
from django.db.models import Exists, OuterRef

from ..exceptions import CustomerNotFound, TooManySeats
from ..models import Booking

Status = Booking.Status


def check_account(show, customer):
    if show.customers_password is None:  # no active account
        raise CustomerNotFound


def check_limit(show, more):
    limit = settings.MAX_SEATS_PER_CUSTOMER
    if show.seats_of_customer + more > limit:
        raise TooManySeats(limit=limit, seats=show.seats_of_customer)


def held_too_soon(show, user):
    """The seats that the user may not hold yet, and how long not.

    Whoever has just let a hold lapse may hold its seats again, but only once in HOLD_AGAIN_AFTER:
    others want them, too. "Just" is HOLD_AT_MOST. Who gives a hold back has not let it lapse.
    """
    mine = Booking.objects.filter(show=show, user=user.pk, held_until__isnull=False)
    lapsed = mine.filter(
        status__in=[Status.HELD, Status.EXPIRED],
        held_until__range=(show.as_of - settings.HOLD_AT_MOST, show.as_of),
    )
    earlier = lapsed.filter(seat_number=OuterRef("seat_number"), pk__lt=OuterRef("pk"))
    held_again = (
        mine.filter(Exists(earlier), status__in=[Status.HELD, Status.EXPIRED])
        .filter(created_at__gt=show.as_of - settings.HOLD_AGAIN_AFTER)
        .order_by("-created_at")
        .first()
    )
    if held_again is None:
        return set(), None
    wait = held_again.created_at + settings.HOLD_AGAIN_AFTER - show.as_of
    return set(lapsed.values_list("seat_number", flat=True)), ceil(wait.total_seconds())
