"""The tables of a run: for the terminal, and as a page for docs/."""

from . import cinema
from .rows import BARE, DRF, PROJECT, SQLITE, SUBJECTS

# What each subject is compared with: the least that such a request can cost.
FLOOR = {
    "book-hot": ("book-hot", BARE),
    "book-spread": ("book-spread", BARE),
    "book-key": ("book-hot", BARE),
    "reserve": ("book-spread", BARE),
    "films": ("constant", DRF),
    "films-again": ("constant", DRF),
    "shows": ("constant", DRF),
    "my-bookings": ("constant", DRF),
    "seat-map": ("constant", DRF),
    "seat-map-again": ("constant", DRF),
}

HEADINGS = [
    "",
    "who",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU ms: server",
    "PostgreSQL",
    "× textbook",
    "× floor",
]


def table_of_rows(rows, measured, failures, absent):
    yield HEADINGS
    for row in rows:
        title = SUBJECTS[row.subject]
        if row.key in failures:
            yield [title, row.who, f"does not count: {failures[row.key]}", *[""] * 6]
        elif row.key in absent:
            yield [title, row.who, f"none: {absent[row.key]}", *[""] * 6]
        elif row.key in measured.figures:
            yield [title, row.who, *cells(row, measured)]


def cells(row, measured):
    figures = measured.figures[row.key]
    to_textbook = to_floor = None
    if row.who == PROJECT:
        to_textbook = measured.to_textbook(row.subject)
        to_floor = measured.ratio(row.key, FLOOR.get(row.subject))
    return [
        f"{figures.rate:,.0f}",
        f"{figures.p50:.1f}",
        f"{figures.p99:.1f}",
        f"{figures.cpu_server:.2f}",
        f"{figures.cpu_postgresql:.2f}" if row.who != SQLITE else "",
        "" if to_textbook is None else f"{to_textbook:.2f}",
        "" if to_floor is None else f"{to_floor:.2f}",
    ]


def table_of_goals(goals):
    yield ["", "goal", "measured", "reached"]
    for goal in goals:
        measured = "" if goal.measured is None else f"{goal.measured:.2f} {goal.unit}"
        reached = {True: "yes", False: "NO", None: "not measured"}[goal.is_reached]
        yield [goal.title, goal.wanted, measured, reached]


def aligned(table):
    """For a terminal."""
    table = [list(line) for line in table]
    # What is said about a row that does not count may stretch over the rest of its line.
    measured = [line for line in table if len(line) < 4 or line[3] or not line[2]]
    widths = [max(map(len, column)) for column in zip(*measured, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )
    return "\n".join(lines)


def markdown(table):
    heading, *lines = table
    # A bar would end the cell.
    body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    ruler = ["---"] * len(heading)
    return "\n".join(f"| {' | '.join(line)} |" for line in [heading, ruler, *body])


def page(*, stage, run, measured, goals, machine):
    """docs/benchmarks.md"""
    reached = [goal.is_reached for goal in goals]
    verdicts = {True: "reached", False: "not reached", None: "not measured"}
    tally = ", ".join(f"{reached.count(one)} {verdict}" for one, verdict in verdicts.items())
    scale = (
        f"\n`grown` is this project with {stage.scale} times the shows and bookings.\n"
        if stage.scale > 1
        else ""
    )
    return f"""\
# Benchmarks

Written by `make bench`; every figure and every verdict is computed. Measure again rather than edit.

All of it is of one run, on one machine that load, server and database share: compare figures with
each other, not with those of another machine. Each row is the median of what was measured
{run.repetitions} × {run.seconds} s long, in turn with the others and after a second of warming up.

- **project** is this application, **textbook** the implementation that everyone writes
  (`benchmarks/textbook`), and the floors are in `benchmarks/floors`: a constant Django view and a
  constant DRF view with the application's authentication, both without middleware; a **bare view**
  without DRF that books in one SQL statement. **pgbench** puts a booking's transaction to
  PostgreSQL without any server.
- All are served as in production: granian, two processes, nothing installed but
  requirements.txt. PostgreSQL waits for the disk at each
  commit (`fsync` and `synchronous_commit` are on).
- `wrk` asks on 16 connections that are kept alive (a login: 4), with the tokens of all
  {cinema.USERS:,} users in turn. "Hot show": all fill one show before the next one opens. p50 and
  p99 are corrected for what `wrk` would have asked while it waited for an answer.
- {cinema.FILMS:,} films, {cinema.SHOWS:,} shows and {cinema.BOOKINGS:,} bookings are there when a
  measurement begins.
- A row counts only if every answer was the expected one, if what is booked afterwards is what was
  acknowledged, and if no seat is there twice. When `wrk` stops, up to 16 requests are on their
  way: so many bookings more than were acknowledged are allowed.
- × floor is the bare view for bookings, and the constant DRF view for what is read.
{scale}
## Figures

{markdown(table_of_rows(run.rows, measured, run.failures, run.absent))}

## Goals

{tally}.

{markdown(table_of_goals(goals))}

## Machine

{markdown([["", ""], *map(list, machine)])}
"""
