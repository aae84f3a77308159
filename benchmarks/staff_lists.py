"""Measure the lists and searches of staff at a million bookings, on both databases.

    python -m benchmarks.staff_lists                       a million bookings
    python -m benchmarks.staff_lists --bookings 100000     a smaller database
    python -m benchmarks.staff_lists --write lists.md      and write the table

The admin answers in one process, one request after another. Ends with 1 if a page takes more than
200 ms of CPU time: that is what it takes on an idle machine, or nearly.
"""

import argparse
import json
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from . import machine
from .__main__ import positive_number
from .databases import PostgresServer, environment
from .report import aligned
from .staff_pages import PAGES

LIMIT = 200  # ms
# One process for each query, so that its CPU time can be read; filling takes longer than 5 s.
OPTIONS = "?options=-c%20max_parallel_workers_per_gather%3D0%20-c%20statement_timeout%3D0"
COLUMNS = ["page", "CPU ms", "p50 ms", "p95 ms"]


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.staff_lists",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--bookings", type=positive_number, default=1_000_000)
    add("--customers", type=positive_number, default=200_000)
    add("--movies", type=positive_number, default=1_000)
    add("--repetitions", type=positive_number, default=20, help="requests of each page (20)")
    add("--postgresql", type=int, metavar="MAJOR", help="PostgreSQL's version (the newest)")
    add("--only", choices=["postgresql", "sqlite"], help="measure one database only (both)")
    add("--write", type=Path, metavar="FILE", help="write the table as Markdown")
    return parser.parse_args()


def measure(url, arguments):
    """Times of each page, from a separate process with the settings of production."""
    env = environment("movie_booking.settings", url, secrets.token_hex(32))
    sizes = [arguments.bookings, arguments.customers, arguments.movies, arguments.repetitions]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.staff_pages", *map(str, sizes)],
        env=env | {"DATABASE_DEADLINE_SECONDS": "0"},
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def rows_of(pages):
    for name, page in zip(PAGES, pages, strict=True):
        times = sorted(page["times"])
        p95 = times[-(-len(times) * 95 // 100) - 1]
        yield [name, *(f"{value:.0f}" for value in (page["cpu"], median(times), p95))]


def markdown(table):
    lines = ["| " + " | ".join(row) + " |" for row in table]
    return "\n".join([lines[0], "| --- |" + " --- |" * (len(table[0]) - 1), *lines[1:]])


def main():
    arguments = parse_arguments()
    results, version = {}, "not measured"
    if arguments.only != "sqlite":
        with PostgresServer(major=arguments.postgresql) as server:
            version = server.version()
            results[f"PostgreSQL {version}"] = measure(server.url + OPTIONS, arguments)
    if arguments.only != "postgresql":
        with tempfile.TemporaryDirectory(prefix="staff-lists-") as folder:
            results["SQLite"] = measure(f"sqlite:///{folder}/db.sqlite3", arguments)
    sections = []
    for database, pages in results.items():
        table = [COLUMNS, *rows_of(pages)]
        print(f"\n{database}\n{aligned(table)}")
        sections.append(f"## {database}\n\n{markdown(table)}\n")
    print("\n".join(f"{name}: {value}" for name, value in machine.describe(version)))
    if arguments.write:
        arguments.write.write_text("\n".join(sections), encoding="utf-8")
    slow = [
        name
        for pages in results.values()
        for name, page in zip(PAGES, pages, strict=True)
        if page["cpu"] > LIMIT
    ]
    if slow:
        print(f"more than {LIMIT} ms: {', '.join(slow)}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
