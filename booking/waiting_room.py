"""Waiting room of a show that more customers want than the box office can serve.

QUEUE_ABOVE customers of a show are let in each second. Every further customer gets a place: the
time at which they are let in. Places are in order of arrival, one for each customer and show, so a
retry takes no second place, and a customer who comes back at that time is let in, whatever the
rush. Clients need no state. A place is valid for a minute, for retries if a seat was taken.

The row lock decides about seats; this only decides who may wait for it.
"""

import time
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache

from .exceptions import NotYourTurn

SECOND = 1_000_000  # times are in microseconds
GOOD_FOR = 60 * SECOND


def enter(*, show_id: int, user_id: int) -> None:
    """Return if the customer may buy now, otherwise raise NotYourTurn."""
    now = int(time.time() * SECOND)
    place = f"place:{show_id}:{user_id}"
    [turn] = cache.read_counters([place])  # type: ignore[attr-defined]
    if turn + GOOD_FOR < now:
        turn = _take_place(f"queue:{show_id}", place, now)
    if turn > now:
        raise NotYourTurn(wait=-(-(turn - now) // SECOND))


def _take_place(queue: str, place: str, now: int) -> int:
    """Return the time of a new place. Of two requests at the same moment the later place counts."""
    step = SECOND // settings.QUEUE_ABOVE
    end = _advance(queue, least=now, by=step)
    if end is None:  # the cache failed: everybody is let in
        return now
    turn = max(now, end - SECOND)  # the first QUEUE_ABOVE are let in at once
    return _advance(place, least=turn, by=0) or now


def _advance(key: str, *, least: int, by: int) -> int | None:
    expires_at = datetime.fromtimestamp((least + by + GOOD_FOR) / SECOND + 1, tz=UTC)
    return cache.advance(key, least=least, by=by, expires_at=expires_at)  # type: ignore[attr-defined]
