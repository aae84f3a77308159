"""What is to be reached, and whether it is. Computed from what was measured, and nothing else."""

from dataclasses import dataclass

from .rows import BARE, DRF, GROWN, PROJECT, SQLITE, TEXTBOOK


@dataclass(frozen=True)
class Goal:
    """`measured` is None if something that it takes was not measured, or does not count."""

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
class Measured:
    """All of a run: `figures` by subject and who answered; the rest None if it was not measured."""

    figures: dict
    megabytes: float | None = None  # of a worker of the project's, after the load
    ready_in: float | None = None  # seconds
    hash_cpu: float | None = None  # milliseconds of one hash of a password

    def ratio(self, one, other, what="rate"):
        above, below = self.figures.get(one), self.figures.get(other)
        if above is None or below is None:
            return None
        return getattr(above, what) / getattr(below, what)

    def to_textbook(self, subject):
        return self.ratio((subject, PROJECT), (subject, TEXTBOOK))

    def to_bare(self, subject):
        return self.ratio((subject, PROJECT), (subject, BARE))

    def to_drf(self, subject):
        return self.ratio((subject, PROJECT), ("constant", DRF))


def goals(measured):
    hot, spread = ("book-hot", PROJECT), ("book-spread", PROJECT)
    textbook, bare, drf = "× textbook", "× bare view", "× constant DRF view"
    return [
        at_least(2.8, textbook, "book, hot show", measured.to_textbook("book-hot")),
        at_least(0.55, bare, "book, hot show", measured.to_bare("book-hot")),
        at_least(2.8, textbook, "book, spread", measured.to_textbook("book-spread")),
        at_least(0.6, bare, "book, spread", measured.to_bare("book-spread")),
        at_least(0.85, "× spread", "book, hot show", measured.ratio(hot, spread)),
        at_most(1.8, bare, "CPU per booking, hot show", cpu_of_booking(measured, "book-hot")),
        at_most(1.8, bare, "CPU per booking, spread", cpu_of_booking(measured, "book-spread")),
        at_least(
            0.7,
            "× without",
            "book with `Idempotency-Key`",
            measured.ratio(("book-key", PROJECT), hot),
        ),
        at_least(6, textbook, "films", measured.to_textbook("films")),
        at_least(0.6, drf, "films, repeated read or 304", best_repeated_read(measured)),
        at_least(25, textbook, "50 shows with free seats", measured.to_textbook("shows")),
        at_least(20, textbook, "my 50 bookings", measured.to_textbook("my-bookings")),
        at_least(0.3, drf, "seat map, 600 seats", measured.to_drf("seat-map")),
        at_least(0.5, drf, "seat map, 304", measured.to_drf("seat-map-again")),
        at_most(3, "s", "SQLite, 16 writers, no error, p99", p99_of_sqlite(measured), unit="s"),
        login(measured),
        at_most(15, "%", "growth: most that is lost", lost_in_growth(measured), unit="%"),
        at_most(110, "MB", "memory of a worker", measured.megabytes, unit="MB"),
        at_most(2, "s", "start until ready", measured.ready_in, unit="s"),
    ]


def at_least(bound, of_what, title, measured):
    return Goal(title, f"at least {bound:g} {of_what}", measured, least=bound)


def at_most(bound, of_what, title, measured, unit="×"):
    return Goal(title, f"at most {bound:g} {of_what}", measured, most=bound, unit=unit)


def cpu_of_booking(measured, subject):
    return measured.ratio((subject, PROJECT), (subject, BARE), "cpu")


def best_repeated_read(measured):
    """A page that was read a moment ago: in full, or as a 304."""
    ratios = [measured.to_drf("films"), measured.to_drf("films-again")]
    return max((each for each in ratios if each is not None), default=None)


def p99_of_sqlite(measured):
    figures = measured.figures.get(("book-sqlite", SQLITE))
    return figures and figures.p99 / 1000


def login(measured):
    """Not less than one hash, or it would not be of that strength; "little else" is read as half
    of one."""
    figures = measured.figures.get(("login", PROJECT))
    spent = figures and measured.hash_cpu and figures.cpu_server / measured.hash_cpu
    wanted = "0.8 to 1.5 × the CPU of one Argon2id hash (19 MiB, t=2, p=1)"
    return Goal("a login", wanted, spent, least=0.8, most=1.5)


def lost_in_growth(measured):
    """In per cent of the requests per second, of the row that lost most."""
    ratios = [
        measured.ratio((subject, GROWN), (subject, PROJECT))
        for subject, who in measured.figures
        if who == GROWN
    ]
    return max((100 * (1 - each) for each in ratios if each is not None), default=None)
