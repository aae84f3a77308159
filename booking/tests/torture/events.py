"""Table of events: which requests were done, and how each booking came about.

An event holds the X-Request-ID of the request that made it, which is the client's own. So the table
tells also of a request without an Idempotency-Key whether it was done. A change that belongs to no
request is a violation.
"""

from collections import defaultdict
from datetime import datetime

from .operations import Operation

# Events of a request that was done, by its kind.
KINDS = {
    "book": {"booked"},
    "reserve": {"booked", "held"},
    "confirm": {"confirmed"},
    "extend": {"extended"},
    "cancel": {"cancelled"},
    "cancel_reservation": {"cancelled"},
    "move": {"moved"},
    "erase": {"cancelled"},
    "counter_sale": {"booked"},
    "set_aside": {"held"},
    "release": {"cancelled"},
    "check_in": {"admitted"},
    "undo_check_in": {"undone"},
    "staff_cancel": {"cancelled"},
    "staff_move": {"moved"},
    "call_off": {"cancelled"},
    "change_hall": set(),  # the history of the show has it
}
# If it is booked already, cannot be held longer, has that seat, or there is no booking.
MAY_CHANGE_NOTHING = {"confirm", "extend", "move", "erase"}
# The page of a refusal leads back like that of a success; a show may have no bookings.
MAY_CHANGE_NOTHING |= {"release", "staff_cancel", "staff_move", "call_off", "change_hall"}

BY_STAFF = {"booked", "admitted", "undone", "moved", "cancelled"}  # events of a clerk

# The status of a booking after each event, by the status before it; None: there was no booking.
# "admitted" is a booked seat whose customer is in.
STATUS_AFTER = {
    ("booked", "admitted"): "admitted",
    ("admitted", "undone"): "booked",
    ("admitted", "cancelled"): "cancelled and admitted",  # the model knows: by calling off
    (None, "held"): "held",
    (None, "booked"): "booked",
    ("held", "extended"): "held",
    ("held", "moved"): "held",
    ("held", "confirmed"): "booked",
    ("held", "cancelled"): "cancelled",
    ("booked", "moved"): "booked",
    ("booked", "cancelled"): "cancelled",
}


def _is_refused(request, attempt):
    """True if the response says that nothing was done.

    A proxy sends a DELETE to another host if the first one dies before it answers. There the
    account is erased already, and the response is 401.
    """
    if request.kind == "erase" and attempt.status == 401:
        return False
    return attempt.is_definite and not attempt.is_done


def seconds(moment):
    """Seconds since the epoch of an ISO 8601 time, or None."""
    return moment and datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()


