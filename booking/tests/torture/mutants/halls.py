"""Mutants with wrong halls."""

import time

from .patching import DELAY, original, replace


def changes_halls_without_lock(application):
    """Looks at the seats in use, and later changes the hall, without locking the show."""
    from booking.exceptions import ShowNotFound
    from booking.models import Show

    require_seats_stay = original("require_seats_stay")

    def read_show(show_id):
        if not Show.objects.filter(pk=show_id).exists():
            raise ShowNotFound

    def look_early(show):
        require_seats_stay(show)
        time.sleep(4 * DELAY)

    replace("lock_show_to_change_hall", read_show)
    replace("require_seats_stay", look_early)


def sells_by_old_layout(application):
    """Decides on a sale by the layout that the show had before it was locked."""
    from booking.models import Show

    lock_show = original("lock_show")

    def lock_late(show_id, *queries):
        hall = Show.objects.filter(pk=show_id).values("total_seats", "seats_per_row", "layout")
        old = hall.first() or {}
        time.sleep(60 * DELAY)  # a hall changes now and then only
        [[sale]] = lock_show(show_id, *queries)
        for name, value in old.items():
            setattr(sale.snapshot.show, name, value)
        return [[sale]]

    replace("lock_show", lock_late)
