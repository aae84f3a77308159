"""Measure the application beside the textbook and the floors, and write docs/benchmarks.md.

    python -m benchmarks                                everything
    python -m benchmarks --only book-hot,constant       some workloads; writes nothing
    python -m benchmarks --threads 4                    everything, and rows with four threads
    python -m benchmarks --vs v1.0                      this checkout beside an older revision
    python -m benchmarks --vs v1.0 --threads 4          both with four threads
    python -m benchmarks --vs v1.0 --write ratios.md    and write the table

Needs `wrk` (apt install wrk); PostgreSQL comes from the wheel in requirements-dev.txt.
"""

import argparse
import signal
import subprocess
import sys
from pathlib import Path

from . import machine
from .databases import PROJECT_FOLDER
from .goals import goals
from .load import wrk_is_missing
from .report import (
    aligned,
    comparison_page,
    page,
    table_of_goals,
    table_of_ratios,
    table_of_rows,
)
from .run import Run
from .testbed import Testbed
from .workloads import WORKLOADS, rows_to_compare, select_rows

PAGE = PROJECT_FOLDER / "docs" / "benchmarks.md"


def positive_number(text):
    if (value := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def workload_names(text):
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in WORKLOADS]:
        raise argparse.ArgumentTypeError(
            f"unknown workload {', '.join(unknown)}; known are {', '.join(WORKLOADS)}"
        )
    return names


def git_revision(text):
    done = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", "--short", f"{text}^{{commit}}"],
        cwd=PROJECT_FOLDER,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise argparse.ArgumentTypeError(f"there is no revision {text}")
    return done.stdout.strip()


def parse_arguments():
    listing = "\n".join(f"  {name:16}{title}" for name, title in WORKLOADS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"workloads:\n{listing}",
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seconds", type=positive_number, default=8, help="length of each measurement (8)")
    add("--repetitions", type=positive_number, default=3, help="measurements of each row (3)")
    add("--only", type=workload_names, metavar="WORKLOAD,…", help="measure some workloads only")
    add(
        "--scale",
        type=positive_number,
        default=1,
        metavar="TIMES",
        help="also measure the project with so many times the shows and bookings (goal: 10)",
    )
    add(
        "--threads",
        type=positive_number,
        default=1,
        help="also measure bookings, lists and the seat map with so many threads a worker (4); "
        "with --vs: measure both revisions with them",
    )
    add("--no-write", action="store_true", help="do not write docs/benchmarks.md")
    add(
        "--vs",
        type=git_revision,
        metavar="REVISION",
        help="measure this checkout beside a git revision of it, in turn, and print new / old",
    )
    add("--write", type=Path, metavar="FILE", help="with --vs: write the comparison as Markdown")
    arguments = parser.parse_args()
    if arguments.write and not arguments.vs:
        parser.error("--write needs --vs")
    if arguments.vs and arguments.scale > 1:
        parser.error("--vs cannot be combined with --scale")
    return arguments


def main():
    arguments = parse_arguments()
    if wrk_is_missing():
        print("`wrk` sends the load and is not installed: apt install wrk", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped
    if arguments.vs:
        rows = list(rows_to_compare(arguments.only))
        if not rows:
            print("nothing to compare: the project has no such workload", file=sys.stderr)
            return 2
    else:
        grown, threaded = arguments.scale > 1, arguments.threads > 1
        rows = list(select_rows(arguments.only, grown=grown, threaded=threaded))
    implementations = {row.implementation for row in rows}
    with Testbed(
        implementations,
        scale=arguments.scale,
        threads=arguments.threads,
        revision=arguments.vs,
    ) as testbed:
        run = Run(testbed, rows, seconds=arguments.seconds, repetitions=arguments.repetitions)
        results = run.measure()
        machine_facts = list(machine.describe(testbed.postgresql.version()))
    if arguments.vs:
        report_comparison(arguments, run, results, machine_facts)
    else:
        report_all(arguments, testbed, run, results, machine_facts)
    return 1 if run.failures else 0


def report_all(arguments, testbed, run, results, machine_facts):
    reached = goals(results)
    print(aligned(table_of_rows(run.rows, results, run.failures, run.absent)))
    print()
    print(aligned(table_of_goals(reached)))
    print_machine(machine_facts)
    if not arguments.no_write and not arguments.only:  # a part must not replace the whole page
        text = page(testbed=testbed, run=run, results=results, goals=reached, machine=machine_facts)
        write(PAGE, text)


def report_comparison(arguments, run, results, machine_facts):
    print(aligned(table_of_ratios(run.rows, results, run.failures, run.absent)))
    print_machine(machine_facts)
    if arguments.write:
        text = comparison_page(
            revision=arguments.vs,
            threads=arguments.threads,
            run=run,
            results=results,
            machine=machine_facts,
        )
        write(arguments.write, text)


def print_machine(machine_facts):
    print()
    print("\n".join(f"{name}: {value}" for name, value in machine_facts))


def write(file, text):
    file.write_text(text, encoding="utf-8")
    print(f"\nwritten: {file}")


if __name__ == "__main__":
    sys.exit(main())
