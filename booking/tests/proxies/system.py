"""Real servers: granian by deploy/serve.sh, and proxies with the files of deploy/.

In the files only addresses and paths are replaced, each by one of this test run.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

from ..postgres import identity
from .packages import PATH, find_program

PROJECT = Path(__file__).resolve().parents[3]
DEPLOY = PROJECT / "deploy"
HOST = "tickets.example"
PASSWORD = "paper-moon-1973"
DEADLINE = 120  # seconds; the longest wait for something that happens for sure


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


class Folder:
    """Context manager: a temporary folder that the servers' user can write to."""

    def __enter__(self):
        self.path = Path(tempfile.mkdtemp(prefix="proxies-", dir="/tmp"))
        if user := identity():
            os.chown(self.path, user["user"], user["group"])
        return self.path

    def __exit__(self, *exc_info):
        shutil.rmtree(self.path, ignore_errors=True)


class Server:
    """Context manager: a process that listens on `port`, with its output in `log`."""

    name = ""
    identity: dict = {}

    def __enter__(self):
        with ExitStack() as stack:
            self.folder = stack.enter_context(Folder())
            self.log = self.folder / "log"
            stack.callback(self.stop)
            self.start()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info):
        self.stack.close()

    def start(self):
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                cwd=PROJECT,
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.identity,
            )
        self._wait_until_ready()

    def stop(self):
        if not hasattr(self, "process"):
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=20)
        with suppress(ProcessLookupError):  # the process group: its workers, too
            os.killpg(self.process.pid, 9)
        self.process.wait()

    def _wait_until_ready(self):
        deadline = time.monotonic() + DEADLINE
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self.process.poll() is not None or time.monotonic() > deadline:
                output = self.log.read_text(errors="replace")
                raise RuntimeError(f"{self.name} did not start:\n{output}")
            time.sleep(0.05)

    def environment(self):
        return {**os.environ, "PATH": PATH}


class Granian(Server):
    """The application, with one worker of one thread, on a SQLite database of its own.

    One half-sent request is enough to occupy it.
    """

    name = "granian"

    def __init__(self, *options, **environment):
        self.options = options
        self.more = environment

    def command(self):
        self.port = free_port()
        return [PROJECT / "deploy" / "serve.sh", *self.options]

    def environment(self):
        database = f"sqlite:///{self.folder}/db.sqlite3"
        environment = {
            **super().environment(),
            "PATH": f"{Path(sys.executable).parent}:{PATH}",
            "GRANIAN_PORT": str(self.port),
            "GRANIAN_WORKERS": "1",
            "GRANIAN_BLOCKING_THREADS": "1",
            "DEBUG": "off",
            "SECRET_KEY": "k" * 50,
            "TICKET_KEYS": "t" * 50,
            "DATABASE_URL": database,
            "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
            "ALLOWED_HOSTS": f"{HOST},127.0.0.1",
            "BEHIND_TLS_PROXY": "yes",
            "NUM_PROXIES": "1",
            "THROTTLE_LOGIN": "3/1d",
            **self.more,
        }
        subprocess.run(
            [sys.executable, "-m", "booking.tests.proxies.fixture"],
            cwd=PROJECT,
            env=environment,
            check=True,
        )
        return environment


class Proxy(Server):
    """A proxy in front of `backend`, with its file of deploy/.

    `port` is for HTTP, `tls_port` for HTTPS. `changes` are further replacements in the file.
    """

    file = ""

    def __init__(self, backend, changes=()):
        self.backend = backend
        self.changes = dict(changes)
        self.port, self.tls_port = free_port(), free_port()

    @property
    def identity(self):
        return identity()

    def command(self):
        self.certificate = make_certificate(self.folder)
        text = (DEPLOY / self.file).read_text(encoding="utf-8")
        for old, new in (self.replacements() | self.changes).items():
            if old not in text:
                raise ValueError(f"deploy/{self.file} has no {old!r}.")
            text = text.replace(old, new)
        self.config = self.folder / self.file
        self.config.write_text(text, encoding="utf-8")
        return self.run_with(self.config)


