"""Programs of the cluster: Debian's packages, with PgBouncer and Valkey of Debian 13.

PgBouncer of Debian 12 has no prepared statements, and Debian 12 has no Valkey. On a system without
them both come from a tree of Debian 13 beside the system, which debootstrap makes once.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..proxies.packages import PATH, find_program, install

PACKAGES = {"nginx": "nginx-light", "openssl": "openssl"}
FROM_TREE = {"pgbouncer": "pgbouncer", "valkey-server": "valkey-server"}
TREES = Path("/var/cache/movie-booking")
SCRIPT = "/usr/share/debootstrap/scripts/sid"  # for suites that are newer than debootstrap
OLDEST_PGBOUNCER = (1, 21)  # the first with max_prepared_statements


class NoCluster(Exception):
    """A program of the cluster cannot be installed; the message says why."""


@dataclass(frozen=True)
class Tree:
    """A newer Debian in a folder beside the system. Its programs run with its own libraries."""

    name: str
    suite: str
    packages: tuple[str, ...]

    @property
    def folder(self):
        return TREES / self.name

    def command(self, program):
        """Command that starts a program of the tree; None if it has none."""
        libraries = f"{self.folder}/usr/lib/x86_64-linux-gnu:{self.folder}/usr/lib"
        for folder in ("usr/sbin", "usr/bin"):
            if (path := self.folder / folder / program).exists():
                linker = self.folder / "lib64/ld-linux-x86-64.so.2"
                return [f"{linker}", "--library-path", libraries, f"{path}"]
        return None

    def make(self):
        """Make the tree. Return why it failed, or None."""
        if os.geteuid() != 0:
            return "debootstrap needs root"
        if not find_program("debootstrap") and (reason := install(["debootstrap"])):
            return reason
        print(f"Unpacking {', '.join(self.packages)} of {self.name} (two minutes) ...", flush=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        TREES.mkdir(parents=True, exist_ok=True)
        half = self.folder.with_name(f"{self.name}-{os.getpid()}")
        done = subprocess.run(
            [
                *("debootstrap", "--variant=minbase", f"--include={','.join(self.packages)}"),
                *(self.suite, half, "http://deb.debian.org/debian", SCRIPT),
            ],
            env={**os.environ, "PATH": PATH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            shutil.rmtree(half, ignore_errors=True)
            return f"debootstrap failed:\n{done.stdout[-2000:]}"
        half.chmod(0o755)
        half.rename(self.folder)
        return None


DEBIAN_13 = Tree("debian-13", "trixie", tuple(FROM_TREE.values()))


def command(name):
    """Command that starts a program, of the system or of the tree; None if there is none."""
    program = find_program(name)
    if program and (name != "pgbouncer" or version_of([program]) >= OLDEST_PGBOUNCER):
        return [program]
    return DEBIAN_13.command(name)


def version_of(command):
    """The first two numbers of what a program prints for --version."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True)
    return tuple(map(int, re.findall(r"\d+", done.stdout)[:2]))


def require_programs():
    """Install what is missing. Raises NoCluster if that is not possible."""
    reason = None
    if missing := [name for name in PACKAGES if not find_program(name)]:
        reason = install([PACKAGES[name] for name in missing], services=missing)
    if not all(map(command, FROM_TREE)):
        reason = DEBIAN_13.make() or reason
    missing = [name for name in [*PACKAGES, *FROM_TREE] if not command(name)]
    if missing:
        raise NoCluster(f"{', '.join(missing)}: not installed, and {reason}")
