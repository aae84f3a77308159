"""Adding and changing shows: what was sold keeps its seat, and a screen has one show at a time."""

from collections.abc import Sequence
from datetime import timedelta
from operator import attrgetter

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from ..db.errors import violates_unique
from ..exceptions import ChangedMeanwhile, RowsInUse, ScreenInUse, SeatsInUse, SeatsWouldMove
from ..models import Booking, Show
from ..models.mails import MailKind
from .locking import lock_screens, lock_show, retry_transaction, transaction
from .mailing import forget_reminders, mail_all_customers

LONGEST_MOVIE = timedelta(days=1)  # the bound of Movie.duration_minutes


def schedule(shows: Sequence[Show]) -> None:
    """Save new or changed shows, all or none.

    Shows of one screen, cleaning included, must not overlap; shows without a screen may. Raises
    ScreenInUse, or for a changed show ShowNotFound, ChangedMeanwhile, SeatsInUse, RowsInUse or
    SeatsWouldMove.
    """
    new = [show for show in shows if show._state.adding]
    changed = sorted((show for show in shows if not show._state.adding), key=attrgetter("pk"))
    try:
        _save(new, changed)
    except IntegrityError as error:
        if violates_unique(error, Show, "one_show_per_screen_and_start"):
            _require_screens_free(shows)  # names the show that was added past the lock
        raise
    for show in changed:
        show.version += 1


@retry_transaction
def _save(new: Sequence[Show], changed: Sequence[Show]) -> None:
    with transaction():
        for show in changed:
            _require_unchanged(show)
            require_seats_stay(show)
        shows = [*new, *changed]
        lock_screens({show.screen_id for show in shows if show.screen_id})
        _require_screens_free(shows)
        for show in new:
            show.pk, show._state.adding = None, True  # it may be the second try
            if show.screen and not show.layout:
                show.use_screen(show.screen)
        Show.objects.bulk_create(new)
        for show in changed:
            if _is_moved(show):
                mail_all_customers(show.pk, MailKind.SHOW_MOVED)
                forget_reminders(show.pk)
            show.save()
            Show.objects.filter(pk=show.pk).update(version=show.version + 1)


def _is_moved(show: Show) -> bool:
    """True if its unsaved time or screen is another one, unless it is over in both cases."""
    before = Show.objects.only("date_time", "screen_name").get(pk=show.pk)
    is_moved = (before.date_time, before.screen_name) != (show.date_time, show.screen_name)
    return is_moved and max(before.date_time, show.date_time) > timezone.now()


@retry_transaction
def delete_show(*, show: Show) -> None:
    """Delete a show that has never sold a seat, with its released and expired holds.

    Raises ShowNotFound, or ProtectedError if a seat was sold or is held.
    """
    with transaction():
        lock_show(show.pk)
        bookings = Booking.objects.of_show(show.pk)
        if not bookings.ever_sold_or_active().exists():
            bookings.delete()
        show.delete()


def _require_unchanged(show: Show) -> None:
    """Lock the show's row and compare the version."""
    lock_show(show.pk)
    if not Show.objects.filter(pk=show.pk, version=show.version).exists():
        raise ChangedMeanwhile


def require_seats_stay(show: Show) -> None:
    """Lock the show's row, and refuse if its unsaved layout removes or moves an active seat.

    Call it in the transaction that saves the show: until it ends, nothing is sold.
    Raises ShowNotFound, SeatsInUse, RowsInUse or SeatsWouldMove.
    """
    lock_show(show.pk)
    active = Booking.objects.active().of_show(show.pk).order_by("seat_number")
    seats = list(active.values_list("seat_number", flat=True))
    if not seats:
        return
    if seats[-1] > show.total_seats:
        raise SeatsInUse(highest=seats[-1])
    stored = Show.objects.get(pk=show.pk)
    before, after = stored.seating, show.seating
    moved = [
        before.label(seat)
        for seat in seats
        if (before.position(seat), before.label(seat)) != (after.position(seat), after.label(seat))
    ]
    if moved and not (show.layout or stored.layout):
        raise RowsInUse(seats_per_row=stored.seats_per_row)
    if moved:
        raise SeatsWouldMove(labels=", ".join(moved))


def _require_screens_free(shows: Sequence[Show]) -> None:
    for other in filter(None, overlapping_shows(shows)):
        free_at = timezone.localtime(other.screen_is_free_at)
        raise ScreenInUse(show=str(other), free_at=f"{free_at:%H:%M}")


def overlapping_shows(shows: Sequence[Show]) -> list[Show | None]:
    """For each show another one that is on its screen at that time, stored or before it in the
    list; None if there is none. Cancelled shows are on no screen.
    """
    wanted = [show for show in shows if show.screen_id and show.takes_place]
    if not wanted:
        return [None] * len(shows)
    stored = Show.objects.filter(
        screen__in={show.screen_id for show in wanted},
        cancelled_at=None,
        date_time__gt=min(show.date_time for show in wanted)
        - LONGEST_MOVIE
        - settings.CLEANING_TIME,
        date_time__lt=max(show.screen_is_free_at for show in wanted),
    ).exclude(pk__in=[show.pk for show in shows if show.pk])
    on_screen: dict[int | None, list[Show]] = {}
    for show in stored.select_related("movie").order_by("date_time", "id"):
        on_screen.setdefault(show.screen_id, []).append(show)
    found: list[Show | None] = []
    for show in shows:
        others = on_screen.setdefault(show.screen_id, []) if show in wanted else []
        found.append(next((other for other in others if overlap(show, other)), None))
        others.append(show)
    return found


def overlap(one: Show, other: Show) -> bool:
    """True if both, cleaning included, need the screen at the same moment."""
    return one.date_time < other.screen_is_free_at and other.date_time < one.screen_is_free_at
