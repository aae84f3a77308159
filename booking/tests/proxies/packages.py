"""Programs of Debian's packages, installed without starting their services."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin", "/usr/local/sbin"])
POLICY = Path("/usr/sbin/policy-rc.d")


def find_program(name):
    return shutil.which(name, path=PATH)


def install(packages: Iterable[str], services: Iterable[str] = ()):
    """Install packages by apt-get. Return why it failed, or None."""
    if not find_program("apt-get"):
        return "there is no apt-get to install them"
    if os.geteuid() != 0:
        return "apt-get needs root to install them"
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
        subprocess.run(["systemctl", "disable", *services], capture_output=True)
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
