"""What is measured: rows, each a workload and the implementation that serves it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle, islice

from . import dataset
from .load import Requests

# Implementations. GROWN is the project with more data, THREADED with more threads for each worker,
# OLD an older revision of it.
PROJECT, TEXTBOOK, BARE, GROWN, SQLITE = "project", "textbook", "bare view", "grown", "sqlite"
DJANGO, DRF, PGBENCH, OLD = "Django view", "DRF view", "pgbench", "old revision"
THREADED = "more threads"

# Requests prepared for each second of load; more than any implementation can process.
MAX_RATE = 8_000

WORKLOADS = {
    "constant": "constant response",
    "book-hot": "book, hot show",
    "book-spread": f"book, spread over {dataset.FOR_SALE:,} shows",
    "book-key": "book, hot show, with `Idempotency-Key`",
    "reserve": "reservation of three, spread",
    "movies": "movies, page of 100 of 1,000",
    "movies-304": "movies, with `If-None-Match`",
    "shows": "a movie's 50 shows with free seats",
    "my-bookings": "my 50 bookings",
    "seat-map": "seat map of 600 seats",
    "seat-map-304": "seat map, with `If-None-Match`",
    "check-in": "check a ticket in",
    "login": "login, 4 at once",
    "book-sqlite": "book, hot show, 16 writers on SQLite",
}

# Measured with more threads as well.
WITH_THREADS = {"book-hot", "book-spread", "movies", "shows", "seat-map"}

# Left out of a comparison with an older revision: nothing in them depends on the revision.
NOT_COMPARED = {"constant", "check-in", "login", "book-sqlite"}


@dataclass(frozen=True)
class Row:
    workload: str
    implementation: str
    make_requests: Callable | None  # (Filled, maximum number) -> Requests
    seats_sold: int = 0  # by each request
    writes: bool = False  # anything other than bookings
    items: int | None = None  # expected length of the list, so that no shorter one is measured
    conditional: bool = False  # sends If-None-Match with the current ETag

    @property
    def key(self):
        return self.workload, self.implementation


def shows_for_sale():
    return range(dataset.FIRST_FOR_SALE, dataset.FIRST_FOR_SALE + dataset.FOR_SALE)


def hot(seats=1):
    """(show, seat numbers) in order: one show is filled after the other."""
    for show in shows_for_sale():
        for first in range(1, dataset.SEATS - seats + 2, seats):
            yield show, list(range(first, first + seats))


def spread(seats=1):
    """(show, seat numbers) in order: from each show in turn.

    Each round begins one show later. Otherwise users would come back to the same shows and reach
    the limit of seats per customer.
    """
    shows = list(shows_for_sale())
    for first in range(1, dataset.SEATS - seats + 2, seats):
        for show in shows:
            yield show, list(range(first, first + seats))
        shows.append(shows.pop(0))


def book(order, path="/api/shows/{}/book/", **options):
    def make_requests(filled, maximum):
        requests = [
            (path.format(show), json.dumps({"seat_number": seat}))
            for show, (seat,) in islice(order(), maximum)
        ]
        return Requests(requests, "POST", 201, filled.tokens, **options)

    return make_requests


def reserve(filled, maximum):
    requests = [
        (f"/api/shows/{show}/reservations/", json.dumps({"seat_numbers": seats}))
        for show, seats in islice(spread(3), maximum)
    ]
    return Requests(requests, "POST", 201, filled.tokens)


def check_in(filled, maximum):
    bodies = [json.dumps({"code": code}) for code in filled.ticket_codes[:maximum]]
    requests = [("/api/check-in/", body) for body in bodies]
    return Requests(requests, "POST", tokens=filled.tokens[-dataset.GATES :])


def log_in(filled, maximum):
    bodies = [
        json.dumps({"username": name, "password": dataset.PASSWORD}) for name in dataset.usernames()
    ]
    requests = [("/api/login/", body) for body in islice(cycle(bodies), maximum)]
    return Requests(requests, "POST", connections=4)


def read(path):
    return lambda filled, maximum: Requests([(path, "")])


def read_as_user(path):
    return lambda filled, maximum: Requests([(path, "")], tokens=filled.tokens)


def read_as_regular(path):
    # In turn: one user alone would be throttled.
    return lambda filled, maximum: Requests([(path, "")], tokens=filled.tokens[: dataset.REGULARS])


SHOWS_OF_MOVIE = f"/api/movies/{dataset.MOVIE_WITH_SHOWS}/shows/"
SEAT_MAP = f"/api/shows/{dataset.LARGE_SHOW}/seats/"
BARE_BOOK = "/shows/{}/book/"

# In the order of measuring: rows that are compared with each other are neighbours.
ROWS = [
    Row("constant", DJANGO, read("/django/")),
    Row("constant", DRF, read_as_user("/drf/")),
    Row("book-hot", PROJECT, book(hot), seats_sold=1),
    Row("book-hot", TEXTBOOK, book(hot), seats_sold=1),
    Row("book-hot", BARE, book(hot, BARE_BOOK), seats_sold=1),
    Row("book-spread", PROJECT, book(spread), seats_sold=1),
    Row("book-spread", TEXTBOOK, book(spread), seats_sold=1),
    Row("book-spread", BARE, book(spread, BARE_BOOK), seats_sold=1),
    Row("book-spread", PGBENCH, None, seats_sold=1),
    Row("book-key", PROJECT, book(hot, with_keys=True), seats_sold=1),
    Row("reserve", PROJECT, reserve, seats_sold=3),
    Row("movies", PROJECT, read("/api/movies/"), items=100),
    Row("movies", TEXTBOOK, read("/api/movies/"), items=100),
    Row("movies-304", PROJECT, read("/api/movies/"), conditional=True),
    Row("shows", PROJECT, read(SHOWS_OF_MOVIE), items=50),
    Row("shows", TEXTBOOK, read(SHOWS_OF_MOVIE), items=50),
    Row("my-bookings", PROJECT, read_as_regular("/api/my-bookings/"), items=50),
    Row("my-bookings", TEXTBOOK, read_as_regular("/api/my-bookings/"), items=50),
    Row("seat-map", PROJECT, read(SEAT_MAP), items=dataset.SOLD_OF_LARGE_SHOW),
    Row("seat-map-304", PROJECT, read(SEAT_MAP), conditional=True),
    Row("check-in", PROJECT, check_in, writes=True),
    Row("login", PROJECT, log_in, writes=True),
    Row("book-sqlite", SQLITE, book(hot), seats_sold=1),
]


def select_rows(workloads=None, *, grown=False, threaded=False):
    """Rows of the given workloads, or all; the project's with more threads or data follow them."""
    for row in ROWS:
        if workloads and row.workload not in workloads:
            continue
        yield row
        if threaded and row.implementation == PROJECT and row.workload in WITH_THREADS:
            yield replace(row, implementation=THREADED)
        if grown and row.implementation == PROJECT:
            yield replace(row, implementation=GROWN)


def rows_to_compare(workloads=None):
    """The project's rows, each followed by the same row of the old revision."""
    for row in ROWS:
        wanted = row.workload in workloads if workloads else row.workload not in NOT_COMPARED
        if wanted and row.implementation == PROJECT:
            yield row
            yield replace(row, implementation=OLD)


def length_of(body):
    """Length of the list in a response, with or without pagination; of a seat map: booked seats."""
    if isinstance(body, list):
        return len(body)
    return len(body["results"] if "results" in body else body["booked"])
