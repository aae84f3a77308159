"""Shows that were called off: each once, at the moment that its row has."""

from .events import seconds
from .operations import Operation


class CallsOff:
    """The requests to call shows off; `times` has `cancelled_at` by show, of those that are."""

    def __init__(self, requests, times):
        self.of_show = {}
        for each in requests:
            if each.kind == "call_off":
                self.of_show.setdefault(each.show, []).append(each)
        self.times = {int(show): seconds(moment) for show, moment in times.items()}

    def violations(self):
        for show in sorted(self.times.keys() - self.of_show.keys()):
            yield f"show {show} was called off without a request"
        for show, requests in self.of_show.items():
            is_acknowledged = any(a.is_done for each in requests for a in each.attempts)
            if is_acknowledged and show not in self.times:
                yield f"calling off show {show} was acknowledged and lost"

    def operations(self, events, ended):
        """One for each show: its events belong to one request, which may have changed nothing."""
        for show, read_at in self.times.items():
            requests = self.of_show.get(show, [])
            with_events = [each for each in requests if events.of(each)]
            candidates = with_events or requests
            changed = frozenset().union(*(events.changed_by(each) for each in with_events))
            yield Operation(
                show,
                0,
                "call_off",
                {},
                None,
                {"read_at": read_at},
                max(min((e.attempts[0].sent for e in candidates), default=0), read_at),
                ended if len(candidates) != 1 else _returned(candidates[0], ended),
                is_answered=False,
                changed=changed,
            )


def _returned(request, ended):
    return min((each.returned for each in request.attempts if each.is_done), default=ended)
