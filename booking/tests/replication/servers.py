"""A PostgreSQL primary, a streaming standby of it, and the application on both."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import psycopg
from django.conf import settings

from benchmarks.servers import free_port
from booking.tests.postgres import NoPostgres, Postgres

LONG = 120  # seconds; a busy machine is slow


class Standby(Postgres):
    """Context manager: a streaming standby of a running server."""

    def __init__(self, primary, **server_settings):
        super().__init__(**server_settings)
        self.primary = primary

    def _initialise(self):
        if self.identity:
            os.chown(self.folder, self.identity["user"], self.identity["group"])
        self.binaries = self.primary.binaries
        done = self._run(
            *(self.binaries / "pg_basebackup", "--pgdata", self.folder / "data", "-R"),
            *("--host", self.primary.folder, "--username=postgres", "--checkpoint=fast"),
            "--no-sync",
        )
        if done.returncode:
            raise NoPostgres(f"pg_basebackup failed:\n{done.stdout}{done.stderr}")

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=LONG)

    @contextlib.contextmanager
    def frozen(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            pids = [self.process.pid, *map(int, children.read().split())]
        self._signal(pids, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(pids, signal.SIGCONT)

    @staticmethod
    def _signal(pids, number):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def run_sql(server, sql):
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None


def wait_for_replay(primary, standby):
    [(position,)] = run_sql(primary, "SELECT pg_current_wal_lsn()::text")
    poll(lambda: run_sql(standby, f"SELECT pg_last_wal_replay_lsn() >= '{position}'") == [(True,)])


def poll(is_true, seconds=LONG):
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            raise AssertionError(f"It did not become true in {seconds} seconds.")
        time.sleep(0.1)


class Application:
    """Context manager: granian in a process of its own. `ask` sends it a request."""

    def __init__(self, **environment):
        self.environment = {
            "DEBUG": "true",
            "THROTTLE_HOLD": "",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.port = free_port()
        self.arguments = (
            *("granian", "--interface", "wsgi", "--port", str(self.port), "--workers", "1"),
            *("--blocking-threads", "2", "movie_booking.wsgi:application"),
        )

    def __enter__(self):
        self.process = self._python(*self.arguments)
        poll(self._answers)
        return self

    def __exit__(self, *exc_info):
        self.process.terminate()
        self.process.wait(LONG)

    def manage(self, *arguments):
        process = self._python("django", *arguments)
        if process.wait(LONG):
            raise AssertionError(f"{arguments} failed.")

    def _python(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=settings.BASE_DIR,
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "movie_booking.settings"}
            | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _answers(self):
        with contextlib.suppress(OSError):
            return self.ask("/api/")[0] == 200
        return False

    def ask(self, path, body=None, token=None):
        """(status, JSON)"""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {token}"} if token else {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=LONG) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
