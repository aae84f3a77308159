"""Run the clients of the torture test through each pooler, and print what they get.

    python -m booking.tests.poolers                        all, a minute each
    python -m booking.tests.poolers --seconds 10 --only "1.24, transaction, 200"
    python -m booking.tests.poolers --write                writes docs/poolers.md

Installs the programs that are missing, if it can (as root, on Debian 12: apt-get and debootstrap).
Everything is started and removed by the command. Exit status 0: every combination was tested and
passed.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from ..torture.customers import SpareAccounts
from ..torture.run import Schedule
from ..torture.system import PROJECT, PostgresDatabases, run_fixture
from .combinations import COMBINATIONS
from .programs import require_postgres, require_programs
from .report import page, table
from .run import CUSTOMERS, SECONDS_PER_SHOW, THREADS, WORKERS, Run

PAGE = PROJECT / "docs" / "poolers.md"


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the servers, too
    options = parse()
    poolers = {each.pooler for each in options.only if each.is_separate}
    programs, versions, missing = require_programs(poolers)
    servers, also_missing = require_postgres({each.postgres for each in options.only})
    for sentence in missing + also_missing:
        print(f"NOT TESTED: {sentence}", flush=True)
    chosen = [
        each
        for each in options.only
        if each.postgres in servers and (each.pooler in programs or not each.is_separate)
    ]
    folder = Path(tempfile.mkdtemp(prefix="poolers-", dir="/tmp"))
    folder.chmod(0o755)
    print(f"seed {options.seed}, histories in {folder}", flush=True)
    results = run_all(chosen, programs, options, folder)
    print(f"\n{table(results)}\n")
    failed = [each for each in results if each.problems]
    if failed:
        print(f"FAILED. The histories are in {folder}; repeat with --seed {options.seed}")
        return 1
    shutil.rmtree(folder)
    if len(results) < len(options.only):
        print("FAILED: some were not tested.")
        return 1
    if options.write:
        text = page(
            results,
            seconds=options.seconds,
            workers=WORKERS,
            threads=THREADS,
            versions=sorted([*servers.values(), *versions.values()]),
        )
        PAGE.write_text(text)
        print(f"Wrote {PAGE.relative_to(PROJECT)}.")
    return 0


def run_all(combinations, programs, options, folder):
    results = []
    shows = Schedule.AT_ONCE * (options.seconds // SECONDS_PER_SHOW + 1)
    accounts = CUSTOMERS + options.seconds // SpareAccounts.EVERY
    for major in sorted({each.postgres for each in combinations}):
        with ExitStack() as stack:
            databases = stack.enter_context(PostgresDatabases(major))
            fixture = run_fixture(databases.template_url, "create", shows, accounts)
            for combination in combinations:
                if combination.postgres != major:
                    continue
                run = Run(
                    combination,
                    databases=databases,
                    fixture=fixture,
                    programs=programs,
                    seconds=options.seconds,
                    seed=options.seed,
                    folder=folder / f"run{major}_{len(results)}",
                )
                results.append(result := run.result())
                problems = result.problems
                print(f"{combination.name}: {'FAILED' if problems else 'passed'}", flush=True)
                for problem in problems[:3]:
                    print(f"  {problem[:2000]}", flush=True)
    return results


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.poolers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seconds", type=int, default=60, help="length of each run (60)")
    add("--seed", type=int, help="of everything random except timing (random)")
    add(
        "--only",
        type=combinations_of,
        default=COMBINATIONS,
        metavar="WORDS",
        help=f"part of a name such as {COMBINATIONS[-1].name!r}",
    )
    add("--write", action="store_true", help="write docs/poolers.md")
    options = parser.parse_args()
    if options.write and options.only != COMBINATIONS:
        parser.error("--write: the page has all combinations")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)
    return options


def combinations_of(words):
    if not (found := [each for each in COMBINATIONS if words in each.name]):
        names = "\n".join(each.name for each in COMBINATIONS)
        raise argparse.ArgumentTypeError(f"{words!r} is in none of:\n{names}")
    return found


if __name__ == "__main__":
    started = time.monotonic()
    status = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(status)
