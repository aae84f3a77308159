"""A run: every row is measured in each repetition, and counts if it never failed."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher

from . import cinema
from .figures import Figures, judge_sale, middle
from .goals import Measured
from .load import LoadFailed, Pgbench, Wrk
from .rows import MOST_A_SECOND, PGBENCH, PROJECT, SQLITE, length_of
from .servers import Cpu
from .stage import tell

WARM_UP = 1  # seconds, before each measurement


class Run:
    """On a stage, of rows; `failures` and `absent` say why some of them have no figures."""

    def __init__(self, stage, rows, *, seconds, repetitions):
        self.stage = stage
        self.rows = rows
        self.seconds = seconds
        self.repetitions = repetitions
        self.figures = {row.key: [] for row in rows}
        self.failures, self.absent = {}, {}
        self.megabytes, self.ready_in, self.hash_cpu = [], [], []

    def measure(self):
        for repetition in range(1, self.repetitions + 1):
            with ExitStack() as stack:
                servers = self.stage.servers(stack)
                for row in self.rows:
                    said = self._try(row, servers.get(row.who))
                    tell(f"{repetition}/{self.repetitions} {row.subject}, {row.who}: {said}")
                self._weigh(servers.get(PROJECT))
        return Measured(
            {
                key: middle(each)
                for key, each in self.figures.items()
                if each and key not in self.failures
            },
            megabytes=middle_of(self.megabytes),
            ready_in=middle_of(self.ready_in),
            hash_cpu=middle_of(self.hash_cpu),
        )

    def _try(self, row, server):
        """Measure it, and say what came of it."""
        try:
            with ExitStack() as stack:
                if row.who == SQLITE:
                    server = stack.enter_context(self.stage.server_on_sqlite())
                folder = Path(stack.enter_context(TemporaryDirectory(dir=self.stage.folder)))
                figures = self._measure(row, server, folder)
        except (LoadFailed, OSError) as failure:
            self.failures[row.key] = str(failure)
            return f"FAILED, {failure}"
        if figures is None:
            self.absent[row.key] = "the answer has no ETag"
            return "no ETag"
        self.figures[row.key].append(figures)
        return str(figures)

    def _measure(self, row, server, folder):
        """The figures; None if there is no ETag to ask with. Raises LoadFailed."""
        database = self.stage.databases[row.who]
        database.restore()
        database.is_as_kept = not (row.books or row.writes)
        load = self._load(row, server, folder)
        if load is None:
            return None
        put_until_quiet(load, server, WARM_UP)
        before, _ = database.count()
        postgresql = None if row.who == SQLITE else self.stage.postgresql
        earlier = Cpu.now(server, postgresql)
        outcome = put_until_quiet(load, server, self.seconds)
        cpu = Cpu.now(server, postgresql) - earlier
        after, twice = database.count()
        fault = judge_sale(
            books=row.books,
            asked=outcome.asked,
            answered=outcome.answered,
            before=before,
            after=after,
            twice=twice,
        )
        if fault:
            raise LoadFailed(fault)
        return Figures.of(outcome, cpu)

    def _load(self, row, server, folder):
        if row.who == PGBENCH:
            binary = self.stage.postgresql.binaries / "pgbench"
            return Pgbench(binary, self.stage.databases[PGBENCH].url, folder)
        most = (self.seconds + WARM_UP) * MOST_A_SECOND
        questions = row.questions(self.stage.tokens[row.who], most)
        if row.finds or row.again:
            etag = check_answer(row, server, questions)
            if row.again and etag is None:
                return None
            if row.again:
                questions.header, questions.expected = f"If-None-Match: {etag}", 304
        return Wrk(questions, server.url, folder)

    def _weigh(self, server):
        if server:
            self.megabytes.append(server.megabytes_of_a_worker())
            self.ready_in.append(server.ready_in)
        if any(row.subject == "login" for row in self.rows):
            self.hash_cpu.append(milliseconds_of_a_hash())


def middle_of(values):
    return median(values) if values else None


def put_until_quiet(load, server, seconds):
    """Also when it fails: what is still worked at would be in the next one's way."""
    try:
        return load.put(seconds)
    finally:
        if server:
            server.wait_until_quiet()


def check_answer(row, server, questions):
    """Once, before the load: that it is the whole of what was asked. Its ETag, if it has one."""
    path, _ = questions.questions[0]
    headers = {}
    if questions.tokens:
        headers["Authorization"] = f"Bearer {questions.tokens[0]}"
    status, answered, body = server.ask("GET", path, headers)
    if status != 200:
        raise LoadFailed(f"the answer is {status}: {body[:300]!r}")
    if row.finds and (found := length_of(json.loads(body))) != row.finds:
        raise LoadFailed(f"the answer has {found} instead of {row.finds}")
    return answered.get("ETag")


def milliseconds_of_a_hash(times=20):
    """CPU time of the hash that OWASP's Password Storage Cheat Sheet names first."""
    hasher = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
    hasher.hash(cinema.PASSWORD)
    before = time.process_time()
    for _ in range(times):
        hasher.hash(cinema.PASSWORD)
    return (time.process_time() - before) / times * 1000
