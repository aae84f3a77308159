"""Test the files of deploy/ with real proxies: `make proxy-test`.

Installs the proxies that are missing, if it can: as root, with apt-get. Otherwise it skips their
tests, and says so.
"""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from .system import PATH, PROJECT, find_program

PACKAGES = {"nginx": "nginx-light", "haproxy": "haproxy", "squid": "squid", "openssl": "openssl"}
FILES = ("granian.py", "nginx.py", "haproxy.py", "squid.py", "path_prefix.py")
POLICY = Path("/usr/sbin/policy-rc.d")


def missing_programs():
    return [name for name in PACKAGES if not find_program(name)]


def install(programs):
    """Install the programs, without their services. Return why it failed, or None."""
    if not find_program("apt-get"):
        return "there is no apt-get to install them"
    if os.geteuid() != 0:
        return "apt-get needs root to install them"
    packages = [PACKAGES[name] for name in programs]
    print(f"Installing {', '.join(packages)} ...", flush=True)
    with services_not_started():
        for command in (
            ["update", "-qq"],
            ["install", "-qq", "--no-install-recommends", *packages],
        ):
            done = subprocess.run(
                ["apt-get", "-y", *command],
                env={**os.environ, "PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
    if find_program("systemctl"):  # nor started when the machine starts
        subprocess.run(["systemctl", "disable", *programs], capture_output=True)
    if done.returncode:
        return f"apt-get failed:\n{done.stdout[-2000:]}"
    return None


@contextmanager
def services_not_started():
    """Debian starts a service when its package is installed, unless this file says no."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


def main():
    reason = None
    if programs := missing_programs():
        reason = install(programs)
    folder = Path(__file__).parent.relative_to(PROJECT)
    files = [str(folder / name) for name in FILES]
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *files]
    status = subprocess.call([*pytest, *sys.argv[1:]], cwd=PROJECT)
    if programs := missing_programs():
        print(f"NOT TESTED behind {', '.join(programs)}: not installed, and {reason}.")
    return status


if __name__ == "__main__":
    sys.exit(main())