def make_certificate(folder):
    """A certificate for HOST and 127.0.0.1, as three files; returns the path of the first."""
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST},IP:127.0.0.1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "site.pem").write_bytes(certificate.read_bytes() + key.read_bytes())
    for file in (key, folder / "site.pem"):
        file.chmod(0o644)  # the proxy runs as another user
    return certificate


class Nginx(Proxy):
    name = "nginx"
    file = "nginx.conf"

    def replacements(self):
        return {
            "listen 80;": f"listen 127.0.0.1:{self.port};",
            "listen 443 ssl": f"listen 127.0.0.1:{self.tls_port} ssl",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{self.backend.port};",
            "/etc/ssl/cinema/": f"{self.folder}/",
            "/var/cache/nginx-cinema": f"{self.folder}/cache",
        }

    def run_with(self, config):
        """The file is one of /etc/nginx/conf.d/, so it is included in another."""
        folders = "".join(
            f"{kind}_temp_path {self.folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = self.folder / "main.conf"
        main.write_text(
            f"daemon off;\npid {self.folder}/pid;\nerror_log stderr;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{folders}include {config};\n}}\n"
        )
        return [find_program("nginx"), "-p", self.folder, "-e", "stderr", "-c", main]


class HAProxy(Proxy):
    name = "haproxy"
    file = "haproxy.cfg"

    def replacements(self):
        return {
            "bind :80": f"bind 127.0.0.1:{self.port}",
            "bind :443": f"bind 127.0.0.1:{self.tls_port}",
            "granian 127.0.0.1:8000": f"granian 127.0.0.1:{self.backend.port}",
            "/etc/ssl/cinema/": f"{self.folder}/",
            "log /dev/log local0": "log stderr format raw local0",
        }

    def run_with(self, config):
        return [find_program("haproxy"), "-db", "-f", config]


class Squid(Proxy):
    name = "squid"
    file = "squid.conf"

    def replacements(self):
        return {
            "http_port 127.0.0.1:3128": f"http_port 127.0.0.1:{self.port}",
            "127.0.0.1 parent 8000": f"127.0.0.1 parent {self.backend.port}",
        }

    def run_with(self, config):
        """Further lines are about files of Debian's that the test must not touch."""
        with config.open("a", encoding="utf-8") as file:
            file.write(
                f"\npid_filename {self.folder}/pid\ncache_log stdio:/dev/stderr\naccess_log none\n"
                f"coredump_dir {self.folder}\nnetdb_filename none\npinger_enable off\n"
                "visible_hostname squid\nshutdown_lifetime 0 seconds\n"
            )
        return [find_program("squid"), "-N", "-f", config]


class Client:
    """Sends requests to a proxy, from an address of the loopback network."""

    def __init__(self, proxy, ip="127.0.0.1"):
        self.proxy, self.ip = proxy, ip

    def connect(self, *, tls=True):
        source = (self.ip, 0)
        if not tls:
            return HTTPConnection("127.0.0.1", self.proxy.port, DEADLINE, source)
        context = ssl.create_default_context(cafile=self.proxy.certificate)
        return HTTPSConnection(
            "127.0.0.1",
            self.proxy.tls_port,
            timeout=DEADLINE,
            source_address=source,
            context=context,
        )

    def request(self, method, path, body=None, headers=(), *, tls=True, chunked=False):
        """Response with its `content`. The body is JSON if it is a dictionary."""
        headers = {"Host": HOST, **dict(headers)}
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **headers}
        connection = self.connect(tls=tls)
        try:
            with suppress(ConnectionError, ssl.SSLEOFError):  # refused while being sent
                if chunked:
                    parts = [body[:10], body[10:]]
                    connection.request(method, path, iter(parts), headers, encode_chunked=True)
                else:
                    connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.content = response.read()
            return response
        finally:
            connection.close()

    def get(self, path, headers=(), **more):
        return self.request("GET", path, None, headers, **more)

    def post(self, path, body=None, headers=(), **more):
        return self.request("POST", path, body, headers, **more)
