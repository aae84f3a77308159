"""Make each trouble that passes on a real server, and print what clients hear meanwhile.

    python -m booking.tests.troubles                       all, with one and four threads a worker
    python -m booking.tests.troubles --only frozen --threads 4
    python -m booking.tests.troubles --write               writes docs/troubles.md

Databases, servers and a network are started and removed by the command. Exit status 0: no 5xx other
than 503, nobody waited longer than 30 s, and every acknowledged booking is there afterwards.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from ..postgres import NoPostgres
from ..torture.system import PROJECT, run_fixture
from .clients import CLIENTS
from .database import Databases
from .kinds import TROUBLES, DiskFull
from .report import page, table
from .run import Run

SHOWS = 400
PAGE = PROJECT / "docs" / "troubles.md"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the servers, too
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="troubles-", dir="/tmp"))
    try:
        results = troubles(options.only, options.threads, folder)
    except NoPostgres as error:
        return f"{error}"
    print(f"\n{table(results)}\n")
    faults = [
        f"{each.kind.name}, {each.threads} threads: {it}" for each in results for it in each.faults
    ]
    for fault in faults:
        print(f"FAULT {fault}")
    if faults:
        print(f"The logs are in {folder}.")
        return 1
    shutil.rmtree(folder)
    if options.write and len(results) < 2 * len(TROUBLES):
        print(f"{PAGE.name} is not written: a trouble was skipped.")
    elif options.write:
        PAGE.write_text(page(results))
        print(f"Wrote {PAGE.relative_to(PROJECT)}.")
    return 0


def troubles(kinds, threads, folder):
    results = []
    with Databases() as databases:
        if not databases.server.has_own_disk and DiskFull in kinds:
            print("Skipped: disk full. It needs root, who can mount a small disk.", flush=True)
            kinds = [kind for kind in kinds if kind is not DiskFull]
        fixture = run_fixture(databases.template_url, "create", SHOWS, CLIENTS)
        for number, kind in enumerate(kinds):
            for count in threads:
                run = Run(
                    databases=databases,
                    fixture=fixture,
                    kind=kind,
                    threads=count,
                    folder=folder / f"run{number}_{count}",
                )
                result = run.result()
                results.append(result)
                print(
                    f"{kind.name}, {count} threads: {'; '.join(result.faults) or 'passed'}",
                    flush=True,
                )
    return results


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.troubles",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ", ".join(kind.name for kind in TROUBLES)
    parser.add_argument(
        "--only",
        type=kinds_of,
        default=TROUBLES,
        metavar="WORD",
        help=f"part of a name of: {names}",
    )
    parser.add_argument(
        "--threads", type=numbers, default=[1, 4], metavar="N,N", help="of each worker (1,4)"
    )
    parser.add_argument("--write", action="store_true", help="write docs/troubles.md")
    options = parser.parse_args()
    if options.write and (options.only, options.threads) != (TROUBLES, [1, 4]):
        parser.error("--write: the page has all troubles")
    return options


def kinds_of(word):
    if not (kinds := [kind for kind in TROUBLES if word in kind.name]):
        raise argparse.ArgumentTypeError(f"no trouble has {word!r} in its name")
    return kinds


def numbers(text):
    return [int(each) for each in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
