"""What was asked and what was answered, line by line, written before and after each sending."""

import json
import threading
from dataclasses import dataclass, field

# Answers that say nothing about what happened: try again.
OPEN = {409, 502, 503}


@dataclass
class Attempt:
    """One sending of a request. Times are seconds of the clock on the wall, as the database's."""

    sent: float
    returned: float | None = None
    status: int | None = None  # None: no answer arrived
    body: str | None = None
    replayed: bool = False

    @property
    def is_definite(self):
        return self.status is not None and self.status not in OPEN

    @property
    def is_done(self):
        return self.status in (200, 201)


@dataclass
class Request:
    """What a client wants, under one Idempotency-Key, however often it has to ask."""

    number: int
    user: int
    show: int
    kind: str
    asked: dict
    key: str | None
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def answer(self):
        """The last attempt that got a definite answer, or None."""
        return next((each for each in reversed(self.attempts) if each.is_definite), None)


class History:
    """Appends to a file; a line that is there was there before the network saw anything."""

    def __init__(self, path):
        self.file = path.open("a", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()
        self.requests = []

    def close(self):
        self.file.close()

    def intend(self, **request):
        with self.lock:
            request = Request(number=len(self.requests), **request)
            self.requests.append(request)
            line = {name: value for name, value in vars(request).items() if name != "attempts"}
            self._write(line)
        return request

    def sent(self, request, attempt):
        request.attempts.append(attempt)
        self._note(request, sent=attempt.sent)

    def returned(self, request, attempt):
        self._note(
            request,
            sent=attempt.sent,
            returned=attempt.returned,
            status=attempt.status,
            body=attempt.body,
            replayed=attempt.replayed,
        )

    def _note(self, request, **line):
        with self.lock:
            self._write({"number": request.number, **line})

    def _write(self, line):
        self.file.write(json.dumps(line) + "\n")


def read(path):
    """The requests of a history's file, as they were when it was written."""
    requests = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        noted = json.loads(line)
        if "kind" in noted:
            requests[noted["number"]] = Request(**noted)
            continue
        attempts = requests[noted.pop("number")].attempts
        open_ones = [n for n, each in enumerate(attempts) if each.sent == noted["sent"]]
        if open_ones:
            attempts[open_ones[0]] = Attempt(**noted)
        else:
            attempts.append(Attempt(**noted))
    return list(requests.values())
