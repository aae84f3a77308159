"""A run: the stage is set, and every row measured in each repetition."""

import json
import secrets
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher

from . import cinema, databases, servers
from .figures import Figures, judge_sale, middle
from .goals import Measured
from .load import LoadFailed, Pgbench, Wrk
from .rows import (
    BARE,
    DJANGO,
    DRF,
    GROWN,
    MOST_A_SECOND,
    PGBENCH,
    PROJECT,
    SQLITE,
    TEXTBOOK,
    chosen,
    length_of,
)

WARM_UP = 1  # seconds, before each measurement

PROJECTS_OWN = ("movie_booking.settings", "movie_booking.wsgi:application", "/api/")
TEXTBOOKS = (
    "benchmarks.textbook.settings",
    "benchmarks.textbook.wsgi:application",
    "/api/movies/1/",
)
FLOORS = ("benchmarks.floors.settings", "benchmarks.floors.wsgi:application", "/django/")


def tell(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Run:
    """A context manager, in which the stage is set; `measure` what there is to measure."""

    def __init__(self, *, seconds, repetitions, only, scale):
        self.seconds = seconds
        self.repetitions = repetitions
        self.scale = scale
        self.rows = list(chosen(only, growth=scale > 1))
        self.secret = secrets.token_urlsafe(48)
        self.tokens, self.databases, self.served = {}, {}, {}
        self.measured = {row.key: [] for row in self.rows}
        self.failures, self.absent = {}, {}
        self.megabytes, self.ready_in, self.hash_cpu = [], [], []

    def __enter__(self):
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
            tell("starting PostgreSQL")
            self.postgresql = stack.enter_context(databases.Server())
            self._fill()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info):
        self._stack.close()

    def measure(self):
        for repetition in range(1, self.repetitions + 1):
            with ExitStack() as stack:
                servers_of_all = self._start(stack)
                for row in self.rows:
                    self._measure(row, servers_of_all, repetition)
                if PROJECT in servers_of_all:
                    self.megabytes.append(servers_of_all[PROJECT].megabytes_of_a_worker())
                if any(row.subject == "login" for row in self.rows):
                    self.hash_cpu.append(milliseconds_of_a_hash())
        # A row that failed once does not count.
        figures = {
            key: middle(each)
            for key, each in self.measured.items()
            if each and key not in self.failures
        }
        return Measured(
            figures,
            *(median(each) if each else None for each in (self.megabytes, self.ready_in)),
            median(self.hash_cpu) if self.hash_cpu else None,
        )

    # --- The stage -------------------------------------------------------------------------

    def _fill(self):
        wanted = {row.who for row in self.rows}
        new = self.postgresql.new_database
        if wanted & {PROJECT, BARE, DJANGO, DRF, PGBENCH}:
            self._fill_one(PROJECT, "booking", PROJECTS_OWN, new("project", "booking"))
        if TEXTBOOK in wanted:
            self._fill_one(TEXTBOOK, "textbook", TEXTBOOKS, new("textbook", "textbook"))
        if GROWN in wanted:
            self._fill_one(GROWN, "booking", PROJECTS_OWN, new("grown", "booking"), self.scale)
        if SQLITE in wanted:
            file = databases.OnSqlite(self.folder / "project.sqlite3", "booking")
            self._fill_one(SQLITE, "booking", PROJECTS_OWN, file)
        for who in (BARE, DJANGO, DRF, PGBENCH):
            if who in wanted:
                for known in (self.tokens, self.databases):
                    known[who] = known[PROJECT]

    def _fill_one(self, who, label, application, database, scale=1):
        tell(f"filling the database of: {who}")
        settings, *_ = application
        given = databases.environment(settings, database.url, self.secret)
        self.tokens[who] = databases.fill(label, scale, given)
        self.databases[who] = database
        database.keep()
        database.is_as_filled = False  # not yet vacuumed

    def _start(self, stack):
        """A server for whoever needs one; an idle one costs nothing."""
        wanted = {row.who for row in self.rows}
        applications = {PROJECT: PROJECTS_OWN, TEXTBOOK: TEXTBOOKS, GROWN: PROJECTS_OWN}
        started = {
            who: stack.enter_context(self._server(who, application))
            for who, application in applications.items()
            if who in wanted
        }
        if PROJECT in started:
            self.ready_in.append(started[PROJECT].ready_in)
        if wanted & {BARE, DJANGO, DRF}:
            floors = stack.enter_context(self._server(BARE, FLOORS, PROJECT))
            started |= {BARE: floors, DJANGO: floors, DRF: floors}
        return started

    def _server(self, who, application, of=None):
        settings, wsgi, front_page = application
        url = self.databases[of or who].url
        given = databases.environment(settings, url, self.secret)
        log = self.folder / f"{who.replace(' ', '-')}.log"
        return servers.Server(wsgi, given, log, front_page)

    # --- One measurement -------------------------------------------------------------------

    def _measure(self, row, servers_of_all, repetition):
        if row.key in self.absent:
            return
        try:
            with ExitStack() as stack:
                if row.who == SQLITE:
                    self.databases[SQLITE].restore()
                    server = stack.enter_context(self._server(SQLITE, PROJECTS_OWN))
                else:
                    server = servers_of_all.get(row.who)
                figures = self._load(row, server, stack)
        except (LoadFailed, TimeoutError) as failure:
            self.failures[row.key] = str(failure)
            tell(f"{repetition}/{self.repetitions} {row.subject}, {row.who}: FAILED, {failure}")
            return
        if figures is None:
            self.absent[row.key] = "the answer has no ETag"
            tell(f"{repetition}/{self.repetitions} {row.subject}, {row.who}: no ETag")
            return
        self.measured[row.key].append(figures)
        tell(
            f"{repetition}/{self.repetitions} {row.subject}, {row.who}: {figures.rate:.0f}/s, "
            f"p50 {figures.p50:.1f} ms, p99 {figures.p99:.1f} ms, CPU {figures.cpu_server:.2f} + "
            f"{figures.cpu_postgresql:.2f} ms"
        )

    def _load(self, row, server, stack):
        """The figures; None if there is no ETag to ask with. Raises LoadFailed."""
        database = self.databases[row.who]
        if row.who != SQLITE and not database.is_as_filled:
            database.restore()
        database.is_as_filled = not (row.books or row.writes)
        load = self._prepared(row, server, stack)
        if load is None:
            return None
        put_until_quiet(load, server, WARM_UP)
        before, _ = database.count()
        ids = (
            server.pid if server else None,
            self.postgresql.pid if row.who != SQLITE else None,
        )
        earlier = servers.Cpu.now(*ids)
        outcome = put_until_quiet(load, server, self.seconds)
        cpu = servers.Cpu.now(*ids) - earlier
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

    def _prepared(self, row, server, stack):
        if row.who == PGBENCH:
            numbers = {
                "first": cinema.FIRST_FOR_SALE,
                "shows": cinema.FOR_SALE,
                "users": cinema.USERS,
            }
            binary = self.postgresql.binaries / "pgbench"
            return Pgbench(binary, self.databases[row.who].url, numbers)
        most = (self.seconds + WARM_UP) * MOST_A_SECOND
        questions = row.questions(self.tokens[row.who], most)
        if row.finds or row.again:
            etag = check_answer(row, server, questions)
            if row.again:
                if etag is None:
                    return None
                questions.header, questions.expected = f"If-None-Match: {etag}", 304
        folder = stack.enter_context(TemporaryDirectory(dir=self.folder))
        return Wrk(questions, server.url, Path(folder))


def put_until_quiet(load, server, seconds):
    outcome = load.put(seconds)
    if server:
        server.wait_until_quiet()
    return outcome


def check_answer(row, server, questions):
    """Once, before the load: that it is the whole of what was asked. Its ETag, if it has one."""
    headers = {}
    if questions.tokens:
        headers["Authorization"] = f"Bearer {questions.tokens[0]}"
    status, answered, body = server.ask("GET", questions.questions[0][0], headers)
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
