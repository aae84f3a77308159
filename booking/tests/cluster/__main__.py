"""Test a cluster of real parts: nginx, two application hosts, PgBouncer, Valkey, PostgreSQL.

    python -m booking.tests.cluster                        everything, with five minutes of torture
    python -m booking.tests.cluster --only failover --seconds 20 --seed 7

Installs the programs that are missing, if it can (as root, with apt-get). Everything is started and
removed by the command. Exit status 0: every part passed, or the programs cannot be installed, and
the command prints NOT TESTED.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ..postgres import NoPostgres
from ..torture.customers import SpareAccounts
from .disturbances import Failover, RollingRestart
from .packages import NoCluster, require_programs
from .run import CUSTOMERS, Run, shows_for
from .topology import Cluster

RESTART_SECONDS = 45
FAILOVER_SECONDS = 20


@dataclass(frozen=True)
class Part:
    disturbance: type | None = None
    is_prepared: bool = True
    is_synchronous: bool = True

    def seconds(self, of_torture):
        lengths = {RollingRestart: RESTART_SECONDS, Failover: FAILOVER_SECONDS}
        return lengths.get(self.disturbance, of_torture)


PARTS = {
    "prepared": Part(),
    "unprepared": Part(is_prepared=False),
    "restarts": Part(RollingRestart),
    "failover": Part(Failover),
    "asynchronous": Part(Failover, is_synchronous=False),  # loses bookings: must be rejected
}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that all servers are stopped
    options = parse()
    try:
        require_programs()
    except NoCluster as error:
        print(f"NOT TESTED on a cluster: {error}.")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="cluster-", dir="/tmp"))
    folder.chmod(0o755)
    print(f"seed {options.seed}, logs and histories in {folder}", flush=True)
    try:
        results = [test(name, options, folder / name) for name in options.only]  # all of them run
    except NoPostgres as error:
        return f"{error}"
    passed = all(results)
    if passed:
        shutil.rmtree(folder)
    print("\nPASSED" if passed else f"\nFAILED: see {folder}; repeat with --seed {options.seed}")
    return not passed


def test(name, options, folder):
    """Run one part, print its result, and return True if it passed."""
    part = PARTS[name]
    seconds = part.seconds(options.seconds)
    with Cluster(
        folder,
        shows=shows_for(seconds),
        accounts=CUSTOMERS + seconds // SpareAccounts.EVERY,
        prepared=part.is_prepared,
        synchronous=part.is_synchronous,
    ) as cluster:
        run = Run(cluster, seconds=seconds, seed=options.seed, disturbance=part.disturbance)
        verdict = run.run(_progress)
    if not part.is_synchronous:
        return _lost_something(name, verdict)
    print(f"\n{name}: {'passed' if verdict.passed else 'FAILED'}")
    for name_of_count, count in sorted(verdict.counts.items()):
        print(f"  {count:8,}  {name_of_count}")
    for error in (verdict.violations + verdict.faults)[:5]:
        print(error[:4000])
    sys.stdout.flush()
    return verdict.passed


def _lost_something(name, verdict):
    """True if the judge noticed that a failover without synchronous replication loses bookings."""
    noticed = any("acknowledged and lost" in each for each in verdict.violations)
    print(f"\n{name}: {'rejected, as expected' if noticed else 'PASSED, must be rejected'}")
    for violation in verdict.violations[:1]:
        print(violation[:600])
    sys.stdout.flush()
    return noticed


def _progress(elapsed, seconds, counts):
    line = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    print(f"  {elapsed:4.0f} of {seconds} s: {line}", flush=True)


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.cluster",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=int, default=300, help="length of each torture (300)")
    parser.add_argument("--seed", type=int, help="of everything random except timing (random)")
    parser.add_argument(
        "--only", type=names, default=list(PARTS), help=f"some of: {', '.join(PARTS)} (all)"
    )
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10**6)
    return options


def names(text):
    chosen = text.split(",")
    if unknown := set(chosen) - PARTS.keys():
        raise argparse.ArgumentTypeError(f"unknown part {', '.join(unknown)}")
    return chosen


if __name__ == "__main__":
    started = time.monotonic()
    status = main()
    print(f"{time.monotonic() - started:.0f} s")
    sys.exit(status)
