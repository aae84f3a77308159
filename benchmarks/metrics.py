"""The numbers of one measurement, their medians, and whether its bookings are right."""

from dataclasses import astuple, dataclass
from statistics import median


@dataclass(frozen=True)
class Metrics:
    rate: float  # requests per second
    p50: float  # milliseconds
    p99: float
    cpu_server: float  # milliseconds per request
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
    def of(cls, result, cpu):
        # Per request sent: the last ones have used CPU although wrk did not wait for them.
        per_request = 1000 / result.sent
        return cls(
            result.rate,
            result.p50 * 1000,
            result.p99 * 1000,
            cpu.server * per_request,
            cpu.postgresql * per_request,
        )


def median_of(measurements):
    """Metrics with the median of each number."""
    return Metrics(*map(median, zip(*map(astuple, measurements), strict=True)))


def find_booking_error(*, seats_sold, sent, answered, before, after, sold_twice):
    """What is wrong with the bookings after a load, or None.

    Every acknowledged booking must be in the table, and no other, except those of requests that
    were still in flight when the load ended.
    """
    new = after - before
    if sold_twice:
        return f"{sold_twice} seats were sold twice"
    if new < answered * seats_sold:
        return f"{answered * seats_sold} seats were acknowledged, and {new} are booked"
    if new > sent * seats_sold:
        return f"{sent * seats_sold} seats were requested, and {new} are booked"
    return None
