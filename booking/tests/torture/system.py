"""The system under torture: a database of its own, and the production server on it."""

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

from ..postgres import Postgres
from . import stage

PROJECT = Path(__file__).resolve().parents[3]


def run_stage(url, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "booking.tests.torture.stage", *map(str, arguments)],
        env={**os.environ, "DATABASE_URL": url},
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout)


class OnPostgresql:
    """A context manager: a server that can crash, with a database for each run."""

    vendor = "PostgreSQL"
    can_restart = True

    def __enter__(self):
        # Whoever does not wait for the disk at COMMIT, as the application does, loses the more.
        self.server = Postgres(
            max_connections=100, wal_writer_delay="10s", recovery_init_sync_method="syncfs"
        )
        self.server.__enter__()
        self.stage = self._copy_of("template0", "stage")
        return self

    def __exit__(self, *exc_info):
        self.server.__exit__(*exc_info)

    def copy(self, name):
        return self._copy_of("stage", name)

    def _copy_of(self, template, name):
        self.ask(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.server.url_of(name)

    def drop_constraint(self, url):
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP INDEX one_active_booking_per_seat")

    def ask(self, statement):
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def restart(self):
        self.server.crash()
        self.server.serve()

    def wait_until_idle(self):
        """Until no backend is left that could still commit something."""
        busy = (
            "SELECT 1 FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
        )
        deadline = time.monotonic() + 30
        while self.ask(busy):
            if time.monotonic() > deadline:
                raise TimeoutError("PostgreSQL is still at work.")
            time.sleep(0.05)


class OnSqlite:
    """The same on files. There is no server that could be restarted."""

    vendor = "SQLite"
    can_restart = False

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        self.stage = self._url("stage")
        return self

    def __exit__(self, *exc_info):
        pass

    def copy(self, name):
        shutil.copy(self._file("stage"), self._file(name))
        return self._url(name)

    def drop_constraint(self, url):
        import sqlite3

        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute("DROP INDEX one_active_booking_per_seat")

    def wait_until_idle(self):
        """Who has died has no lock any more."""

    def _file(self, name):
        return self.folder / f"{name}.sqlite3"

    def _url(self, name):
        return f"sqlite:///{self._file(name)}"


class Server:
    """A context manager: granian with several workers, as the README has it."""

    def __init__(self, *, url, workers, mutant, folder):
        self.url = url
        self.workers = workers
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
        for pid in self.pids():
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
                *("--workers", str(self.workers), "--blocking-threads", "1"),
                *("--respawn-failed-workers", "--no-ws", "--log-level", "warning"),
                "booking.tests.torture.application:application",
            ],
            cwd=PROJECT,
            env=os.environ
            | {
                "DATABASE_URL": self.url,
                "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
                "DEBUG": "off",
                "HTTPS": "off",
                "THROTTLE_USER": "",
                "THROTTLE_HOLD": "",
                "SECRET_KEY": SECRET_KEY,
                "LOG_LEVEL": "ERROR",
                "MAX_SEATS_PER_CUSTOMER": str(stage.LIMIT),
                "HOLD_AGAIN_AFTER_SECONDS": "0",
                "TORTURE_MUTANT": self.mutant,
                "TORTURE_FOLDER": str(self.folder),
            },
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The server did not start; see {self.log.name}")
            time.sleep(0.1)

    def start_again_if_it_gave_up(self):
        """As a service manager would. Granian gives up if a worker dies twice in a row."""
        if self.process.poll() is not None:
            self.start()

    def pids(self):
        """Of the workers, the oldest first."""
        listing = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            return sorted(map(int, listing.read_text().split()))
        except FileNotFoundError:
            return []

    def _answers(self):
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


SECRET_KEY = get_random_string(50)
os.environ["SECRET_KEY"] = SECRET_KEY  # for stage.py, whose tokens the server must accept


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


@contextmanager
def database(vendor, folder):
    with OnPostgresql() if vendor == "postgresql" else OnSqlite(folder) as found:
        yield found
