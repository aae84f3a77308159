"""Run every mutant against the tests and against the torture test, and print a table.

    python -m booking.tests.mutants                        all of them, about half an hour
    python -m booking.tests.mutants --only no_guards,moves_without_lock

A mutant is a deliberately broken version of the application (booking/tests/torture/mutants.py). A
test that passes without it must fail with it, and the torture test must reject it. Two mutants
cannot run in tests; for those the torture test alone counts. Uses a temporary PostgreSQL server.
Exit status 0: none survives.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time

from ..postgres import Postgres
from ..torture.__main__ import mutant_names
from ..torture.mutants import MUTANTS
from ..torture.system import PROJECT

TESTS = [
    "booking/tests/box_office",
    "booking/tests/api",
    "booking/tests/concurrency",
]
NOT_IN_TESTS = {
    "acknowledge_before_commit": "replaces the WSGI application, which Django's client bypasses",
    "sweeper_frees_booked_seats": "runs beside the application, in a thread of each worker",
}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the server, too
    names = parse().only
    survivors = []
    with Postgres(fsync="off", max_connections=200) as server:
        print("The tests without a mutant ...", flush=True)
        refused, seconds = refusing_test(server.url, "")
        if refused:
            sys.exit(f"{refused} fails without a mutant.")
        print(f"pass, {seconds:.0f} s\n", flush=True)
        for name in names:
            if reason := NOT_IN_TESTS.get(name):
                by_test, seconds = f"not run: {reason}", 0
            else:
                by_test, seconds = refusing_test(server.url, name)
            by_torture = is_refused_by_torture(name)
            if not (by_test and by_torture):
                survivors.append(name)
            print(f"{name}  ({seconds:.0f} s)", flush=True)
            print(f"    tests:   {by_test or 'SURVIVES'}")
            print(f"    torture: {'refused' if by_torture else 'SURVIVES'}", flush=True)
    print(f"\n{len(names)} mutants, surviving: {', '.join(survivors) or 'none'}")
    return bool(survivors)


def refusing_test(url, name):
    """(the first test that fails or None, seconds)."""
    started = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
            *("-p", "booking.tests.mutants.plugin", "--no-header", "--tb=no", *TESTS),
        ],
        cwd=PROJECT,
        env=os.environ | {"DATABASE_URL": url, "DEBUG": "on", "MUTANT": name},
        capture_output=True,
        text=True,
    )
    seconds = time.monotonic() - started
    if done.returncode == 0:
        return None, seconds
    found = re.search(r"^(?:SUB)?(?:FAILED|ERROR)\S* (\S+)", done.stdout, re.MULTILINE)
    if found is None:
        sys.exit(f"pytest failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    return found[1], seconds


def is_refused_by_torture(name):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "booking.tests.torture", "--seconds", "5"),
            *("--mutants", name),
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    return f"{name}: rejected" in done.stdout


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    harmful = [name for name, mutant in MUTANTS.items() if mutant.is_rejected]
    parser.add_argument(
        "--only",
        type=mutant_names,
        default=harmful,
        metavar="NAMES",
        help=f"some of: {', '.join(harmful)} (all)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
