"""PostgreSQL server on TCP, on a small disk of its own if we may mount one."""

import os
import signal
from contextlib import suppress

from ..small_disk import PostgresOnSmallDisk
from ..torture.system import PostgresDatabases, free_port

MAX_CONNECTIONS = 40


class PostgresOnDisk(PostgresOnSmallDisk):
    def __init__(self, **settings):
        self.port = settings.get("port") or free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "max_connections": MAX_CONNECTIONS,
            "max_wal_size": "64MB",
            **settings,
        }
        super().__init__(**settings)

    def url_of(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def pids(self):
        """Process ids of the server, its main process first."""
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return [self.process.pid, *map(int, children.read().split())]

    def signal_all(self, number):
        for pid in self.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def stop(self):
        """Stop the server in the "fast" way: it rolls back and disconnects."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=20)


class Databases(PostgresDatabases):
    """The databases of the torture test, on a server with a disk of its own."""

    def __enter__(self):
        self.server = PostgresOnDisk().__enter__()
        self.template_url = self._copy_of("template0", "template")
        return self
