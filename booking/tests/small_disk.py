"""PostgreSQL server whose data is on a small file system of its own, if we may mount one."""

import shutil
import subprocess
from contextlib import suppress

from .postgres import Postgres

DISK = 400  # MB


class PostgresOnSmallDisk(Postgres):
    """`has_own_disk` says whether its data is on a file system that can be filled."""

    has_own_disk = False

    def __exit__(self, *exc_info):
        super().__exit__(*exc_info)
        if self.has_own_disk:
            subprocess.run(["umount", self.folder / "data"], check=False)
            shutil.rmtree(self.folder, ignore_errors=True)

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

    def fill_disk(self):
        """Leave no room on the disk, also not what the server has freed since the last call."""
        with suppress(OSError), self.ballast.open("ab", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    def free_disk(self):
        self.ballast.unlink(missing_ok=True)

    @property
    def ballast(self):
        return self.folder / "data" / "ballast"
