"""What was measured of one row, and the middle of several."""

from dataclasses import astuple, dataclass
from statistics import median


@dataclass(frozen=True)
class Figures:
    rate: float  # requests per second
    p50: float  # milliseconds
    p99: float
    cpu_server: float  # milliseconds for each request
    cpu_postgresql: float

    @property
    def cpu(self):
        return self.cpu_server + self.cpu_postgresql

    def __str__(self):
        return (
            f"{self.rate:.0f}/s, p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms, "
            f"CPU {self.cpu_server:.2f} + {self.cpu_postgresql:.2f} ms"
        )

    @classmethod
    def of(cls, outcome, cpu):
        # What was computed for requests that were on their way at the end is theirs, too.
        each = 1000 / outcome.asked
        return cls(
            outcome.rate,
            outcome.p50 * 1000,
            outcome.p99 * 1000,
            cpu.server * each,
            cpu.postgresql * each,
        )


def middle(measured):
    """The medians, each figure by itself."""
    return Figures(*map(median, zip(*map(astuple, measured), strict=True)))


def judge_sale(*, books, asked, answered, before, after, twice):
    """What is wrong with the bookings that a load has left, or None.

    Those that were acknowledged must be there, and no others but of requests that were on their
    way when the load ended.
    """
    new = after - before
    if twice:
        return f"{twice} seats were sold twice"
    if new < answered * books:
        return f"{answered * books} seats were acknowledged, and {new} are booked"
    if new > asked * books:
        return f"{asked * books} seats were asked for, and {new} are booked"
    return None
