"""History: all requests and responses, a line in a file before and after each attempt."""

import json
import threading
from dataclasses import dataclass, field

# Statuses that leave the outcome open: the client tries again.
INDEFINITE = {409, 502, 503}


@dataclass
class Attempt:
    """One attempt to send a request. Times are seconds since the epoch, as the database's."""

    sent: float
    returned: float | None = None
    status: int | None = None  # None: no response arrived
    body: str | None = None
    replayed: bool = False

    @property
    def is_definite(self):
        return self.status is not None and self.status not in INDEFINITE

    @property
    def is_done(self):
        return self.status in (200, 201, 204)


@dataclass
class Request:
    """What a client wants: one operation, and any number of attempts with one Idempotency-Key.

    Without a key there is one attempt.
    """

    number: int
    user: int
    show: int
    kind: str
    arguments: dict
    key: str | None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def is_read(self):
        return self.kind in ("map", "mine")

    @property
    def request_id(self):
        """The X-Request-ID of all attempts; the events of the change hold it."""
        return f"torture-{self.number}"

    @property
    def final_attempt(self):
        """The last attempt with a definite response, or None."""
        return next((each for each in reversed(self.attempts) if each.is_definite), None)


class History:
    """History of a run, appended to a file; lines are written before anything is sent."""

    def __init__(self, path):
        self.file = path.open("a", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()
        self.requests = []

    def close(self):
        self.file.close()

    def begin(self, **request):
        with self.lock:
            request = Request(number=len(self.requests), **request)
            self.requests.append(request)
            line = {name: value for name, value in vars(request).items() if name != "attempts"}
            self._write(line)
        return request

    def sent(self, request, attempt):
        request.attempts.append(attempt)
        self._append(request, sent=attempt.sent)

    def returned(self, request, attempt):
        self._append(
            request,
            sent=attempt.sent,
            returned=attempt.returned,
            status=attempt.status,
            body=attempt.body,
            replayed=attempt.replayed,
        )

    def _append(self, request, **line):
        with self.lock:
            self._write({"number": request.number, **line})

    def _write(self, line):
        self.file.write(json.dumps(line) + "\n")


def read(path):
    """Read the requests of a history from its file."""
    requests = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "kind" in entry:
            requests[entry["number"]] = Request(**entry)
            continue
        attempts = requests[entry.pop("number")].attempts
        unfinished = [n for n, each in enumerate(attempts) if each.sent == entry["sent"]]
        if unfinished:
            attempts[unfinished[0]] = Attempt(**entry)
        else:
            attempts.append(Attempt(**entry))
    return list(requests.values())
