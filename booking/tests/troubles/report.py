"""Table of the results, and the page docs/troubles.md."""

from .kinds import TROUBLES
from .verdict import LONGEST_WAIT

HEARD = ["bookings", "lists", "longest wait", "first booking after", "other 5xx"]
HEADINGS = ["trouble", "threads", *HEARD]
INTRODUCTION = f"""\
# Troubles that pass

`make troubles` makes each of these on a real PostgreSQL while eight clients book and list, one
request at a time each, on the production server: granian with two workers of one and of four
threads. It writes this page. It fails if a client gets a 5xx other than 503 or waits longer than
{LONGEST_WAIT} s, or if an acknowledged booking is missing afterwards.

## What clients hear

"Bookings" and "lists" (bookings, shows, movies, a seat map) are the responses to requests that were
open during the trouble. The longest wait is that of the whole run, with the queue before a
worker whose threads all wait. The first booking is counted from the moment when the trouble is
over; after a stop or a crash that is when PostgreSQL accepts connections again.

While the database is frozen or out of reach, a request waits `DATABASE_DEADLINE_SECONDS` (15) if
its statement was sent before, and 3 s for a new connection. With one thread a worker, one locked
show makes the customers of all others wait.

"""
ADVICE = """

## What a client should do

To send again means: wait as long as `Retry-After` says, then send the same request, a change with
the same `Idempotency-Key`. A 503, or no response, leaves open whether a change was made. The same
key tells; without one, look into my-bookings first.

| trouble | here for | what a client should do |
|---|---|---|
"""


def table(results):
    return markdown([HEADINGS, *map(row, results)])


def row(result):
    return [result.kind.name, f"{result.threads}", *heard(result)]


def markdown(rows):
    [headings, *others] = rows
    lines = [headings, ["---"] * len(headings), *others]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def heard(result):
    """The cells under HEARD."""
    first = result.first_booking
    return [
        result.heard("book"),
        result.heard("list"),
        f"{result.longest_wait:.1f} s",
        "none" if first is None else f"{first:.2f} s",
        f"{result.other_errors}",
    ]


def page(results):
    advice = [f"| {kind.name} | {kind.seconds} s | {kind.advice} |" for kind in TROUBLES]
    return "".join([INTRODUCTION, table(results), ADVICE, "\n".join(advice), "\n"])
