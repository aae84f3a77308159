"""What certainly happened: the clients' history beside the database's own tables.

An answer that never arrived says nothing. Whether its request was done, the table of keys tells
once nothing runs any more: the key was written in the transaction of the change. So nothing stays
unknown, and whatever the tables hold beyond that was done by nobody's request.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from .history import OPEN
from .ledger import Operation

REFUSED = 400
BROKEN = 500
KINDS = {"book": "reserve"}  # to the clerk a booking is a reservation of one seat


@dataclass
class Evidence:
    operations: dict  # by show
    violations: list  # what must not be, whatever the order was
    breakdowns: list  # what should not be, but proves nothing against a promise
    counts: Counter


def seconds(moment):
    """Of a time on the wire, or None."""
    return moment and datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


def gather(requests, tables, ended, exact=True):
    """`tables` is what stage.py tells; `ended` when nothing ran any more, in seconds; `exact`
    whether the clock was read under the lock, so that what was read tells the order."""
    keys = {(row["user"], row["key"]): row for row in tables["keys"]}
    operations, violations, breakdowns = defaultdict(list), [], []
    counts = Counter()
    for request in requests:
        row = keys.pop((request.user, request.key), None) if request.key else None
        violations += [f"{what}: {request}" for what in _violations(request, row)]
        breakdowns += [f"{what}: {request}" for what in _breakdowns(request)]
        operations[request.show] += _operations(request, row, ended)
        counts += _counts(request, row)
    violations += [f"a key of nobody's request: {key}" for key in keys]
    violations += _torn(tables["bookings"])
    if exact:
        for of_show in operations.values():
            _in_order_of_their_times(of_show)
    for show in tables["shows"]:
        of_show = {
            str(each["id"]): [each[name] for name in ("reference", "user", "seat", "status")]
            + [seconds(each["held_until"])]
            for each in tables["bookings"]
            if each["show"] == show
        }
        body = {"bookings": of_show}
        operations[show].append(Operation(show, 0, "table", {}, None, body, ended, ended))
    counts["ms, the longest wait for an answer"] = max(
        (
            round(1000 * (each.returned - each.sent))
            for request in requests
            for each in request.attempts
            if each.returned
        ),
        default=0,
    )
    counts["lapsed holds"] = len(
        {
            each["reference"]
            for each in tables["bookings"]
            if each["status"] == "expired"
            or (each["status"] == "held" and seconds(each["held_until"]) <= ended)
        }
    )
    return Evidence(dict(operations), violations, breakdowns, counts)


def _breakdowns(request):
    if any(each.is_definite and each.status >= BROKEN for each in request.attempts):
        yield "a defect"
    if request.key and request.answer is None:
        yield "never answered"


def _violations(request, row):
    """What is wrong with a request's answers, taken by themselves."""
    done = [each for each in request.attempts if each.is_definite and each.is_done]
    for each in request.attempts:
        if each.is_definite and not each.is_done and REFUSED < each.status < BROKEN:
            yield f"answer {each.status}"
    if not request.key:
        return
    if done and row is None:
        yield "acknowledged, and lost"
    if len({each.body for each in done} | ({row["body"]} if row else set())) > 1:
        yield "answered in two ways"
    if sum(not each.replayed for each in done) > 1:
        yield "done twice"


def _operations(request, row, ended):
    """What the clerk has to justify: each refusal, and what was done, once."""
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
    done.after = list(refusals)  # who had it and was refused was told something wrong
    return [*refusals, done]


def _when(request, ended):
    """Between which moments it was done."""
    heard = [each for each in request.attempts if each.is_done]
    for each in heard:
        if not each.replayed:  # by this very attempt
            return each.sent, each.returned
    able = [each.sent for each in request.attempts if each.status != REFUSED]
    first = min(able, default=request.attempts[0].sent)
    return first, min((each.returned for each in heard), default=ended)


def _in_order_of_their_times(operations):
    """The clock is read under the lock: what read it earlier was done before."""
    timed = [each for each in operations if each.code is None and "read_at" in each.body]
    timed.sort(key=lambda each: each.body["read_at"])
    for before, after in pairwise(timed):
        if before.body["read_at"] < after.body["read_at"]:
            after.after.append(before)


def _operation(request, body, sent, returned):
    body = json.loads(body)
    if "show" in body:  # what a show is for the rest is not in question
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
    return Operation(request.show, request.user, kind, request.asked, code, body, sent, returned)


def _torn(bookings):
    """What may not be so within a reservation, or at a seat, in any order of events."""
    of_reference, at_seat = defaultdict(list), Counter()
    for each in bookings:
        of_reference[each["reference"]].append(each)
        at_seat[each["show"], each["seat"]] += each["status"] in ("held", "booked")
    for reference, group in of_reference.items():
        for name in ("user", "show", "created_at"):
            if len({each[name] for each in group}) > 1:
                yield f"reservation {reference} has more than one {name}"
        if len({each["held_until"] for each in group if each["status"] == "held"}) > 1:
            yield f"reservation {reference} does not lapse as a whole"
    for (show, seat), count in at_seat.items():
        if count > 1:
            yield f"seat {seat} of show {show} was sold {count} times"


def _counts(request, row):
    answer = request.answer
    counts = Counter(attempts=len(request.attempts))
    counts["definite operations"] = answer is not None
    counts["answers of a busy server"] = sum(each.status in OPEN for each in request.attempts)
    if answer:
        counts[json.loads(answer.body).get("code") or f"{request.kind} done"] = 1
    if row and request.attempts[0].status is None:
        lost = not any(each.is_done and not each.replayed for each in request.attempts)
        counts["lost answers"] = lost
        heard = any(each.is_done for each in request.attempts)
        counts["… heard again"] = lost and heard
        # It arrived late, after the next one had been refused. Had the client insisted, it would
        # have heard of it.
        counts["… done after a refusal"] = lost and not heard and answer is not None
    counts["replays"] = sum(each.replayed for each in request.attempts)
    return counts
