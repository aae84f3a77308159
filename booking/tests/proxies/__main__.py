"""Test the files of deploy/ with real proxies: `make proxy-test`.

Installs the proxies that are missing, if it can: as root, with apt-get. Otherwise it skips their
tests, and says so.
"""

import subprocess
import sys
from pathlib import Path

from .packages import find_program, install
from .system import PROJECT

PACKAGES = {"nginx": "nginx-light", "haproxy": "haproxy", "squid": "squid", "openssl": "openssl"}
FILES = ("granian.py", "nginx.py", "haproxy.py", "squid.py", "path_prefix.py")


def missing_programs():
    return [name for name in PACKAGES if not find_program(name)]


def main():
    reason = None
    if programs := missing_programs():
        reason = install([PACKAGES[name] for name in programs], services=programs)
    folder = Path(__file__).parent.relative_to(PROJECT)
    files = [str(folder / name) for name in FILES]
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rs", *files]
    status = subprocess.call([*pytest, *sys.argv[1:]], cwd=PROJECT)
    if programs := missing_programs():
        print(f"NOT TESTED behind {', '.join(programs)}: not installed, and {reason}.")
    return status


if __name__ == "__main__":
    sys.exit(main())
