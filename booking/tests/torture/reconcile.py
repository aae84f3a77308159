"""Combine history and final tables: the operations that certainly happened, for the checker.

A missing response leaves open whether its request was done. The table of Idempotency-Keys decides
it after the run: a key is stored in the transaction of the change. So no outcome stays unknown, and
a row that belongs to no request is a violation.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from .history import INDEFINITE
from .model import Operation

REFUSED = 400
BROKEN = 500
KINDS = {"book": "reserve"}  # to the model a booking is a reservation of one seat


@dataclass
class Reconciled:
    operations: dict  # lists of Operation, by show
    violations: list  # promises broken, whatever the order was
    faults: list  # defects that break no promise
    counts: Counter


def seconds(moment):
    """Seconds since the epoch of an ISO 8601 time, or None."""
    return moment and datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def reconcile(requests, tables, ended, exact=True):
    """Reconcile a history with the tables that fixture.py has dumped.

    `ended` is when nothing ran any more, in seconds. `exact`: the clock was read under the lock,
    so times give the order.
    """
    keys = {(row["user"], row["key"]): row for row in tables["keys"]}
    operations, violations, faults = defaultdict(list), [], []
    given_back = _given_back(tables["bookings"])
    counts, stored = Counter(), Counter()
    for request in requests:
        row = keys.pop((request.user, request.key), None) if request.key else None
        if row and request.kind == "confirm":
            stored[request.arguments["reference"]] += 1
        violations += [f"{what}: {request}" for what in _violations(request, row)]
        faults += [f"{what}: {request}" for what in _faults(request)]
        of_request = _operations(request, row, ended)
        for each in of_request:
            if each.kind == "cancel_reservation" and each.code is None:
                each.body["read_at"] = given_back.get(each.arguments["reference"])
        operations[request.show] += of_request
        counts += _counts(request, row)
    violations += [f"a key without a request: {key}" for key in keys]
    violations += _inconsistent_rows(tables["bookings"])
    violations += _inconsistent_events(tables["bookings"], tables["events"])
    violations += _unstored_confirmations(tables["bookings"], tables["events"], stored)
    if exact:
        for of_show in operations.values():
            _order_by_clock(of_show)
    for show in tables["shows"]:
        of_show = {
            str(each["id"]): [each[name] for name in ("reference", "user", "seat", "status")]
            + [seconds(each["held_until"])]
            for each in tables["bookings"]
            if each["show"] == show
        }
        body = {"bookings": of_show}
        operations[show].append(Operation(show, 0, "table", {}, None, body, ended, ended))
    counts["ms, the longest wait for a response"] = max(
        (
            round(1000 * (each.returned - each.sent))
            for request in requests
            for each in request.attempts
            if each.returned
        ),
        default=0,
    )
    counts["expired holds"] = len(
        {
            each["reference"]
            for each in tables["bookings"]
            if each["status"] == "expired"
            or (each["status"] == "held" and seconds(each["held_until"]) <= ended)
        }
    )
    return Reconciled(dict(operations), violations, faults, counts)


def _faults(request):
    if any(each.is_definite and each.status >= BROKEN for each in request.attempts):
        yield "server error"
    if request.key and request.final_attempt is None:
        yield "no definite response"


def _violations(request, row):
    """Errors in the responses to one request, by themselves."""
    done = [each for each in request.attempts if each.is_definite and each.is_done]
    for each in request.attempts:
        if each.is_definite and not each.is_done and REFUSED < each.status < BROKEN:
            yield f"status {each.status}"
    if not request.key:
        return
    if row is None and request.kind == "confirm":
        return  # the response of a repeated one is not stored: see _unstored_confirmations
    if done and row is None:
        yield "acknowledged and lost"
    if len({each.body for each in done} | ({row["body"]} if row else set())) > 1:
        yield "two different responses"
    if sum(not each.replayed for each in done) > 1:
        yield "done twice"


def _operations(request, row, ended):
    """Operations of a request: each refusal, and the success, once."""
    refusals = [
        _operation(request, each.body, each.sent, each.returned)
        for each in request.attempts
        if each.status == REFUSED
    ]
    if request.kind == "map":
        done = [each for each in request.attempts if each.is_done]
        return [_operation(request, each.body, each.sent, each.returned) for each in done]
    if row is None or row["status"] == 0:
        return refusals
    done = _operation(request, row["body"], *_when(request, ended))
    done.after = list(refusals)  # a refusal after the success would have been wrong
    return [*refusals, done]


def _when(request, ended):
    """Interval in which the request was done: (sent, returned)."""
    acknowledged = [each for each in request.attempts if each.is_done]
    for each in acknowledged:
        if not each.replayed:  # by this very attempt
            return each.sent, each.returned
    candidates = [each.sent for each in request.attempts if each.status != REFUSED]
    first = min(candidates, default=request.attempts[0].sent)
    return first, min((each.returned for each in acknowledged), default=ended)


def _given_back(bookings):
    """When the last seat of each reservation was given back; its response does not tell."""
    times = {}
    for each in bookings:
        if moment := seconds(each.get("cancelled_at")):
            times[each["reference"]] = max(moment, times.get(each["reference"], 0))
    return times


def _order_by_clock(operations):
    """Order operations by the time that each has read under the lock."""
    timed = [each for each in operations if each.code is None and each.body.get("read_at")]
    timed.sort(key=lambda each: each.body["read_at"])
    for before, after in pairwise(timed):
        if before.body["read_at"] < after.body["read_at"]:
            after.after.append(before)


def _operation(request, body, sent, returned):
    body = json.loads(body)
    if "show" in body:  # the other fields of a show are not checked
        body["show"] = {"available_seats": body["show"]["available_seats"]}
    code = body.get("code")
    if code is None and request.kind == "book":
        seat = {name: body[name] for name in ("id", "seat_number", "status")}
        body = {"bookings": [seat], **body}
    if code is None and request.kind in ("book", "reserve"):
        body["read_at"] = seconds(body["created_at"])
    if code is None and request.kind == "cancel":
        body["read_at"] = seconds(body["cancelled_at"])
    if "expires_at" in body:
        body["expires_at"] = seconds(body["expires_at"])
    kind = KINDS.get(request.kind, request.kind)
    return Operation(
        request.show, request.user, kind, request.arguments, code, body, sent, returned
    )


def _inconsistent_rows(bookings):
    """Errors in the final table that no order of operations explains."""
    of_reference, at_seat = defaultdict(list), Counter()
    for each in bookings:
        of_reference[each["reference"]].append(each)
        at_seat[each["show"], each["seat"]] += each["status"] in ("held", "booked")
    for reference, group in of_reference.items():
        for name in ("user", "show", "created_at"):
            if len({each[name] for each in group}) > 1:
                yield f"reservation {reference} has more than one {name}"
        if len({each["held_until"] for each in group if each["status"] == "held"}) > 1:
            yield f"reservation {reference} does not expire as a whole"
    for (show, seat), count in at_seat.items():
        if count > 1:
            yield f"seat {seat} of show {show} was sold {count} times"


# The status of a booking after each event, by the status before it; None: there was no booking.
STATUS_AFTER = {
    (None, "held"): "held",
    (None, "booked"): "booked",
    ("held", "extended"): "held",
    ("held", "moved"): "held",
    ("held", "confirmed"): "booked",
    ("held", "cancelled"): "cancelled",
    ("booked", "moved"): "booked",
    ("booked", "cancelled"): "cancelled",
}


def _inconsistent_events(bookings, events):
    """Bookings whose events do not lead, one after the other, to what the booking is now."""
    of_booking = defaultdict(list)
    for event in events:
        of_booking[event["booking"]].append(event)
    for booking in bookings:
        history = of_booking[booking["id"]]
        status = seat = None
        for event in history:
            before = event["seat"] if event["moved_from"] is None else event["moved_from"]
            follows = seat in (None, before) and event["actor"] == booking["user"]
            status = STATUS_AFTER.get((status, event["kind"])) if follows else None
            seat = event["seat"]
            if status is None:
                break
        end = "held" if booking["status"] == "expired" else booking["status"]
        began = bool(history) and history[0]["created_at"] == booking["created_at"]
        if not began or (status, seat) != (end, booking["seat"]):
            kinds = ", ".join(event["kind"] for event in history) or "none"
            yield f"the events of booking {booking['id']} do not explain it: {kinds}"


def _unstored_confirmations(bookings, events, stored):
    """Confirmations without a stored response, and responses stored without a confirmation.

    `stored` counts the stored responses by reference.
    """
    references = {each["id"]: each["reference"] for each in bookings}
    confirmed = Counter(
        reference
        for reference, _ in {  # the seats of a reservation are confirmed at one time
            (references.get(each["booking"]), each["created_at"])
            for each in events
            if each["kind"] == "confirmed"
        }
    )
    for reference in sorted(confirmed.keys() | stored.keys(), key=str):
        if confirmed[reference] != stored[reference]:
            yield (
                f"confirm of {reference} has {confirmed[reference]} changes and "
                f"{stored[reference]} stored responses"
            )


def _counts(request, row):
    final = request.final_attempt
    counts = Counter(attempts=len(request.attempts))
    counts["definite operations"] = final is not None
    counts["responses of a busy server"] = sum(
        each.status in INDEFINITE for each in request.attempts
    )
    if final:
        counts[json.loads(final.body).get("code") or f"{request.kind} done"] = 1
    if row and request.attempts[0].status is None:
        lost = not any(each.is_done and not each.replayed for each in request.attempts)
        counts["lost responses"] = lost
        acknowledged = any(each.is_done for each in request.attempts)
        counts["… repeated on retry"] = lost and acknowledged
        # The first attempt arrived after the second one had been refused.
        counts["… done after a refusal"] = lost and not acknowledged and final is not None
    counts["replays"] = sum(each.replayed for each in request.attempts)
    return counts
