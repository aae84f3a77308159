"""Erased accounts: what happens to their seats, and that nobody can use them afterwards."""

import json
from collections import defaultdict

from .events import seconds
from .operations import Operation

UNAUTHORIZED, CUSTOMER_NOT_FOUND = 401, "customer_not_found"


class Erasures:
    """The requests to erase an account, one at most for each user.

    `inactive` are the ids of the users that the final table says are erased.
    """

    def __init__(self, requests, inactive):
        self.of_user = {each.user: each for each in requests if each.kind == "erase"}
        self.inactive = set(inactive)

    def _may_be_erased(self, request, attempt):
        """True if the account may have been erased when this response was made."""
        erasure = self.of_user.get(request.user)
        is_erased = erasure is not None and request.user in self.inactive
        return is_erased and attempt.returned >= erasure.attempts[0].sent

    def violations_of(self, request):
        """Responses to a request that the state of its account does not allow."""
        for each in request.attempts:
            if _is_refused_as_erased(each) and not self._may_be_erased(request, each):
                yield f"refused as an erased account with status {each.status}"
        erasure = self.of_user.get(request.user)
        if erasure is None or erasure is request:
            return
        if "clerk" in request.arguments and request.kind != "counter_sale":
            return  # staff change what is left of it
        erased_at = min((e.returned for e in erasure.attempts if e.is_done), default=None)
        for each in request.attempts:
            late = erased_at is not None and each.sent > erased_at
            is_refused = _is_refused_as_erased(each)
            if request.kind != "counter_sale":  # the clerk's session is valid
                is_refused = each.status == UNAUTHORIZED
            if late and each.is_definite and not is_refused:
                yield "served after the account was erased"

    def violations(self, bookings, events, ended):
        """Errors in the final tables."""
        for user in sorted(self.inactive - self.of_user.keys()):
            yield f"user {user} was erased without a request"
        for user, erasure in self.of_user.items():
            is_acknowledged = any(each.is_done for each in erasure.attempts)
            if is_acknowledged and user not in self.inactive:
                yield f"the erasure of user {user} was acknowledged and lost"
            if user not in self.inactive:
                continue
            for each in bookings:
                # If the server was killed in the middle, a sale of the same moment may be left.
                old = seconds(each["created_at"]) < erasure.attempts[0].sent or is_acknowledged
                # Who is in keeps the seat, also if the check-in was undone after the erasure.
                was_in = any(event["kind"] == "admitted" for event in events.of_booking[each["id"]])
                if each["user"] == user and old and not was_in and _is_active(each, ended):
                    yield f"erased user {user} has booking {each['id']}"

    def operations(self, events, ended):
        """What each erasure did in each show: it cancels all of the user's seats at one moment.

        A second pass may cancel what was sold during the first.
        """
        for user, erasure in self.of_user.items():
            passes = defaultdict(set)
            for event in events.of(erasure):
                show = events.bookings[event["booking"]]["show"]
                passes[show, event["created_at"]].add(event["booking"])
            returned = min((e.returned for e in erasure.attempts if e.is_done), default=ended)
            for (show, moment), changed in passes.items():
                read_at = seconds(moment)
                yield Operation(
                    show,
                    user,
                    "erase",
                    {},
                    None,
                    {"read_at": read_at},
                    max(erasure.attempts[0].sent, read_at),
                    returned,
                    is_answered=False,
                    changed=frozenset(changed),
                )


def _is_refused_as_erased(attempt):
    if attempt.status == 400:
        return json.loads(attempt.body).get("code") == CUSTOMER_NOT_FOUND
    return attempt.status == UNAUTHORIZED


def _is_active(booking, ended):
    if booking["status"] == "held":
        return seconds(booking["held_until"]) > ended
    return booking["status"] == "booked"
