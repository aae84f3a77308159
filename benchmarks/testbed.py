"""Testbed of a run: PostgreSQL, and a filled database and a server for each implementation."""

import secrets
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from . import databases, servers
from .databases import PROJECT_FOLDER
from .workloads import (
    BARE,
    DJANGO,
    DRF,
    GROWN,
    OLD,
    PGBENCH,
    PROJECT,
    SQLITE,
    TEXTBOOK,
    THREADED,
)


@dataclass(frozen=True)
class Application:
    """A Django project to serve; `ready_path` responds with 200 once it is ready."""

    settings: str
    wsgi: str
    ready_path: str
    label: str  # of the app with the tables
    folder: Path = PROJECT_FOLDER


THE_PROJECT = Application(
    "movie_booking.settings", "movie_booking.wsgi:application", "/api/", "booking"
)
THE_TEXTBOOK = Application(
    "benchmarks.textbook.settings",
    "benchmarks.textbook.wsgi:application",
    "/api/movies/1/",
    "textbook",
)
THE_FLOORS = Application(
    "benchmarks.floors.settings", "benchmarks.floors.wsgi:application", "/django/", "booking"
)

FLOORS = {BARE, DJANGO, DRF}
ON_THE_PROJECTS_DATABASE = {*FLOORS, PGBENCH, THREADED}


def log(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Testbed:
    """Context manager: `filled` and `databases` by implementation, and `servers` to start.

    `revision` is the older revision to compare with, if OLD is one of the implementations;
    `threads` is the number in each worker of THREADED, or of all if there is a revision.
    """

    def __init__(self, implementations, *, scale=1, threads=1, revision=None):
        self.implementations = set(implementations)
        self.scale = scale
        self.threads = threads
        self.revision = revision
        self.secret = secrets.token_urlsafe(48)
        self.filled, self.databases = {}, {}

    def __enter__(self):
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
            log("installing the requirements of production")
            python = servers.install(self.folder / "venv", PROJECT_FOLDER)
            self.pythons = {PROJECT_FOLDER: python}
            self.applications = {
                **dict.fromkeys((PROJECT, GROWN, THREADED), THE_PROJECT),
                TEXTBOOK: THE_TEXTBOOK,
            }
            if OLD in self.implementations:
                self._check_out_old_revision()
            log("starting PostgreSQL")
            self.postgresql = stack.enter_context(databases.PostgresServer())
            self._fill()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info):
        self._stack.close()

    def servers(self, stack):
        """Start a server for each implementation that needs one; idle servers use no CPU."""
        started = {
            implementation: stack.enter_context(self._server(implementation, application))
            for implementation, application in self.applications.items()
            if implementation in self.implementations
        }
        if self.implementations & FLOORS:
            server = stack.enter_context(self._server(BARE, THE_FLOORS))
            started |= dict.fromkeys(FLOORS, server)
        return started

    def server_on_sqlite(self):
        self.databases[SQLITE].restore()
        return self._server(SQLITE, THE_PROJECT)

    def _check_out_old_revision(self):
        """Files of the revision, with this checkout's benchmarks, which fill its database."""
        log("checking out", self.revision)
        folder = check_out(self.revision, self.folder / "old")
        shutil.rmtree(folder / "benchmarks", ignore_errors=True)
        shutil.copytree(PROJECT_FOLDER / "benchmarks", folder / "benchmarks")
        self.applications[OLD] = replace(THE_PROJECT, folder=folder)
        self.pythons[folder] = servers.install(self.folder / "old-venv", folder)

    def _fill(self):
        create = self.postgresql.create_database
        if self.implementations & {PROJECT, *ON_THE_PROJECTS_DATABASE}:
            self._fill_one(PROJECT, THE_PROJECT, create("project", "booking"))
            for implementation in ON_THE_PROJECTS_DATABASE:
                self.filled[implementation] = self.filled[PROJECT]
                self.databases[implementation] = self.databases[PROJECT]
        if TEXTBOOK in self.implementations:
            self._fill_one(TEXTBOOK, THE_TEXTBOOK, create("textbook", "textbook"))
        if OLD in self.implementations:
            self._fill_one(OLD, self.applications[OLD], create("old", "booking"))
        if GROWN in self.implementations:
            self._fill_one(GROWN, THE_PROJECT, create("grown", "booking"), self.scale)
        if SQLITE in self.implementations:
            database = databases.SqliteDatabase(self.folder / "project.sqlite3", "booking")
            self._fill_one(SQLITE, THE_PROJECT, database)

    def _fill_one(self, implementation, application, database, scale=1):
        log("filling the database:", implementation)
        env = databases.environment(application.settings, database.url, self.secret)
        filled = databases.fill(database.label, scale, env, application.folder)
        self.filled[implementation] = filled
        self.databases[implementation] = database
        database.snapshot()

    def _server(self, implementation, application):
        url = self.databases[implementation].url
        return servers.Server(
            self.pythons[application.folder],
            application,
            databases.environment(application.settings, url, self.secret),
            self.folder / f"{implementation.replace(' ', '-')}.log",
            threads=self.threads if self.revision or implementation == THREADED else 1,
        )


def check_out(revision, folder):
    """Write the files of a git revision into a new folder."""
    folder.mkdir()
    archive = subprocess.run(
        ["git", "archive", "--format=tar", revision],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        check=True,
    )
    subprocess.run(["tar", "--extract", "--directory", folder], input=archive.stdout, check=True)
    return folder
