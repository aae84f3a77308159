"""Make each trouble that passes on a cluster, and print what clients hear meanwhile.

    python -m booking.tests.cluster.troubles                   all, about ten minutes
    python -m booking.tests.cluster.troubles --only Valkey     those with the word in their name
    python -m booking.tests.cluster.troubles --write           writes docs/cluster-troubles.md

Each has a cluster of its own, which the command starts and removes. Exit status 0: no 5xx other
than 503, nobody waited longer than 35 s, and every acknowledged booking is there
afterwards; or the programs cannot be installed, and the command prints NOT TESTED.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from ..postgres import NoPostgres
from ..torture.system import PROJECT
from ..troubles import run
from ..troubles.clients import CLIENTS
from ..troubles.report import HEARD, heard, markdown
from .databases import NAME
from .kinds import TROUBLES, DiskFull
from .packages import NoCluster, require_programs
from .parts import THREADS
from .topology import Cluster

SHOWS = 800  # a client without keys tries many seats while nginx refuses it
LONGEST_WAIT = 35  # seconds: nginx gives a host up after 30, and a client of the other one waits
PAGE = PROJECT / "docs" / "cluster-troubles.md"
INTRODUCTION = f"""\
# Troubles of a cluster that pass

`make cluster-troubles` makes each of these in a cluster of real parts while eight clients book and
list, one request at a time each: nginx, two application hosts (two workers of four threads each),
PgBouncer in transaction mode, a PostgreSQL primary with a synchronous and an asynchronous standby,
and Valkey. It writes this page. It fails if a client gets a 5xx other than 503 or waits longer than
{LONGEST_WAIT} s, or if an acknowledged booking is missing afterwards. What one host with one
PostgreSQL does is in [troubles.md](troubles.md), a failover in [operations.md](operations.md).

## What clients hear

"Bookings" and "lists" (bookings, shows, movies, a seat map) are the responses to requests that were
open during the trouble; the first booking is counted from its end. "No answer" is a connection that
nginx refused or closed. A 409 is the answer to a retry while the COMMIT of the first request with
its key still waits.

"""
ADVICE = """

## What an operator should do

A client sends the request again after `Retry-After`, a change with the same `Idempotency-Key`.

| trouble | here for | what to do |
|---|---|---|
"""


class Run(run.Run):
    """One trouble, with a cluster of its own."""

    def __init__(self, *, kind, folder):
        super().__init__(databases=None, fixture=None, kind=kind, threads=THREADS, folder=folder)

    def result(self):
        with Cluster(self.folder, shows=SHOWS, accounts=CLIENTS) as self.cluster:
            self.databases, self.fixture = self.cluster.databases, self.cluster.fixture
            self.database, self.direct_url = NAME, self.databases.url
            outcome = self._trouble()
            self.cluster.stop_serving()
            return self._result_of(*outcome, longest_allowed=LONGEST_WAIT)

    @property
    def port(self):
        return self.cluster.nginx.port


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # stops the servers, too
    options = parse()
    try:
        require_programs()
    except NoCluster as error:
        print(f"NOT TESTED on a cluster: {error}.")
        return 0
    folder = Path(tempfile.mkdtemp(prefix="troubles-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        results = make_troubles(options.only, folder)
    except NoPostgres as error:
        return f"{error}"
    print(f"\n{table(results)}\n")
    faults = [f"{each.kind.name}: {fault}" for each in results for fault in each.faults]
    for fault in faults:
        print(f"FAULT {fault}")
    if faults:
        print(f"The logs are in {folder}.")
        return 1
    shutil.rmtree(folder)
    if options.write and len(results) < len(TROUBLES):
        print(f"{PAGE.name} is not written: a trouble was skipped.")
    elif options.write:
        PAGE.write_text(page(results))
        print(f"Wrote {PAGE.relative_to(PROJECT)}.")
    return 0


def make_troubles(kinds, folder):
    results = []
    for number, kind in enumerate(kinds):
        one = Run(kind=kind, folder=folder / f"run{number}")
        result = one.result()
        if kind is DiskFull and not one.postgres.has_own_disk:
            print("Skipped: full disk. It needs root, who can mount a small disk.", flush=True)
            continue
        results.append(result)
        print(f"{kind.name}: {'; '.join(result.faults) or 'passed'}", flush=True)
    return results


def table(results):
    return markdown([["trouble", *HEARD], *([each.kind.name, *heard(each)] for each in results)])


def page(results):
    advice = [f"| {kind.name} | {kind.seconds} s | {kind.advice} |" for kind in TROUBLES]
    return "".join([INTRODUCTION, table(results), ADVICE, "\n".join(advice), "\n"])


def parse():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.cluster.troubles",
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
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}")
    options = parser.parse_args()
    if options.write and options.only != TROUBLES:
        parser.error("--write: the page has all troubles")
    return options


def kinds_of(word):
    if not (kinds := [kind for kind in TROUBLES if word in kind.name]):
        raise argparse.ArgumentTypeError(f"no trouble has {word!r} in its name")
    return kinds


if __name__ == "__main__":
    sys.exit(main())
