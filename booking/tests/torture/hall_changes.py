"""Changes of halls: the history of a show in the admin says which requests were done."""

from .drawings import drawing_of
from .events import seconds
from .operations import Operation


class HallChanges:
    """The requests to change halls, and the entries of the admin's history.

    `entries` are in order; `called_off` has the time at which a show was called off, which counts
    as a change of it. A request has seen a version of the show, and only the first of those that
    have seen the same one can be done.
    """

    def __init__(self, requests, entries, called_off, first_names):
        self.first_names = first_names
        self.requests = [each for each in requests if each.kind == "change_hall"]
        self.done = []  # (entry, version before, the requests that may have been it)
        versions = {}
        for entry in entries:
            show, at = entry["show"], seconds(entry["at"])
            before = versions.get(show, 0)
            versions[show] = before + 1
            seen = before + (called_off.get(show, at) < at)
            self.done.append((entry, seen, self._candidates(entry, seen, at)))

    def _candidates(self, entry, version, at):
        found = [
            each
            for each in self.requests
            if (each.show, each.arguments["version"]) == (entry["show"], version)
            and each.arguments["clerk"] == entry["actor"]
            and _fits(each.arguments, entry["name"])
            and each.attempts[0].sent <= at
            and not any(e.is_definite and not e.is_done for e in each.attempts)
        ]
        return [each for each in found if _returned(each)] or found

    def violations(self):
        explained = set()
        for entry, _, candidates in self.done:
            if not candidates:
                yield f"a change of a hall without a request: {entry}"
            if len(candidates) > 1 and _returned(candidates[0]):
                yield f"{len(candidates)} requests were acknowledged for one change: {entry}"
            explained |= {each.number for each in candidates}
        for each in self.requests:
            if _returned(each) and each.number not in explained:
                yield f"acknowledged and lost: {each}"

    def operations(self, ended):
        for entry, version, candidates in self.done:
            if not candidates:
                continue
            at, first = seconds(entry["at"]), min(each.attempts[0].sent for each in candidates)
            name = entry["name"]
            yield Operation(
                entry["show"],
                0,
                "change_hall",
                {"version": version},
                None,
                {"read_at": at, "name": name, "drawing": drawing_of(name)},
                max(first, at),
                _returned(candidates[0]) or ended,
                is_answered=False,
            )

    def renamed(self):
        """(show, time) of each change that gave the show another screen: customers get a mail."""
        names = {int(show): name for show, name in self.first_names.items()}
        for entry, _, _ in self.done:
            if names[entry["show"]] != entry["name"]:
                yield entry["show"], seconds(entry["at"])
            names[entry["show"]] = entry["name"]


def _fits(arguments, name):
    """True if a request with these arguments leads to a hall of this name."""
    if "seats" in arguments:
        return arguments["name"] == name
    return name.startswith(arguments["name"])


def _returned(request):
    return min((each.returned for each in request.attempts if each.is_done), default=None)
