"""The stage of a run: who takes part, with what database, on what server."""

import secrets
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from . import databases, servers
from .rows import BARE, DJANGO, DRF, GROWN, PGBENCH, PROJECT, SQLITE, TEXTBOOK

# Settings, application, and an address that answers once it is ready.
PROJECTS_OWN = ("movie_booking.settings", "movie_booking.wsgi:application", "/api/")
TEXTBOOKS = (
    "benchmarks.textbook.settings",
    "benchmarks.textbook.wsgi:application",
    "/api/movies/1/",
)
FLOORS = ("benchmarks.floors.settings", "benchmarks.floors.wsgi:application", "/django/")

ON_THE_PROJECTS_DATABASE = (BARE, DJANGO, DRF, PGBENCH)


def tell(*words):
    print(time.strftime("%H:%M:%S"), *words, file=sys.stderr, flush=True)


class Stage:
    """A context manager: PostgreSQL, and the filled databases of all who take part.

    `tokens` and `databases` are by who it is.
    """

    def __init__(self, players, scale):
        self.players = set(players)
        self.scale = scale
        self.secret = secrets.token_urlsafe(48)
        self.tokens, self.databases = {}, {}

    def __enter__(self):
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="bench-")))
            tell("installing what production has")
            self.python = servers.install(self.folder / "venv")
            tell("starting PostgreSQL")
            self.postgresql = stack.enter_context(databases.Server())
            self._fill()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info):
        self._stack.close()

    def servers(self, stack):
        """A server for everybody who needs one, by who it is; an idle one costs nothing."""
        applications = {PROJECT: PROJECTS_OWN, TEXTBOOK: TEXTBOOKS, GROWN: PROJECTS_OWN}
        started = {
            who: stack.enter_context(self._server(who, application))
            for who, application in applications.items()
            if who in self.players
        }
        if self.players & {BARE, DJANGO, DRF}:
            floors = stack.enter_context(self._server(BARE, FLOORS))
            started |= {BARE: floors, DJANGO: floors, DRF: floors}
        return started

    def server_on_sqlite(self):
        """On a file as it was filled."""
        self.databases[SQLITE].restore()
        return self._server(SQLITE, PROJECTS_OWN)

    def _fill(self):
        new = self.postgresql.new_database
        if self.players & {PROJECT, *ON_THE_PROJECTS_DATABASE}:
            self._fill_one(PROJECT, PROJECTS_OWN, new("project", "booking"))
            for who in ON_THE_PROJECTS_DATABASE:
                self.tokens[who] = self.tokens[PROJECT]
                self.databases[who] = self.databases[PROJECT]
        if TEXTBOOK in self.players:
            self._fill_one(TEXTBOOK, TEXTBOOKS, new("textbook", "textbook"))
        if GROWN in self.players:
            self._fill_one(GROWN, PROJECTS_OWN, new("grown", "booking"), self.scale)
        if SQLITE in self.players:
            file = databases.OnSqlite(self.folder / "project.sqlite3", "booking")
            self._fill_one(SQLITE, PROJECTS_OWN, file)

    def _fill_one(self, who, application, database, scale=1):
        tell(f"filling the database of: {who}")
        settings, *_ = application
        given = databases.environment(settings, database.url, self.secret)
        self.tokens[who] = databases.fill(database.label, scale, given)
        self.databases[who] = database
        database.keep()

    def _server(self, who, application):
        settings, wsgi, front_page = application
        given = databases.environment(settings, self.databases[who].url, self.secret)
        log = self.folder / f"{who.replace(' ', '-')}.log"
        return servers.Server(self.python, wsgi, given, log, front_page)
