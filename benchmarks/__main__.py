"""Measure how fast the application is, beside the textbook and the floors, and write the figures to
docs/benchmarks.md. Takes PostgreSQL from the wheel of requirements-dev.txt, and `wrk` from the
system."""

import argparse
import signal
import sys

from . import machine
from .databases import PROJECT
from .goals import goals
from .load import wrk_is_missing
from .report import aligned, page, table_of_goals, table_of_rows
from .rows import SUBJECTS, chosen
from .run import Run
from .stage import Stage

PAGE = PROJECT / "docs" / "benchmarks.md"


def number(text):
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def subjects(text):
    chosen = [name.strip() for name in text.split(",")]
    if unknown := [name for name in chosen if name not in SUBJECTS]:
        raise argparse.ArgumentTypeError(
            f"there is no {', '.join(unknown)}; there are {', '.join(SUBJECTS)}"
        )
    return chosen


def arguments():
    listed = "\n".join(f"  {name:16}{title}" for name, title in SUBJECTS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"subjects:\n{listed}",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=number, default=8, help="of each measurement (8)")
    parser.add_argument("--repetitions", type=number, default=3, help="of every row (3)")
    parser.add_argument(
        "--only", type=subjects, metavar="SUBJECT,…", help="some subjects, and write nothing"
    )
    parser.add_argument(
        "--scale",
        type=number,
        default=1,
        metavar="TIMES",
        help="measure the project also with so many times the shows and bookings (goal: 10)",
    )
    parser.add_argument("--no-write", action="store_true", help="leave docs/benchmarks.md as it is")
    return parser.parse_args()


def main():
    given = arguments()
    if wrk_is_missing():
        print("`wrk` puts the load, and is not installed: apt install wrk", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers go, too
    rows = list(chosen(given.only, growth=given.scale > 1))
    with Stage({row.who for row in rows}, given.scale) as stage:
        run = Run(stage, rows, seconds=given.seconds, repetitions=given.repetitions)
        measured = run.measure()
        of_machine = list(machine.describe(stage.postgresql.version()))
    reach = goals(measured)
    print(aligned(table_of_rows(rows, measured, run.failures, run.absent)))
    print()
    print(aligned(table_of_goals(reach)))
    print()
    print("\n".join(f"{what}: {which}" for what, which in of_machine))
    if not given.no_write and not given.only:  # a part must not take the place of the whole
        written = page(stage=stage, run=run, measured=measured, goals=reach, machine=of_machine)
        PAGE.write_text(written, encoding="utf-8")
        print(f"\nwritten: {PAGE.relative_to(PROJECT)}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
