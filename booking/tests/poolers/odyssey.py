"""Odyssey between the application and PostgreSQL."""

import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psycopg

from ..postgres import identity, wait_until_ready
from ..torture.pooler import POOL_SIZES, NoPooler

CONFIGURATION = """\
daemonize no
log_to_stdout yes
log_format "%p %t %l (%c) %m\\n"
unix_socket_dir "{sockets}"
unix_socket_mode "0666"
locks_dir "{folder}"
workers 2
listen {{
    port 6432
}}
storage "postgresql" {{
    type "remote"
    port 5432
}}
database default {{
    user default {{
        authentication "none"
        storage "postgresql"
        pool "{mode}"
        pool_size {size}
        pool_timeout 5000
        pool_reserve_prepared_statement {reserves}
        client_fwd_error yes
    }}
}}
"""


class Odyssey:
    """Context manager: an Odyssey in front of the database of a URL, with a `url` of its own.

    `prepares` says that clients prepare statements, which Odyssey then keeps track of.
    """

    def __init__(self, url, *, mode, prepares, folder, program):
        parts = urlsplit(url)
        # It has one folder for its own socket and that of PostgreSQL.
        sockets = unquote(parts.netloc.rpartition("@")[2])
        self.url = f"postgres://postgres@{quote(sockets, safe='')}:6432{parts.path}"
        self.socket = Path(sockets) / ".s.PGSQL.6432"
        self.folder = folder / "pooler"
        self.program = program
        self.configuration = CONFIGURATION.format(
            sockets=sockets,
            folder=self.folder,
            mode=mode,
            size=POOL_SIZES[mode],
            reserves="yes" if prepares else "no",
        )

    def __enter__(self):
        self.folder.mkdir()
        self.folder.parent.chmod(0o755)
        file = self.folder / "odyssey.conf"
        file.write_text(self.configuration)
        if user := identity():
            shutil.chown(self.folder, user["user"], user["group"])
        with (self.folder.parent / "pooler.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.program, file], stdout=log, stderr=log, cwd=self.folder, **user
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
        self.socket.unlink(missing_ok=True)