class Events:
    """The events of a run, by request and by booking."""

    def __init__(self, events, bookings, clerks=(), house=None):
        self.clerks = set(clerks)  # they sell to others, and scan their tickets
        self.house = house  # the user for whom they set seats aside
        self.bookings = {each["id"]: each for each in bookings}
        self.of_booking, self.of_request = defaultdict(list), defaultdict(list)
        for event in events:
            self.of_booking[event["booking"]].append(event)
            self.of_request[event["request_id"]].append(event)

    def of(self, request):
        return self.of_request.get(request.request_id, [])

    def changed_by(self, request):
        """Ids of the bookings that a request has changed."""
        return frozenset(event["booking"] for event in self.of(request))

    def violations(self, request, row):
        """Errors in the events of one request; `row` is the stored response to its key, or None."""
        events = self.of(request)
        if events:
            yield from self._wrong_events(request, events)
        if request.is_read:
            return
        if request.key:
            stored = row is not None and row["status"] != 0
            if events and not stored:
                yield "done without a stored response"
            if stored and not events and request.kind not in MAY_CHANGE_NOTHING:
                yield "a stored response without a change"
            return
        done = any(each.is_done for each in request.attempts)
        if done and not events and request.kind not in MAY_CHANGE_NOTHING:
            yield "acknowledged and lost"
        if events and any(_is_refused(request, each) for each in request.attempts):
            yield "refused and done"

    def _wrong_events(self, request, events):
        actor = request.arguments.get("clerk", request.user)
        if {event["actor"] for event in events} != {actor}:
            yield "done by another user"
        if not {event["kind"] for event in events} <= _kinds(request):
            yield "another change than requested"
        if request.kind in ("erase", "call_off"):
            yield from self._wrong_events_of_many(request, events)
            return
        bookings = [self.bookings.get(event["booking"]) for event in events]
        if len({event["booking"] for event in events}) < len(events):
            yield "done twice"
        elif len({(event["kind"], event["created_at"]) for event in events}) > 1:
            yield "done at several times"
        if None in bookings or {each["show"] for each in bookings} != {request.show}:
            yield "done in another show"
        elif request.user and {each["user"] for each in bookings} != {request.user}:
            yield "done to another user"
        elif len({each["reference"] for each in bookings}) > 1:
            yield "done to several reservations"

    def _wrong_events_of_many(self, request, events):
        """Of an erased account in several shows, or of a show with bookings of several users."""
        name, expected = {
            "erase": ("user", request.user),
            "call_off": ("show", request.show),
        }[request.kind]
        if {self.bookings[event["booking"]][name] for event in events} != {expected}:
            yield f"done to another {name}"
        if request.kind == "call_off" and len({event["created_at"] for event in events}) > 1:
            yield "done at several times"

    def without_request(self, requests):
        """Changes that no request has made."""
        known = {request.request_id for request in requests}
        for request_id in sorted(self.of_request.keys() - known):
            yield f"a change without a request: {self.of_request[request_id]}"

    def operation(self, request, ended):
        """The operation of a request that was done and whose response tells nothing."""
        events = self.of(request)
        first = events[0]
        body = {"read_at": seconds(first["created_at"]), "expires_at": self._end(events)}
        if request.kind in ("book", "reserve", "counter_sale", "set_aside"):
            body["reference"] = self.bookings[first["booking"]]["reference"]
            body["bookings"] = [
                {"id": each["booking"], "seat_number": each["seat"], "status": each["kind"]}
                for each in events
            ]
        if request.kind in ("cancel", "move", "release", "staff_cancel", "staff_move"):
            body |= {"id": first["booking"], "seat_number": first["seat"]}
        return Operation(
            request.show,
            request.user,
            "reserve" if request.kind == "book" else request.kind,
            request.arguments,
            None,
            body,
            max(request.attempts[0].sent, body["read_at"]),
            min((each.returned for each in request.attempts if each.is_done), default=ended),
            is_answered=False,
        )

    def _end(self, events):
        """When the hold ends that these events leave; None if a later change has set it."""
        if events[0]["kind"] not in ("held", "extended"):
            return None
        for event in events:
            of_booking = self.of_booking[event["booking"]]
            later = of_booking[of_booking.index(event) + 1 :]
            if not {each["kind"] for each in later} & {"extended", "confirmed"}:
                return seconds(self.bookings[event["booking"]]["held_until"])
        return None

    def unexplained(self):
        """Bookings whose events do not lead, one after the other, to what the booking is now."""
        for booking in self.bookings.values():
            history = self.of_booking.get(booking["id"], [])
            if not _explains(history, booking, self.clerks, booking["user"] == self.house):
                kinds = ", ".join(event["kind"] for event in history) or "none"
                yield f"the events of booking {booking['id']} do not explain it: {kinds}"


def _kinds(request):
    if "hold" in request.arguments:
        return {"held"} if request.arguments["hold"] else {"booked"}
    return KINDS.get(request.kind, set())


def _explains(history, booking, clerks, is_set_aside):
    status = seat = None
    for event in history:
        before = event["seat"] if event["moved_from"] is None else event["moved_from"]
        may_be_by_staff = event["kind"] in BY_STAFF or (is_set_aside and event["kind"] == "held")
        is_by_staff = may_be_by_staff and event["actor"] in clerks
        is_at_the_door = event["kind"] in ("admitted", "undone")
        actor_may = is_by_staff or (event["actor"] == booking["user"] and not is_at_the_door)
        follows = seat in (None, before) and actor_may
        status = STATUS_AFTER.get((status, event["kind"])) if follows else None
        seat = event["seat"]
        if status is None:
            return False
    end = "held" if booking["status"] == "expired" else booking["status"]
    if booking.get("admitted_at"):
        end = "admitted" if end == "booked" else f"{end} and admitted"
    began = bool(history) and history[0]["created_at"] == booking["created_at"]
    return began and (status, seat) == (end, booking["seat"])
