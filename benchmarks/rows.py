"""What is measured: the rows of the table, each a subject and somebody who answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import cycle, islice

from . import cinema
from .load import Questions

PROJECT, TEXTBOOK, BARE, GROWN, SQLITE = "project", "textbook", "bare view", "grown", "sqlite"
DJANGO, DRF, PGBENCH = "Django view", "DRF view", "pgbench"

# Nobody answers as many in a second. More questions are not prepared.
MOST_A_SECOND = 8_000

SUBJECTS = {
    "constant": "the same answer to everybody",
    "book-hot": "book, hot show",
    "book-spread": f"book, spread over {cinema.FOR_SALE:,} shows",
    "book-key": "book, hot show, with `Idempotency-Key`",
    "reserve": "reservation of three, spread",
    "films": "films, page of 100 of 1,000",
    "films-again": "films, with `If-None-Match`",
    "shows": "a film's 50 shows with free seats",
    "my-bookings": "my 50 bookings",
    "seat-map": "seat map of 600 seats",
    "seat-map-again": "seat map, with `If-None-Match`",
    "login": "login, 4 at once",
    "book-sqlite": "book, hot show, 16 writers on SQLite",
}


@dataclass(frozen=True)
class Row:
    subject: str
    who: str
    questions: Callable  # of (tokens, most): Questions
    books: int = 0  # how many seats each answer has sold
    writes: bool = False  # anything at all
    finds: int | None = None  # how long the list is that is answered, so that nobody cuts it short
    again: bool = False  # the question is put with the ETag that was answered to it before

    @property
    def key(self):
        return self.subject, self.who


def shows_for_sale():
    return range(cinema.FIRST_FOR_SALE, cinema.FIRST_FOR_SALE + cinema.FOR_SALE)


def hot(seats=1):
    """(show, seat numbers): one show after the other is filled."""
    for show in shows_for_sale():
        for first in range(1, cinema.SEATS - seats + 2, seats):
            yield show, list(range(first, first + seats))


def spread(seats=1):
    """The same seats, from each show in turn. Each round begins one show later, or customers would
    come back to the same shows soon, until they have as many seats there as one may have."""
    shows = list(shows_for_sale())
    for first in range(1, cinema.SEATS - seats + 2, seats):
        for show in shows:
            yield show, list(range(first, first + seats))
        shows.append(shows.pop(0))


def book(order, path="/api/shows/{}/book/", **options):
    def questions(tokens, most):
        asked = [
            (path.format(show), json.dumps({"seat_number": seat}))
            for show, (seat,) in islice(order(), most)
        ]
        return Questions(asked, "POST", 201, tokens, **options)

    return questions


def reserve(tokens, most):
    asked = [
        (f"/api/shows/{show}/reservations/", json.dumps({"seat_numbers": seats}))
        for show, seats in islice(spread(3), most)
    ]
    return Questions(asked, "POST", 201, tokens)


def log_in(tokens, most):
    bodies = [
        json.dumps({"username": name, "password": cinema.PASSWORD}) for name in cinema.usernames()
    ]
    asked = [("/api/login/", body) for body in islice(cycle(bodies), most)]
    return Questions(asked, "POST", connections=4)


def read(path):
    return lambda tokens, most: Questions([(path, "")])


def read_as_customer(path):
    return lambda tokens, most: Questions([(path, "")], tokens=tokens)


def read_as_regular(path):
    # Not one customer alone: they would be throttled.
    return lambda tokens, most: Questions([(path, "")], tokens=tokens[: cinema.REGULARS])


SHOWS_OF_FILM = f"/api/movies/{cinema.THE_FILM}/shows/"
SEAT_MAP = f"/api/shows/{cinema.GREAT_HALL}/seats/"
BARE_BOOK = "/shows/{}/book/"

# In the order in which they are measured, so that those that are compared are neighbours.
ROWS = [
    Row("constant", DJANGO, read("/django/")),
    Row("constant", DRF, read_as_customer("/drf/")),
    Row("book-hot", PROJECT, book(hot), books=1),
    Row("book-hot", TEXTBOOK, book(hot), books=1),
    Row("book-hot", BARE, book(hot, BARE_BOOK), books=1),
    Row("book-spread", PROJECT, book(spread), books=1),
    Row("book-spread", TEXTBOOK, book(spread), books=1),
    Row("book-spread", BARE, book(spread, BARE_BOOK), books=1),
    Row("book-spread", PGBENCH, None, books=1),
    Row("book-key", PROJECT, book(hot, with_keys=True), books=1),
    Row("reserve", PROJECT, reserve, books=3),
    Row("films", PROJECT, read("/api/movies/"), finds=100),
    Row("films", TEXTBOOK, read("/api/movies/"), finds=100),
    Row("films-again", PROJECT, read("/api/movies/"), again=True),
    Row("shows", PROJECT, read(SHOWS_OF_FILM), finds=50),
    Row("shows", TEXTBOOK, read(SHOWS_OF_FILM), finds=50),
    Row("my-bookings", PROJECT, read_as_regular("/api/my-bookings/"), finds=50),
    Row("my-bookings", TEXTBOOK, read_as_regular("/api/my-bookings/"), finds=50),
    Row("seat-map", PROJECT, read(SEAT_MAP), finds=cinema.SOLD_IN_GREAT_HALL),
    Row("seat-map-again", PROJECT, read(SEAT_MAP), again=True),
    Row("login", PROJECT, log_in, writes=True),
    Row("book-sqlite", SQLITE, book(hot), books=1),
]


def chosen(only, growth):
    """The rows of the subjects in `only`, or all; with those of the larger cinema, each beside its
    like."""
    for row in ROWS:
        if only and row.subject not in only:
            continue
        yield row
        if growth and row.who == PROJECT:
            yield replace(row, who=GROWN)


def length_of(answer):
    """Of the list in an answer, however it is packed."""
    if isinstance(answer, list):
        return len(answer)
    return len(answer["results"] if "results" in answer else answer["booked"])
