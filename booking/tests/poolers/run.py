"""A run of the torture test behind one pooler, and what there is to say of it."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import partial

from ..torture import run as torture
from ..torture.history import read
from ..torture.pooler import PgBouncer
from ..torture.system import PROJECT
from ..torture.verdict import judge
from .combinations import Combination
from .odyssey import Odyssey
from .programs import ODYSSEY

CUSTOMERS = 8
CLIENTS = 24
WORKERS = 4
THREADS = 4  # of each worker
SECONDS_PER_SHOW = 9
LOOKED_AT = 3  # connections of the server; in transaction mode all of them


@dataclass(kw_only=True)
class Result:
    combination: Combination
    statuses: Counter  # of all responses; None: there was none
    operations: int  # that the judge has put in order
    violations: list
    faults: list  # sentences; without those of the limits and the statuses
    wanted: dict  # time limits of the application
    limits: list  # those of each connection that was looked at

    @property
    def answers(self):
        ordered = sorted(self.statuses.items(), key=lambda item: item[0] or 999)
        return ", ".join(f"{count:,} × {status or 'none'}" for status, count in ordered)

    @property
    def in_force(self):
        """Number of the connections that have every limit of the application."""
        return self.limits.count(self.wanted)

    @property
    def problems(self):
        """Sentences; none if everything was as promised."""
        problems = [*self.violations, *self.faults]
        for status, count in self.statuses.items():
            if status and status >= 500 and status != 503:
                problems.append(f"{count} responses have status {status}")
        if not self.operations:
            problems.append("nothing was judged")
        if not self.limits or self.in_force < len(self.limits):
            problems.append(f"the time limits are {self.limits} instead of {self.wanted}")
        return problems


class Run(torture.Run):
    """The torture test on a combination. `programs`: commands of the poolers by name."""

    def __init__(self, combination, *, databases, fixture, programs, seconds, seed, folder):
        self.combination = combination
        super().__init__(
            databases=databases,
            fixture=fixture,
            mutant="",
            seconds=seconds,
            seed=seed,
            workers=WORKERS,
            threads=THREADS,
            pooler=pooler_of(combination, programs),
            clients=CLIENTS,
            number_of_customers=CUSTOMERS,
            restart_every=20,
            show_seconds=SECONDS_PER_SHOW,
            folder=folder,
            environment={"DATABASE_POOLER": "on" if combination.is_known else "off"},
            query=combination.query,
        )

    def result(self):
        self.run()
        requests = read(self.folder / "history.jsonl")
        verdict = judge(requests, json.loads((self.folder / "facts.json").read_text()))
        attempts = [attempt for request in requests for attempt in request.attempts]
        return Result(
            combination=self.combination,
            statuses=Counter(attempt.status for attempt in attempts),
            operations=verdict.counts["definite operations"],
            violations=verdict.violations,
            faults=verdict.faults,
            wanted=self.limits["wanted"],
            limits=self.limits["found"],
        )

    def _torture(self, server, *arguments):
        nemesis = super()._torture(server, *arguments)
        done = subprocess.run(
            [sys.executable, "-m", "booking.tests.poolers.limits", f"{LOOKED_AT}"],
            env={"DEBUG": "on", **os.environ, **self.environment, "DATABASE_URL": server.url},
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            check=True,
        )
        self.limits = json.loads(done.stdout)
        return nemesis

    def _expected(self):
        """Less than in the torture test: what makes a pooler give sessions to other processes."""
        if self.seconds < torture.LONG_ENOUGH:
            return []
        changes = ["book done", "reserve done", "confirm done", "move done", "cancel done"]
        faults = ["workers killed", "backends terminated", "statements cancelled"]
        return [*changes, *faults, "database restarts"]


def pooler_of(combination, programs):
    """What makes the pooler from a URL and a folder; None if it is no process."""
    if not combination.is_separate:
        return None
    program = programs[combination.pooler]
    if combination.pooler == ODYSSEY:
        return partial(
            Odyssey,
            mode=combination.mode,
            prepares=not combination.is_known,
            program=program,
        )
    settings = {}
    if combination.prepared is not None:
        settings["max_prepared_statements"] = f"{combination.prepared}"
    if not combination.is_known:
        settings["ignore_startup_parameters"] = "options"
    return partial(PgBouncer, mode=combination.mode, program=program, **settings)
