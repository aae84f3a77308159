"""What clients heard of a trouble, and whether it was what is promised."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

LONGEST_WAIT = 30  # seconds: the deadline of the application, and a queue before a busy worker


@dataclass(kw_only=True)
class Result:
    kind: Any
    threads: int
    answers: list
    began: float
    ended: float
    sold: list  # (user, show, seat number) of every booking in the table
    longest_allowed: float = LONGEST_WAIT

    def heard(self, verb):
        """Counts of the statuses of requests that were open during the trouble, as text."""
        counts = Counter(
            answer.status
            for answer in self.answers
            if answer.verb == verb and answer.received > self.began and answer.sent < self.ended
        )
        ordered = sorted(counts.items(), key=lambda item: item[0] or 999)
        return (
            ", ".join(f"{count} × {status or 'no answer'}" for status, count in ordered) or "none"
        )

    @property
    def longest_wait(self):
        return max(answer.wait for answer in self.answers)

    @property
    def first_booking(self):
        """Seconds from the end of the trouble to the first booking; None if there was none."""
        times = [
            answer.received - self.ended
            for answer in self.answers
            if answer.is_booking and answer.received > self.ended
        ]
        return min(times, default=None)

    @property
    def other_errors(self):
        """Number of responses with a status of 5xx other than 503."""
        statuses = [answer.status or 0 for answer in self.answers]
        return sum(status >= 500 and status != 503 for status in statuses)

    @property
    def faults(self):
        """Sentences; none if everything was as promised."""
        faults = []
        unexpected = Counter(answer.status for answer in self.answers if not answer.is_promised)
        for status, count in sorted(unexpected.items()):
            faults.append(f"{count} responses have status {status}")
        if self.longest_wait > self.longest_allowed:
            faults.append(f"a client waited {self.longest_wait:.1f} s")
        if self.first_booking is None:
            faults.append("nothing was booked after the trouble")
        acknowledged = {answer.seat for answer in self.answers if answer.is_booking}
        if missing := acknowledged - set(self.sold):
            faults.append(f"{len(missing)} acknowledged bookings are missing, e.g. {min(missing)}")
        seats = Counter((show, seat) for _, show, seat in self.sold)
        if twice := [seat for seat, count in seats.items() if count > 1]:
            faults.append(f"{len(twice)} seats are sold twice, e.g. {min(twice)}")
        return faults
