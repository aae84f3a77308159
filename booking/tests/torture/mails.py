"""Rule for the table of mails: exactly one for each change that is mailed to its customer.

No mail worker runs in a torture run, so the mails are still in the table.
"""

from collections import Counter

from .events import STATUS_AFTER

# Kind of the mail about an event, by the status of the booking before it.
KINDS = {
    (None, "booked"): "booked",
    ("held", "confirmed"): "booked",
    ("booked", "moved"): "changed",
    ("booked", "cancelled"): "cancelled",
    ("admitted", "cancelled"): "cancelled",
}


def violations(mails, events, bookings, erased):
    """`events` is Events; the mails of erased accounts are deleted."""
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
    for (reference, kind), count in (expected - found).items():
        yield f"{count} mails too few about reservation {reference}: {kind}"
    for (reference, kind), count in (found - expected).items():
        yield f"{count} mails too many about reservation {reference}: {kind}"
