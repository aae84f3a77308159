"""Torture the system and judge what it answered; then break it on purpose, and see that it shows.

    python -m booking.tests.torture                      one minute, every mutant
    python -m booking.tests.torture --seconds 300 --seed 7
    python -m booking.tests.torture --database sqlite --mutants none
    python -m booking.tests.torture --judge FOLDER       judge a run again that was kept

It needs neither a database nor a server: it starts its own, and removes them. Exit status 0 means
that the system passed and that every mutant was refused.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from .history import read
from .judge import judge
from .mutants import MUTANTS
from .run import Run
from .system import database, run_stage

CUSTOMERS = 8
SECONDS_OF_A_SHOW = 9


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = parse()
    if options.judge:
        return not _report("this run", judge_again(options.judge), refused=False)
    folder = Path(tempfile.mkdtemp(prefix="torture-", dir="/tmp"))
    folder.chmod(0o755)
    print(f"seed {options.seed}, history in {folder}", flush=True)
    good = torture(options, folder)
    if good and not options.keep:
        shutil.rmtree(folder)
    else:
        print(f"\nTo repeat it: --seed {options.seed}. The histories are in {folder}.")
    print("\nPASSED" if good else "\nFAILED")
    return not good


def torture(options, folder):
    plans = [("", options.seconds)] + [(name, options.mutant_seconds) for name in options.mutants]
    most_shows = 3 * max(int(seconds / SECONDS_OF_A_SHOW) + 1 for _, seconds in plans)
    good = True
    with database(options.database, folder) as place:
        stage = run_stage(place.stage, "set", most_shows, CUSTOMERS)
        for number, (name, seconds) in enumerate(plans):
            run = Run(
                place=place,
                stage=stage,
                mutant=name,
                seconds=seconds,
                seed=options.seed + number,
                workers=options.workers,
                tabs=options.tabs,
                restart_every=12 if not name else 5,
                show_seconds=SECONDS_OF_A_SHOW,
                folder=folder / (name or "system"),
            )
            run.run(_progress if not name else None)
            verdict = judge_again(run.folder)
            good &= _report(name or "the system", verdict, MUTANTS[name].refused if name else False)
    return good


def judge_again(folder):
    facts = json.loads((folder / "facts.json").read_text())
    return judge(read(folder / "history.jsonl"), facts)


def _progress(elapsed, seconds, counts):
    line = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    print(f"  {elapsed:4.0f} of {seconds} s: {line}", flush=True)


def _report(name, verdict, refused):
    """Prints a verdict; whether it is the one that was due."""
    due = verdict.refused if refused else verdict.passed
    if not refused:
        print(f"\n{name}: {'passed' if verdict.passed else 'REFUSED'}")
        for what, count in sorted(verdict.counts.items()):
            print(f"  {count:8,}  {what}")
    else:
        print(f"\n{name}: {'refused, as it should be' if due else 'PASSED, and should not'}")
    troubles = verdict.violations if refused else verdict.violations + verdict.breakdowns
    for trouble in troubles[: 1 if refused and due else 5]:
        print(_shortened(trouble, 600 if refused and due else 4000))
    sys.stdout.flush()
    return due


def _shortened(text, longest):
    return text if len(text) <= longest else f"{text[:longest]} …"


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.torture",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--seconds", type=int, default=60, help="how long the system is tortured (60)")
    add("--seed", type=int, default=None, help="of all that is left to chance but time (random)")
    add("--database", choices=["postgresql", "sqlite"], default="postgresql")
    add(
        "--mutants",
        type=mutants_named,
        default="all",
        help=f"all, none, or some of: {', '.join(MUTANTS)} (all)",
    )
    add("--mutant-seconds", type=int, default=15, help="how long each of them runs (15)")
    add("--workers", type=int, default=4, help="of the server (4)")
    add("--tabs", type=int, default=16, help=f"clients at a time, of {CUSTOMERS} customers (16)")
    add("--keep", action="store_true", help="keep the histories even if all is well")
    add("--judge", type=Path, metavar="FOLDER", help="judge a history again")
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)
    return options


def mutants_named(text):
    names = {"all": list(MUTANTS), "none": []}.get(text) or [n for n in text.split(",") if n]
    if unknown := set(names) - MUTANTS.keys() - {"none"}:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}")
    return [name for name in names if name != "none"]


if __name__ == "__main__":
    began = time.monotonic()
    status = main()
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(status)
