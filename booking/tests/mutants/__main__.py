"""Run every mutant against the tests and against the torture test, and print a table.

    python -m booking.tests.mutants                        all of them, a few minutes
    python -m booking.tests.mutants --only no_guards,moves_without_lock

A mutant is a deliberately broken version of the application (booking/tests/torture/mutants). Each
test that it names must pass without it and fail with it, and the torture test must reject it; or
two tests must fail, where the clients of the torture test never do what it breaks. Two mutants
cannot run in tests; for those the torture test alone counts. Uses temporary PostgreSQL servers.
Exit status 0: none survives.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from ..torture.__main__ import mutant_names
from ..torture.mutants import MUTANTS
from .against_tests import Tests
from .against_torture import Torture

HARMFUL = [name for name, mutant in MUTANTS.items() if mutant.is_rejected]


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the servers, too
    options = parse()
    rows, survivors = [], []
    with tempfile.TemporaryDirectory(prefix="mutants-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        with Tests() as tests, Torture(Path(folder), options.seed) as torture:
            print(f"seed {options.seed}; the tests without a mutant ...", flush=True)
            started = time.monotonic()
            if failed := tests.failing_without_mutant(options.only):
                sys.exit(f"{failed} fails without a mutant.")
            print(f"pass, {time.monotonic() - started:.0f} s\n", flush=True)
            for name in options.only:
                started = time.monotonic()
                checks = results(name, tests, torture)
                if None in checks.values():
                    survivors.append(name)
                seconds = f"{time.monotonic() - started:.0f} s"
                rows += table_rows(name, checks, seconds)
                print(*(f"| {' | '.join(row)} |" for row in rows[-len(checks) :]), sep="\n")
                sys.stdout.flush()
    print(f"\n{len(options.only)} mutants, surviving: {', '.join(survivors) or 'none'}")
    return bool(survivors)


def results(name, tests, torture):
    """What each check of a mutant says: why it refuses the mutant, or None."""
    mutant = MUTANTS[name]
    checks = {test: tests.refusal(test, name) for test in mutant.tests}
    if mutant.in_torture:
        checks["torture"] = torture.refusal(name)
    return checks


def table_rows(name, checks, seconds):
    for number, (check, refusal) in enumerate(checks.items()):
        first = ["", ""] if number else [name, seconds]
        yield [*first, check, refusal or "SURVIVES"]


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        type=mutant_names,
        default=HARMFUL,
        metavar="NAMES",
        help=f"some of: {', '.join(HARMFUL)} (all)",
    )
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    return parser.parse_args()


if __name__ == "__main__":
    started = time.monotonic()
    status = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(status)
