"""Tables of a run, for the terminal and as a page in docs/."""

from . import dataset
from .workloads import BARE, DRF, OLD, PROJECT, SQLITE, WORKLOADS

# The floor of each workload: the least that such a request can cost.
FLOOR = {
    "book-hot": ("book-hot", BARE),
    "book-spread": ("book-spread", BARE),
    "book-key": ("book-hot", BARE),
    "reserve": ("book-spread", BARE),
    "movies": ("constant", DRF),
    "movies-304": ("constant", DRF),
    "shows": ("constant", DRF),
    "my-bookings": ("constant", DRF),
    "seat-map": ("constant", DRF),
    "seat-map-304": ("constant", DRF),
}

HEADINGS = [
    "",
    "implementation",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU ms: server",
    "PostgreSQL",
    "× textbook",
    "× floor",
]


def table_of_rows(rows, results, failures, absent):
    yield HEADINGS
    for row in rows:
        title = WORKLOADS[row.workload]
        if row.key in failures:
            yield [title, row.implementation, f"does not count: {failures[row.key]}", *[""] * 6]
        elif row.key in absent:
            yield [title, row.implementation, f"none: {absent[row.key]}", *[""] * 6]
        elif row.key in results.metrics:
            yield [title, row.implementation, *cells(row, results)]


def cells(row, results):
    metrics = results.metrics[row.key]
    to_textbook = to_floor = None
    if row.implementation == PROJECT:
        to_textbook = results.to_textbook(row.workload)
        to_floor = results.ratio(row.key, FLOOR.get(row.workload))
    return [
        f"{metrics.rate:,.0f}",
        f"{metrics.p50:.1f}",
        f"{metrics.p99:.1f}",
        f"{metrics.cpu_server:.2f}",
        f"{metrics.cpu_postgresql:.2f}" if row.implementation != SQLITE else "",
        "" if to_textbook is None else f"{to_textbook:.2f}",
        "" if to_floor is None else f"{to_floor:.2f}",
    ]


def table_of_ratios(rows, results, failures, absent):
    """The project beside the old revision: requests per second, latency and CPU, new / old."""
    yield [
        "",
        "requests/s old",
        "new",
        "new / old",
        "p50 ms old",
        "new",
        "p99 ms old",
        "new",
        "CPU new / old",
    ]
    for workload in dict.fromkeys(row.workload for row in rows):
        keys = (workload, OLD), (workload, PROJECT)
        title = WORKLOADS[workload]
        reasons = [
            f"{key[1]}: {why[key]}" for key in keys for why in (failures, absent) if key in why
        ]
        if reasons:
            yield [title, "", f"does not count: {'; '.join(reasons)}", *[""] * 6]
            continue
        old, new = (results.metrics[key] for key in keys)
        yield [
            title,
            *(f"{each.rate:,.0f}" for each in (old, new)),
            f"{new.rate / old.rate:.2f}",
            *(f"{each.p50:.1f}" for each in (old, new)),
            *(f"{each.p99:.1f}" for each in (old, new)),
            f"{new.cpu / old.cpu:.2f}",
        ]


def comparison_page(*, revision, threads, run, results, machine):
    """Markdown of a comparison with an older revision."""
    return f"""\
# Comparison with {revision}

Written by `python -m benchmarks --vs {revision} --threads {threads}`. Both revisions ran on one
machine in one run, {run.repetitions} × {run.seconds} s for each row, measured in turn.

{markdown(table_of_ratios(run.rows, results, run.failures, run.absent))}

{markdown([["", ""], *map(list, machine)])}
"""


def table_of_goals(goals):
    yield ["", "goal", "measured", "reached"]
    for goal in goals:
        measured = "" if goal.measured is None else f"{goal.measured:.2f} {goal.unit}"
        reached = {True: "yes", False: "NO", None: "not measured"}[goal.is_reached]
        yield [goal.title, goal.wanted, measured, reached]


def aligned(table):
    """A table with aligned columns, for the terminal."""
    table = [list(line) for line in table]
    # The reason why a row does not count may run over the following columns.
    measured = [line for line in table if len(line) < 4 or line[3] or not line[2]]
    widths = [max(map(len, column)) for column in zip(*measured, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )
    return "\n".join(lines)


def markdown(table):
    heading, *lines = table
    # An unescaped bar would end the cell.
    body = [[cell.replace("|", "\\|").replace("\n", " ") for cell in line] for line in lines]
    ruler = ["---"] * len(heading)
    return "\n".join(f"| {' | '.join(line)} |" for line in [heading, ruler, *body])


def page(*, testbed, run, results, goals, machine):
    """Markdown of docs/benchmarks.md."""
    reached = [goal.is_reached for goal in goals]
    verdicts = {True: "reached", False: "not reached", None: "not measured"}
    tally = ", ".join(f"{reached.count(one)} {verdict}" for one, verdict in verdicts.items())
    scale = (
        f"\n**grown** is this project with {testbed.scale} times the shows and bookings.\n"
        if testbed.scale > 1
        else ""
    )
    threads = (
        f"\n**more threads** is this project with {testbed.threads} threads in each process; the "
        "other rows have one.\n"
        if testbed.threads > 1
        else ""
    )
    return f"""\
# Benchmarks

Written by `make bench`: every number and every verdict is computed. Measure again rather than edit.

All numbers are from one run on one machine that load generator, server and database share: compare
them with each other, not with those of another machine. Each row is the median of
{run.repetitions} measurements of {run.seconds} s, taken in turn with the other rows, each after a
warm-up of one second.

- **project** is this application, **textbook** a plain implementation after the tutorials
  (`benchmarks/textbook`). The floors are in `benchmarks/floors`: a constant Django view and a
  constant DRF view with the application's authentication, both without middleware, and a **bare
  view** without DRF that books in one SQL statement. **pgbench** sends a booking's transaction to
  PostgreSQL without any server in between.
- All are served as in production: granian with two processes, nothing installed but
  requirements.txt. Commits are durable (`fsync` and `synchronous_commit` are on).
- `wrk` keeps 16 connections alive (login: 4) and uses the tokens of all {dataset.USERS:,} users in
  turn. "Hot show": one show is filled before the next one opens. p50 and p99 are corrected for
  coordinated omission: the requests that `wrk` would have sent while it waited for a response.
- A measurement begins with {dataset.MOVIES:,} movies, {dataset.SHOWS:,} shows and
  {dataset.BOOKINGS:,} bookings.
- A row counts only if every response was the expected one, if the bookings in the table are those
  that were acknowledged, and if no seat was sold twice. When `wrk` stops, up to 16 requests are in
  flight: so many bookings more are allowed.
- × floor compares bookings with the bare view, and reads with the constant DRF view.
{scale}{threads}
## Results

{markdown(table_of_rows(run.rows, results, run.failures, run.absent))}

## Goals

{tally}.

{markdown(table_of_goals(goals))}

## Machine

{markdown([["", ""], *map(list, machine)])}
"""
