"""Mutants with wrong clocks, ends of holds and caches."""

import os
import random
import time
from datetime import timedelta

from .patching import original, replace


def skewed_clocks(application):
    """Holds expire by the clock of each worker, and the clocks are wrong."""
    skew = random.Random(os.getpid()).choice([-1.5, 1.5])

    def as_sql(self, compiler, connection, **context):
        if connection.vendor == "postgresql":
            return f"(STATEMENT_TIMESTAMP() + INTERVAL '{skew} seconds')", []
        return f"STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f000', 'NOW', '{skew:+} seconds')", []

    replace("now", as_sql)


def confirm_ignores_expiry(application):
    """Confirms expired holds."""

    def held_or_booked(bookings):
        return [each for each in bookings if each.booking.status in ("held", "booked")]

    replace("active_bookings", held_or_booked)


def forgets_released_holds(application):
    """Does not count the time of holds that were given back."""
    from booking.models import Booking

    def not_released(show_id, customer_id, ended_after, created_after):
        holds = Booking.objects.of_show(show_id).of_user(customer_id)
        holds = holds.filter(status__in=["held", "expired"], held_until__gt=ended_after)
        return list(holds.values_list("created_at", "held_until"))

    replace("held_intervals", not_released)


def move_extends_hold(application):
    """Moving a held booking lets its hold last longer."""
    update_moved = original("update_moved")

    def extend_too(bookings, **values):
        for each in bookings:
            if each.held_until:
                values["held_until"] = each.held_until + timedelta(seconds=0.5)
        update_moved(bookings, **values)

    replace("update_moved", extend_too)


def stale_seat_map(application):
    """Keeps the seat map for 30 seconds, in each worker."""
    seat_map, cache = original("seat_map"), {}

    def cached(view, request, pk):
        key = (pk, request.user.pk)
        when, response = cache.get(key, (float("-inf"), None))
        if time.monotonic() - when > 30:
            response = seat_map(view, request, pk)
            cache[key] = (time.monotonic(), response)
        return response

    replace("seat_map", cached)
