"""Combine history and final tables: the operations that certainly happened, for the checker.

A missing response leaves open whether its request was done. After the run the table of
Idempotency-Keys decides it, and without a key the table of events: both are written in the
transaction of the change. So no outcome stays unknown, and a row that belongs to no request is a
violation.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from math import inf, nextafter

from . import mails
from .calling_off import CallsOff
from .erasures import CUSTOMER_NOT_FOUND, UNAUTHORIZED, Erasures
from .events import Events, seconds
from .hall_changes import HallChanges
from .history import INDEFINITE
from .operations import Operation, code_of

ON_PAGES = ("counter_sale", "set_aside", "release", "staff_cancel", "staff_move")
REFUSED = 400
BROKEN = 500
KINDS = {"book": "reserve"}  # to the model a booking is a reservation of one seat


@dataclass
class Reconciled:
    operations: dict  # lists of Operation, by show
    violations: list  # promises broken, whatever the order was
    faults: list  # defects that break no promise
    counts: Counter


def reconcile(requests, tables, ended, exact=True):
    """Reconcile a history with the tables that fixture.py has dumped.

    `ended` is when nothing ran any more, in seconds. `exact`: the clock was read under the lock,
    so times give the order.
    """
    keys = {(row["user"], row["key"]): row for row in tables["keys"]}
    operations, violations, faults = defaultdict(list), [], []
    given_back = _given_back(tables["bookings"])
    clerks = {each.arguments["clerk"] for each in requests if "clerk" in each.arguments}
    events = Events(tables["events"], tables["bookings"], clerks, tables.get("house"))
    erasures = Erasures(requests, tables["inactive"])
    counts = Counter()
    for request in requests:
        row = keys.pop((request.user, request.key), None) if request.key else None
        problems = [
            *_violations(request, row),
            *events.violations(request, row),
            *erasures.violations_of(request),
        ]
        violations += [f"{what}: {request}" for what in problems]
        faults += [f"{what}: {request}" for what in _faults(request)]
        of_request = _operations(request, row, events, ended)
        for each in of_request:
            if each.kind == "cancel_reservation" and each.code is None:
                each.body["read_at"] = given_back.get(each.arguments["reference"])
        operations[request.show] += [each for each in of_request if each.code != CUSTOMER_NOT_FOUND]
        counts += _counts(request, row, events)
    violations += [f"a key without a request: {key}" for key in keys]
    violations += _inconsistent_rows(tables["bookings"])
    violations += events.without_request(requests)
    violations += events.unexplained()
    violations += erasures.violations(tables["bookings"], events, ended)
    calls_off = CallsOff(requests, tables.get("called_off", {}))
    violations += calls_off.violations()
    halls = HallChanges(
        requests, tables.get("hall_changes", []), calls_off.times, tables.get("first_halls", {})
    )
    violations += halls.violations()
    if "mails" in tables:
        erased = set(tables["inactive"])
        violations += mails.violations(
            tables["mails"], events, tables["bookings"], erased, halls.renamed()
        )
    for each in [
        *erasures.operations(events, ended),
        *calls_off.operations(events, ended),
        *halls.operations(ended),
    ]:
        operations[each.show].append(each)
    if exact:
        for of_show in operations.values():
            _order_by_clock(of_show)
    dumped = nextafter(ended, inf)  # after all operations, also those that got no response
    for show in tables["shows"]:
        of_show = {
            str(each["id"]): [
                *(each[name] for name in ("reference", "user", "seat")),
                each.get("admitted_at") is not None,
                each["status"],
                seconds(each["held_until"]),
            ]
            for each in tables["bookings"]
            if each["show"] == show
        }
        body = {"bookings": of_show}
        if "halls" in tables:
            body["hall"] = tables["halls"][str(show)]
        operations[show].append(Operation(show, 0, "table", {}, None, body, dumped, dumped))
    counts["ms, the longest wait for a response"] = max(
        (
            round(1000 * (each.returned - each.sent))
            for request in requests
            for each in request.attempts
            if each.returned
        ),
        default=0,
    )
    counts["changes of halls"] = len(halls.done)
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
        is_refused = each.is_definite and not each.is_done and REFUSED < each.status < BROKEN
        if is_refused and each.status != UNAUTHORIZED:
            yield f"status {each.status}"
        if each.status == 409 and not request.key:
            yield "status 409"
    if not request.key:
        return
    if row is None and request.kind == "confirm":
        return  # the response of a repeated one, which changes nothing, is not stored
    if done and row is None:
        yield "acknowledged and lost"
    if len({each.body for each in done} | ({row["body"]} if row else set())) > 1:
        yield "two different responses"
    if sum(not each.replayed for each in done) > 1:
        yield "done twice"


def _operations(request, row, events, ended):
    """Operations of a request: each refusal, and the success, once."""
    refusals = [
        _operation(request, each.body, each.sent, each.returned)
        for each in request.attempts
        if each.status == REFUSED
    ]
    if request.kind in ("erase", "call_off"):  # see erasures.py and calling_off.py
        return []
    if request.kind == "change_hall":  # see hall_changes.py
        return refusals
    if request.kind in (
        "release",
        "staff_cancel",
        "staff_move",
    ):  # their pages say no more than the events
        refusals = []
    if request.is_read:
        done = [each for each in request.attempts if each.is_done]
        return [_operation(request, each.body, each.sent, each.returned) for each in done]
    if request.key:
        if row is None or row["status"] == 0:
            return refusals
        done = _operation(request, row["body"], *_when(request, ended))
    elif request.kind in ON_PAGES and not events.of(request):
        return refusals
    elif request.kind not in ON_PAGES and (
        answers := [each for each in request.attempts if each.is_done]
    ):
        done = _operation(request, answers[0].body, answers[0].sent, answers[0].returned)
    elif events.of(request):
        done = events.operation(request, ended)
    else:
        return refusals
    done.changed = events.changed_by(request)
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
    if isinstance(body, list):
        body = {"bookings": body}
    if isinstance(body.get("show"), dict):  # the other fields of a show are not checked
        body["show"] = {"available_seats": body["show"]["available_seats"]}
    code = code_of(body)
    if code is None and request.kind == "book":
        seat = {name: body[name] for name in ("id", "seat_number", "status")}
        body = {"bookings": [seat], **body}
    if code is None and request.kind in ("book", "reserve"):
        body["read_at"] = seconds(body["created_at"])
    if code is None and request.kind == "cancel":
        body["read_at"] = seconds(body["cancelled_at"])
    if code is None and request.kind == "check_in":
        body["read_at"] = seconds(body["admitted_at"])
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


def _counts(request, row, events):
    final = request.final_attempt
    counts = Counter(attempts=len(request.attempts))
    counts["definite operations"] = final is not None
    counts["responses of a busy server"] = sum(
        each.status in INDEFINITE for each in request.attempts
    )
    if final:
        code = None if final.is_done else code_of(json.loads(final.body))
        counts[code or f"{request.kind} done"] = 1
    if row and request.attempts[0].status is None:
        lost = not any(each.is_done and not each.replayed for each in request.attempts)
        counts["lost responses"] = lost
        acknowledged = any(each.is_done for each in request.attempts)
        counts["… repeated on retry"] = lost and acknowledged
        # The first attempt arrived after the second one had been refused.
        counts["… done after a refusal"] = lost and not acknowledged and final is not None
    if not request.key and not request.is_read:
        counts["changes without a key"] = 1
        is_open = final is None
        counts["… of open outcome, done"] = is_open and bool(events.of(request))
        counts["… of open outcome, not done"] = is_open and not events.of(request)
    counts["replays"] = sum(each.replayed for each in request.attempts)
    return counts
