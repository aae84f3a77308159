"""Rule for the table of mails: exactly one for each change that is mailed to its customer.

No mail worker runs in a torture run, so the mails are still in the table.
"""

from collections import Counter
from math import inf

from .events import STATUS_AFTER, seconds

# Kind of the mail about an event, by the status of the booking before it.
KINDS = {
    (None, "booked"): "booked",
    ("held", "confirmed"): "booked",
    ("booked", "moved"): "changed",
    ("booked", "cancelled"): "cancelled",
    ("admitted", "cancelled"): "cancelled",
}


SHOW_MOVED = "show_moved"


def violations(mails, events, bookings, erased, renamed=()):
    """`events` is Events, `renamed` has (show, time) of each change to another screen.

    The mails of erased accounts are deleted.
    """
    changes = set()  # a transaction that changes several seats of a reservation writes one mail
    for booking_id, history in events.of_booking.items():
        booking, status = events.bookings[booking_id], None
        for event in history:
            kind = KINDS.get((status, event["kind"]))
            if kind and booking["user"] not in erased:
                transaction = event["request_id"], event["created_at"]
                changes.add((booking["reference"], kind, transaction))
            status = STATUS_AFTER.get((status, event["kind"]))
    expected = Counter((reference, kind) for reference, kind, _ in changes)
    gone = {each["reference"] for each in bookings if each["user"] in erased}
    found = Counter(
        (each["reference"], each["kind"]) for each in mails if each["reference"] not in gone
    )
    of_moves = Counter(
        {reference: n for (reference, kind), n in found.items() if kind == SHOW_MOVED}
    )
    found = Counter({key: count for key, count in found.items() if key[1] != SHOW_MOVED})
    fewest, most = _expected_of_moves(events, renamed)
    for reference in (of_moves.keys() | fewest.keys()) - gone:
        count = of_moves[reference]
        if not fewest[reference] <= count <= most[reference]:
            yield (
                f"{count} mails about another screen of reservation {reference}, "
                f"not {fewest[reference]} to {most[reference]}"
            )
    for (reference, kind), count in (expected - found).items():
        yield f"{count} mails too few about reservation {reference}: {kind}"
    for (reference, kind), count in (found - expected).items():
        yield f"{count} mails too many about reservation {reference}: {kind}"


def _expected_of_moves(events, renamed):
    """How many mails each reservation gets about other screens: two counters, fewest and most.

    They differ if a seat was booked or cancelled at the very moment, by the clock, of the change.
    """
    fewest, most = Counter(), Counter()
    for show, at in renamed:
        surely, perhaps = set(), set()
        for pk, history in events.of_booking.items():
            booking = events.bookings[pk]
            if booking["show"] != show:
                continue
            began, ended = _booked_times(history)
            if began <= at <= ended:
                perhaps.add(booking["reference"])
            if began < at < ended:
                surely.add(booking["reference"])
        fewest.update(surely)
        most.update(perhaps)
    return fewest, most


def _booked_times(history):
    """(from, to) when a seat was booked; never, if it was only held."""
    began = [seconds(e["created_at"]) for e in history if e["kind"] in ("booked", "confirmed")]
    ended = [seconds(e["created_at"]) for e in history if e["kind"] == "cancelled"]
    return min(began, default=inf), min(ended, default=inf)
