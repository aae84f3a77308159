"""System under test: a database of its own, and the production server on it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from django.utils.crypto import get_random_string

from ..postgres import wait_until_ready
from ..small_disk import PostgresOnSmallDisk
from . import fixture

BACKENDS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
PROJECT = Path(__file__).resolve().parents[3]


def run_fixture(url, *arguments):
    """Run fixture.py on a database, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "booking.tests.torture.fixture", *map(str, arguments)],
        env={"DEBUG": "on", **os.environ, "DATABASE_URL": url},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


def tune(url):
    """Write the time limits to the role: a pooler does not pass them on."""
    subprocess.run(
        [sys.executable, "manage.py", "tune_database"],
        env={"DEBUG": "on", **os.environ, "DATABASE_URL": url},
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        check=True,
    )


class PostgresDatabases:
    """Context manager: a PostgreSQL server that can crash, with a database for each run.

    `template_url` is the database to fill, of which `copy` makes copies. `major` is a version of
    PostgreSQL; None: the newest.
    """

    vendor = "PostgreSQL"
    can_restart = True

    def __init__(self, major=None):
        self.major = major

    def __enter__(self):
        # A long delay, so that a COMMIT that does not wait for the disk loses data in a crash.
        self.server = PostgresOnSmallDisk(
            major=self.major,
            max_connections=100,
            max_wal_size="64MB",
            wal_writer_delay="10s",
            recovery_init_sync_method="syncfs",
        )
        self.server.__enter__()
        self.template_url = self._copy_of("template0", "template")
        return self

    def __exit__(self, *exc_info):
        self.server.__exit__(*exc_info)

    def copy(self, name):
        url = self._copy_of("template", name)
        if self.can_fill_disk:
            with psycopg.connect(url, autocommit=True) as connection:
                # Few rows a page, so that most changes need room.
                for table in ("booking_booking", "booking_bookingevent"):
                    connection.execute(f"ALTER TABLE {table} SET (fillfactor = 10)")
        return url

    def _copy_of(self, template, name):
        self._query(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.server.url_of(name)

    def drop(self, name):
        self._query(f'DROP DATABASE "{name}" WITH (FORCE)')

    def drop_constraint(self, url):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP INDEX one_active_booking_per_seat")

    def _query(self, statement):
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def terminate_backend(self):
        """Terminate a random backend; return how many were."""
        return self._signal("pg_terminate_backend", "true")

    def cancel_statement(self):
        """Cancel a statement of a random backend that executes one; return how many were."""
        return self._signal("pg_cancel_backend", "state = 'active'")

    def pid_of_backend(self):
        """Process id of a random backend, of those in a transaction if there are any; or None."""
        rows = self._query(f"SELECT pid {BACKENDS} ORDER BY state = 'idle', random() LIMIT 1")
        return rows[0][0] if rows else None

    def _signal(self, function, condition):
        victim = f"(SELECT pid {BACKENDS} AND {condition} ORDER BY random() LIMIT 1) AS victim"
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline:
            if rows := self._query(f"SELECT {function}(pid) FROM {victim}"):  # noqa: S608 constants
                return int(rows[0][0])
            time.sleep(0.005)
        return 0

    def restart(self):
        self.server.crash()
        self.server.serve()

    @property
    def can_fill_disk(self):
        """True if its data is on a small file system of its own."""
        return self.server.has_own_disk

    def fill_disk(self):
        self.server.fill_disk()

    def free_disk(self):
        """Make room again; start the server if it has ended because it could not write its log."""
        self.server.free_disk()
        try:
            wait_until_ready(self.server.url, self.server.process)
        except psycopg.OperationalError:
            self.server.process.wait(timeout=20)
            self.server.serve()

    def statements_without_room(self):
        """How often the server has logged that its disk is full."""
        return self.server.log.read_text(errors="replace").count("No space left on device")

    def wait_until_idle(self):
        """Wait until no session is left that could still commit."""
        deadline = time.monotonic() + 30
        while self._query(f"SELECT 1 {BACKENDS}"):
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL is still busy.")
            time.sleep(0.05)


class SqliteDatabases:
    """The same with SQLite files; there is no server to restart."""

    vendor = "SQLite"
    can_restart = False
    can_fill_disk = False

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.template_url = self._url("template")
        return self

    def __exit__(self, *exc_info):
        pass

    def copy(self, name):
        shutil.copy(self._file("template"), self._file(name))
        return self._url(name)

    def drop(self, name):
        self._file(name).unlink()

    def drop_constraint(self, url):
        import sqlite3

        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute("DROP INDEX one_active_booking_per_seat")

    def wait_until_idle(self):
        """Nothing to wait for: a killed process holds no lock."""

    def _file(self, name):
        return self.folder / f"{name}.sqlite3"

    def _url(self, name):
        return f"sqlite:///{self._file(name)}"


class Server:
    """Context manager: granian with several workers, as in production."""

    def __init__(self, *, url, workers, threads, has_pooler, mutant, folder, environment=None):
        self.environment = environment or {}
        self.url = url
        self.workers = workers
        self.threads = threads
        self.has_pooler = has_pooler
        self.mutant = mutant
        self.folder = folder
        self.starts = 0

    def __enter__(self):
        self.port = free_port()
        self.log = (self.folder / "server.log").open("ab")
        self.start()
        return self

    def __exit__(self, *exc_info):
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        for pid in self.worker_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.log.close()

    def start(self):
        self.starts += 1
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "booking.tests.torture.serve", "--interface", "wsgi"),
                *("--host", "127.0.0.1", "--port", str(self.port)),
                *("--workers", str(self.workers), "--blocking-threads", str(self.threads)),
                *("--respawn-failed-workers", "--no-ws", "--log-level", "warning"),
                "booking.tests.torture.application:application",
            ],
            cwd=PROJECT,
            env=os.environ
            | {
                "DATABASE_URL": self.url,
                "DATABASE_POOLER": "on" if self.has_pooler else "off",
                "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
                "DEBUG": "off",
                "HTTPS": "off",
                "THROTTLE_USER": "",
                "THROTTLE_HOLD": "",
                "THROTTLE_CANCEL": "",
                "SECRET_KEY": SECRET_KEY,
                "TICKET_KEYS": f"tickets-{SECRET_KEY}",
                "DOORS_OPEN_MINUTES": "1440",  # the shows begin in a day
                "LOG_LEVEL": "ERROR",
                "MAX_SEATS_PER_CUSTOMER": str(fixture.LIMIT),
                # It spans shows, and one show is checked at a time: see test_state_machine.py.
                "MAX_SEATS_PER_CUSTOMER_IN_ALL": "100000",
                "TORTURE_MUTANT": self.mutant,
                "TORTURE_FOLDER": str(self.folder),
            }
            | self.environment,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while not self._accepts_connections():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start; see {self.log.name}")
            time.sleep(0.1)

    def restart_if_ended(self):
        """Start the server again, as a service manager does: granian ends if a worker dies twice
        in a row."""
        if self.process.poll() is not None:
            self.start()

    def worker_pids(self):
        """Process ids of the workers, the oldest first."""
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            return sorted(map(int, listing.read_text().split()))
        except FileNotFoundError:
            return []

    def _accepts_connections(self):
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


SECRET_KEY = get_random_string(50)
os.environ["SECRET_KEY"] = SECRET_KEY  # for fixture.py: the server must accept its tokens


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


@contextmanager
def open_databases(vendor, folder):
    with PostgresDatabases() if vendor == "postgresql" else SqliteDatabases(folder) as databases:
        yield databases
