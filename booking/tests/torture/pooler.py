"""PgBouncer between the application and PostgreSQL, with the settings of deploy/pgbouncer.ini."""

import configparser
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg

from ..postgres import identity, wait_until_ready

POOL_SIZES = {"transaction": 3, "session": 50}
CONFIGURATION = Path(__file__).resolve().parents[3] / "deploy" / "pgbouncer.ini"


class NoPooler(Exception):
    """PgBouncer cannot be started; the message says why."""


class PgBouncer:
    """Context manager: a PgBouncer in front of the database of a URL, with a `url` of its own.

    In transaction mode it has fewer server connections than the application, so that they are
    shared. `program` is the command of another PgBouncer than the system's. Further keyword
    arguments are settings of its file.
    """

    def __init__(self, url, *, mode, folder, program=None, **more):
        parts = urlsplit(url)
        self.program = program
        self.folder = folder / "pooler"
        self.url = f"postgres://postgres@{quote(str(self.folder), safe='')}:6432{parts.path}"
        self.configuration = configparser.ConfigParser(interpolation=None)
        self.configuration.read(CONFIGURATION)
        server = unquote(parts.netloc.rpartition("@")[2])
        self.configuration["databases"] = {"*": f"host={server} user=postgres"}
        settings = self.configuration["pgbouncer"]
        del settings["auth_file"]
        del settings["listen_addr"]  # a socket of its own: no port that somebody else has
        settings.update(
            unix_socket_dir=str(self.folder),
            auth_type="any",
            pool_mode=mode,
            default_pool_size=str(POOL_SIZES[mode]),
            **more,
        )

    def __enter__(self):
        program = self.program
        if not program:
            found = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
            if not found:
                raise NoPooler("PgBouncer is not installed: apt-get install pgbouncer.")
            program = [found]
        self.folder.mkdir()
        self.folder.parent.chmod(0o755)
        configuration = self.folder / "pgbouncer.ini"
        with configuration.open("w") as file:
            self.configuration.write(file)
        if user := identity():
            shutil.chown(self.folder, user["user"], user["group"])
        with (self.folder.parent / "pooler.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*program, str(configuration)], stdout=log, stderr=log, cwd=self.folder, **user
            )
        try:
            wait_until_ready(self.url, self.process)
        except psycopg.OperationalError as error:
            self.__exit__()
            raise NoPooler(Path(log.name).read_text(errors="replace")) from error
        return self

    def __exit__(self, *exc_info):
        self.process.kill()
        self.process.wait()
