"""PostgreSQL server on TCP, on a small disk of its own if we may mount one."""

import os
import shutil
import signal
import subprocess
from contextlib import suppress

from ..postgres import Postgres
from ..torture.system import PostgresDatabases, free_port

DISK = 400  # MB
MAX_CONNECTIONS = 40


class PostgresOnDisk(Postgres):
    """`has_own_disk` says whether its data is on a file system that can be filled."""

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
        self.has_own_disk = False

    def __exit__(self, *exc_info):
        super().__exit__(*exc_info)
        if self.has_own_disk:
            subprocess.run(["umount", self.folder / "data"], check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

    def url_of(self, database):
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def _initialise(self):
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        if self.identity:
            owner = f"uid={self.identity['user']},gid={self.identity['group']}"
            options = f"size={DISK}m,mode=0700,{owner}"
            with suppress(OSError):
                done = subprocess.run(
                    ["mount", "-t", "tmpfs", "-o", options, "tmpfs", data], capture_output=True
                )
                self.has_own_disk = done.returncode == 0
            if not self.has_own_disk:
                shutil.chown(data, self.identity["user"], self.identity["group"])
        super()._initialise()

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

    def fill_disk(self):
        """Leave no room on the disk, also not what the server has freed since the last call."""
        with suppress(OSError), self.ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def free_disk(self):
        self.ballast.unlink()

    @property
    def ballast(self):
        return self.folder / "data" / "ballast"


class Databases(PostgresDatabases):
    """The databases of the torture test, on a server with a disk of its own."""

    def __enter__(self):
        self.server = PostgresOnDisk().__enter__()
        self.template_url = self._copy_of("template0", "template")
        return self

    def drop(self, name):
        self._query(f'DROP DATABASE "{name}"')
