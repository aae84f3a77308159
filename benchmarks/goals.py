"""Goals, and whether the results reach them."""

from dataclasses import dataclass

from .workloads import BARE, DRF, GROWN, PROJECT, SQLITE, TEXTBOOK


@dataclass(frozen=True)
class Goal:
    """A bound for one number; `measured` is None if it was not measured or does not count."""

    title: str
    wanted: str
    measured: float | None
    least: float | None = None
    most: float | None = None
    unit: str = "×"

    @property
    def is_reached(self):
        if self.measured is None:
            return None
        over = self.least is None or self.measured >= self.least
        under = self.most is None or self.measured <= self.most
        return over and under


@dataclass(frozen=True)
class Results:
    """Results of a run: `metrics` by (workload, implementation); other values may be missing."""

    metrics: dict
    megabytes: float | None = None  # resident memory of a worker of the project, after the load
    start_seconds: float | None = None
    hash_cpu: float | None = None  # milliseconds of one password hash

    def ratio(self, one, other, name="rate"):
        above, below = self.metrics.get(one), self.metrics.get(other)
        if above is None or below is None:
            return None
        return getattr(above, name) / getattr(below, name)

    def to_textbook(self, workload):
        return self.ratio((workload, PROJECT), (workload, TEXTBOOK))

    def to_bare(self, workload):
        return self.ratio((workload, PROJECT), (workload, BARE))

    def to_drf(self, workload):
        return self.ratio((workload, PROJECT), ("constant", DRF))


def goals(results):
    hot, spread = ("book-hot", PROJECT), ("book-spread", PROJECT)
    textbook, bare, drf = "× textbook", "× bare view", "× constant DRF view"
    return [
        at_least(2.8, textbook, "book, hot show", results.to_textbook("book-hot")),
        at_least(0.55, bare, "book, hot show", results.to_bare("book-hot")),
        at_least(2.8, textbook, "book, spread", results.to_textbook("book-spread")),
        at_least(0.6, bare, "book, spread", results.to_bare("book-spread")),
        at_least(0.85, "× spread", "book, hot show", results.ratio(hot, spread)),
        at_most(1.8, bare, "CPU per booking, hot show", cpu_of_booking(results, "book-hot")),
        at_most(1.8, bare, "CPU per booking, spread", cpu_of_booking(results, "book-spread")),
        at_least(
            0.75,
            "× without",
            "book with `Idempotency-Key`",
            results.ratio(("book-key", PROJECT), hot),
        ),
        at_least(6, textbook, "movies", results.to_textbook("movies")),
        at_least(0.6, drf, "movies, repeated read or 304", best_repeated_read(results)),
        at_least(25, textbook, "50 shows with free seats", results.to_textbook("shows")),
        at_least(20, textbook, "my 50 bookings", results.to_textbook("my-bookings")),
        at_least(0.3, drf, "seat map, 600 seats", results.to_drf("seat-map")),
        at_least(0.5, drf, "seat map, 304", results.to_drf("seat-map-304")),
        at_most(3, "s", "SQLite, 16 writers, no error, p99", p99_of_sqlite(results), unit="s"),
        login(results),
        at_most(15, "%", "more data: greatest loss", loss_with_more_data(results), unit="%"),
        at_most(110, "MB", "memory of a worker", results.megabytes, unit="MB"),
        at_most(2, "s", "start until ready", results.start_seconds, unit="s"),
    ]


def at_least(bound, of_what, title, measured):
    return Goal(title, f"at least {bound:g} {of_what}", measured, least=bound)


def at_most(bound, of_what, title, measured, unit="×"):
    return Goal(title, f"at most {bound:g} {of_what}", measured, most=bound, unit=unit)


def cpu_of_booking(results, workload):
    return results.ratio((workload, PROJECT), (workload, BARE), "cpu")


def best_repeated_read(results):
    """The better of a cached page in full and a 304."""
    ratios = [results.to_drf("movies"), results.to_drf("movies-304")]
    return max((each for each in ratios if each is not None), default=None)


def p99_of_sqlite(results):
    metrics = results.metrics.get(("book-sqlite", SQLITE))
    return metrics and metrics.p99 / 1000


def login(results):
    """At least one hash (or it would be weaker), and at most half a hash of anything else."""
    metrics = results.metrics.get(("login", PROJECT))
    ratio = metrics and results.hash_cpu and metrics.cpu_server / results.hash_cpu
    wanted = "0.8 to 1.5 × the CPU of one Argon2id hash (19 MiB, t=2, p=1)"
    return Goal("a login", wanted, ratio, least=0.8, most=1.5)


def loss_with_more_data(results):
    """Per cent of the requests per second, of the row that lost most."""
    ratios = [
        results.ratio((workload, GROWN), (workload, PROJECT))
        for workload, implementation in results.metrics
        if implementation == GROWN
    ]
    return max((100 * (1 - each) for each in ratios if each is not None), default=None)
