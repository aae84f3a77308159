"""The waiting room of a show for which more people come than the box office can serve.

Above QUEUE_ABOVE customers of a show in a second, each of the others gets a place: the moment at
which they are let in. Places are given out in order of arrival, QUEUE_ABOVE for each second, and
one for each customer and show, so asking again costs nobody a place and nobody is overtaken: a
customer who comes back at the time they were told is let in, whatever the rush. Clients need to
keep nothing. A place is good for a minute, for further tries if a seat was taken.

The row lock decides about seats; this only decides who may wait for it.
"""

import time
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache

from .exceptions import NotYourTurn

SECOND = 1_000_000  # the unit of time here is the microsecond
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
    """When the customer's turn is. Of two requests at the same moment the later place counts."""
    step = SECOND // settings.QUEUE_ABOVE
    end = _advance(queue, least=now, by=step)
    if end is None:  # without the cache everybody is let in
        return now
    turn = max(now, end - SECOND)  # the first QUEUE_ABOVE come at once
    return _advance(place, least=turn, by=0) or now


def _advance(key: str, *, least: int, by: int) -> int | None:
    expires_at = datetime.fromtimestamp((least + by + GOOD_FOR) / SECOND + 1, tz=UTC)
    return cache.advance(key, least=least, by=by, expires_at=expires_at)  # type: ignore[attr-defined]
