"""Hardware and versions that the results depend on."""

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

PACKAGES = {
    "Django": "Django",
    "Django REST Framework": "djangorestframework",
    "granian": "granian",
    "psycopg": "psycopg",
}


def describe(postgresql):
    """(name, value) pairs."""
    yield "date", datetime.now(UTC).date().isoformat()
    yield "revision", revision()
    yield "cores", str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else "")
    yield "CPU", cpu_model()
    yield "memory", f"{psutil.virtual_memory().total / 2**30:.1f} GiB"
    yield "system", f"{platform.system()} {platform.release()}"
    yield "Python", platform.python_version()
    for name, package in PACKAGES.items():
        yield name, version(package)
    yield "PostgreSQL", postgresql
    yield "wrk", wrk_version()


def cpu_model():
    info = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.*)$", info.read_text(), re.M) if info.exists() else None
    return named[1].strip() if named else platform.processor() or platform.machine()


def wrk_version():
    output = subprocess.run(["wrk", "--version"], capture_output=True, text=True).stdout
    return found[1] if (found := re.match(r"wrk (?:debian/)?([\w.+-]+)", output)) else "unknown"


def revision():
    """Git revision, with "-dirty" if there are uncommitted changes."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
    )
    return done.stdout.strip() or "unknown"
