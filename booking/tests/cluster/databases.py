"""PostgreSQL: a primary with a synchronous and an asynchronous standby."""

import os
import signal
import time
from contextlib import suppress

import psycopg

from ..postgres import NoPostgres, find_binaries
from ..torture.system import PostgresDatabases
from ..troubles.database import PostgresOnDisk
from .ports import fixed_port

NAME = "cinema"
SYNCHRONOUS = "synchronous"


class Standby(PostgresOnDisk):
    """A copy of the primary that follows it, made by pg_basebackup."""

    def __init__(self, primary, name):
        self.primary, self.name = primary, name
        super().__init__(port=fixed_port(), wal_retrieve_retry_interval="200ms")  # 5 s by default

    def _initialise(self):
        if self.identity:
            os.chown(self.folder, self.identity["user"], self.identity["group"])
        self.binaries = self._readable(find_binaries())
        source = f"host=127.0.0.1 port={self.primary.port} user=postgres"
        done = self._run(
            *(self.binaries / "pg_basebackup", "-D", self.folder / "data", "--no-sync"),
            *("--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"),
            *("-d", f"{source} application_name={self.name}"),
        )
        if done.returncode:
            raise NoPostgres(f"pg_basebackup failed:\n{done.stdout}{done.stderr}")

    def restart(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)
        self.serve()


class ClusterDatabases(PostgresDatabases):
    """Context manager: the primary is `server`, with the database of the application at `url`.

    `replicate` adds the standbys. After `promote` the synchronous standby is `server`.
    """

    can_fill_disk = False  # a full disk is a trouble of one server, which the torture test has

    def __enter__(self):
        self.standbys = []
        self.server = self.first = PostgresOnDisk(port=fixed_port())
        self.first.__enter__()
        self._query(f'CREATE DATABASE "{NAME}"')
        return self

    def __exit__(self, *exc_info):
        for server in [*self.standbys, self.first]:
            server.__exit__()

    @property
    def url(self):
        return self.server.url_of(NAME)

    def replicate(self, *, synchronous=True):
        """Start the standbys; from then on a COMMIT waits for the synchronous one."""
        for name in (SYNCHRONOUS, "asynchronous"):
            self.standbys.append(Standby(self.first, name).__enter__())
        if not synchronous:
            return
        self._query(f"ALTER SYSTEM SET synchronous_standby_names = '{SYNCHRONOUS}'")
        self._query("SELECT pg_reload_conf()")
        self.wait_until_synchronous()

    def wait_until_synchronous(self):
        deadline = time.monotonic() + 60
        states = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
        while not self._query(states):
            if time.monotonic() > deadline:
                raise TimeoutError("The synchronous standby does not follow.")
            time.sleep(0.05)

    def stop_and_start(self):
        self.server.stop()
        self.server.serve()

    def kill_primary(self):
        """Kill every process of the primary, as if its host were gone.

        The synchronous standby is down for a second before: what no COMMIT waited for is lost.
        (A frozen one would still find it in its socket.)
        """
        standby = self.standbys[0]
        standby.stop()
        time.sleep(1)
        self._kill_primary()
        standby.serve()

    def _kill_primary(self):
        for pid in self.first.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.first.process.wait(timeout=20)

    def promote(self):
        """Promote the synchronous standby; return when it accepted writes."""
        standby = self.standbys[0]
        with psycopg.connect(standby.url, autocommit=True) as connection:
            connection.execute("SELECT pg_promote(wait => true, wait_seconds => 120)")
        self.server = standby
        return time.time()
