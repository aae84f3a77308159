"""Programs of the cluster: Debian's packages, with PgBouncer and Valkey of Debian 13.

PgBouncer of Debian 12 has no prepared statements, and Debian 12 has no Valkey. On a system without
them both come from a tree of Debian 13 beside the system, which debootstrap makes once.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from ..proxies.packages import PATH, find_program, install

PACKAGES = {"nginx": "nginx-light", "openssl": "openssl"}
FROM_TREE = {"pgbouncer": "pgbouncer", "valkey-server": "valkey-server"}
TREE = Path("/var/cache/movie-booking/debian-13")
LINKER = TREE / "lib64/ld-linux-x86-64.so.2"
LIBRARIES = f"{TREE}/usr/lib/x86_64-linux-gnu:{TREE}/usr/lib"
OLDEST_PGBOUNCER = (1, 21)  # the first with max_prepared_statements


class NoCluster(Exception):
    """A program of the cluster cannot be installed; the message says why."""


def command(name):
    """Command that starts a program, of the system or of the tree; None if there is none."""
    program = find_program(name)
    if program and (name != "pgbouncer" or version_of(program) >= OLDEST_PGBOUNCER):
        return [program]
    for folder in ("usr/sbin", "usr/bin"):
        if (TREE / folder / name).exists():
            return [str(LINKER), "--library-path", LIBRARIES, str(TREE / folder / name)]
    return None


def version_of(program):
    done = subprocess.run([program, "--version"], capture_output=True, text=True)
    return tuple(map(int, re.findall(r"\d+", done.stdout)[:2]))


def require_programs():
    """Install what is missing. Raises NoCluster if that is not possible."""
    reason = None
    if missing := [name for name in PACKAGES if not find_program(name)]:
        reason = install([PACKAGES[name] for name in missing], services=missing)
    if not all(map(command, FROM_TREE)):
        reason = _make_tree() or reason
    missing = [name for name in [*PACKAGES, *FROM_TREE] if not command(name)]
    if missing:
        raise NoCluster(f"{', '.join(missing)}: not installed, and {reason}")


def _make_tree():
    """Make the tree of Debian 13. Return why it failed, or None."""
    if os.geteuid() != 0:
        return "debootstrap needs root"
    if not find_program("debootstrap") and (reason := install(["debootstrap"])):
        return reason
    print("Unpacking PgBouncer and Valkey of Debian 13 (two minutes) ...", flush=True)
    shutil.rmtree(TREE, ignore_errors=True)
    TREE.parent.mkdir(parents=True, exist_ok=True)
    half = TREE.with_name(f"{TREE.name}-{os.getpid()}")
    done = subprocess.run(
        [
            *("debootstrap", "--variant=minbase", f"--include={','.join(FROM_TREE.values())}"),
            *("trixie", half, "http://deb.debian.org/debian"),
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
    half.rename(TREE)
    return None
