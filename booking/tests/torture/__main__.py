"""Torture test: check the application under faults, then check that mutants are rejected.

    python -m booking.tests.torture                      one minute, every mutant
    python -m booking.tests.torture --seconds 300 --seed 7
    python -m booking.tests.torture --database sqlite --mutants none
    python -m booking.tests.torture --threads 4 --pooler transaction --mutants none
    python -m booking.tests.torture --judge FOLDER       check the history of a kept run again

A mutant is a deliberately broken version of the application. Databases and servers are started and
removed by the command. Exit status 0: the application passed, and the checker rejected every mutant
that it must reject.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from .customers import SpareAccounts
from .history import read
from .mutants import MUTANTS
from .pooler import POOL_SIZES, PgBouncer
from .run import Run
from .system import open_databases, run_fixture
from .verdict import judge

CUSTOMERS = 8
SECONDS_PER_SHOW = 9  # in which clients use it


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse()
    if options.judge:
        return not _report("this run", judge_folder(options.judge), must_be_rejected=False)
    folder = Path(tempfile.mkdtemp(prefix="torture-", dir="/tmp"))
    folder.chmod(0o755)
    print(f"seed {options.seed}, history in {folder}", flush=True)
    passed = torture(options, folder)
    if passed and not options.keep:
        shutil.rmtree(folder)
    else:
        print(f"\nRepeat with --seed {options.seed}. The histories are in {folder}.")
    print("\nPASSED" if passed else "\nFAILED")
    return not passed


def torture(options, folder):
    plans = [("", options.seconds)] + [(name, options.mutant_seconds) for name in options.mutants]
    number_of_shows = 3 * max(int(seconds / SECONDS_PER_SHOW) + 1 for _, seconds in plans)
    passed = True
    with open_databases(options.database, folder) as databases:
        if databases.vendor == "PostgreSQL" and not databases.can_fill_disk:
            print("No file system can be mounted here, so the disk is never full.", flush=True)
        accounts = CUSTOMERS + max(seconds for _, seconds in plans) // SpareAccounts.EVERY
        fixture = run_fixture(databases.template_url, "create", number_of_shows, accounts)
        for number, (name, seconds) in enumerate(plans):
            run = Run(
                databases=databases,
                fixture=fixture,
                mutant=name,
                seconds=seconds,
                seed=options.seed + number,
                workers=options.workers,
                threads=options.threads,
                pooler=options.pooler and partial(PgBouncer, mode=options.pooler),
                clients=options.clients,
                number_of_customers=CUSTOMERS,
                restart_every=12 if not name else 5,
                show_seconds=SECONDS_PER_SHOW,
                folder=folder / (name or "system"),
            )
            run.run(_progress if not name else None)
            verdict = judge_folder(run.folder)
            passed &= _report(
                name or "the system", verdict, MUTANTS[name].is_rejected if name else False
            )
    return passed


def judge_folder(folder):
    facts = json.loads((folder / "facts.json").read_text())
    return judge(read(folder / "history.jsonl"), facts)


def _progress(elapsed, seconds, counts):
    line = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    print(f"  {elapsed:4.0f} of {seconds} s: {line}", flush=True)


def _report(name, verdict, must_be_rejected):
    """Print a verdict; return True if it is the expected one."""
    as_expected = verdict.rejected if must_be_rejected else verdict.passed
    if not must_be_rejected:
        print(f"\n{name}: {'passed' if verdict.passed else 'FAILED'}")
        for name_of_count, count in sorted(verdict.counts.items()):
            print(f"  {count:8,}  {name_of_count}")
    else:
        print(f"\n{name}: {'rejected, as expected' if as_expected else 'PASSED, must be rejected'}")
    errors = verdict.violations if must_be_rejected else verdict.violations + verdict.faults
    in_brief = must_be_rejected and as_expected
    for error in errors[: 1 if in_brief else 5]:
        print(_shortened(error, 600 if in_brief else 4000))
    sys.stdout.flush()
    return as_expected


def _shortened(text, length):
    return text if len(text) <= length else f"{text[:length]} …"


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.torture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seconds", type=int, default=60, help="length of the run of the application (60)")
    add("--seed", type=int, default=None, help="seed of everything random except timing (random)")
    add("--database", choices=["postgresql", "sqlite"], default="postgresql")
    add(
        "--mutants",
        type=mutant_names,
        default="all",
        help=f"all, none, or some of: {', '.join(MUTANTS)} (all)",
    )
    add("--mutant-seconds", type=int, default=15, help="length of the run of each mutant (15)")
    add("--workers", type=int, default=4, help="number of server workers (4)")
    add("--threads", type=int, default=1, help="number of threads of each worker (1)")
    add("--pooler", choices=POOL_SIZES, help="PgBouncer in this mode before PostgreSQL (none)")
    add("--clients", type=int, default=24, help=f"number, for {CUSTOMERS} customers (24)")
    add("--keep", action="store_true", help="keep the histories of a run that passed")
    add("--judge", type=Path, metavar="FOLDER", help="check a kept history again")
    options = parser.parse_args()
    if options.pooler and options.database != "postgresql":
        parser.error("--pooler: SQLite has no server")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)
    return options


def mutant_names(text):
    seen = [name for name, mutant in MUTANTS.items() if mutant.in_torture]
    names = {"all": seen, "none": []}.get(text) or [n for n in text.split(",") if n]
    if unknown := set(names) - MUTANTS.keys() - {"none"}:
        raise argparse.ArgumentTypeError(f"unknown mutant {', '.join(unknown)}")
    return [name for name in names if name != "none"]


if __name__ == "__main__":
    started = time.monotonic()
    status = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(status)
