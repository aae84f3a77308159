"""Parts other than PostgreSQL: PgBouncer, Valkey, application hosts, and nginx in front."""

import os
import signal
import subprocess
from contextlib import suppress

import psycopg

from ..postgres import identity
from ..proxies import system as proxies
from ..torture import system as torture
from .databases import NAME
from .packages import command
from .ports import fixed_port

WORKERS = 2  # of each host
THREADS = 4  # of each worker
POOLER = """\
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = postgres
pool_mode = transaction
max_client_conn = 200
default_pool_size = 8
query_wait_timeout = 5
server_login_retry = 1
max_prepared_statements = {prepared}
ignore_startup_parameters = options
"""


class Part(proxies.Server):
    """A server that can be restarted on its port, killed and frozen."""

    def __init__(self):
        self.port = fixed_port()

    @property
    def identity(self):
        return identity()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def restart(self):
        self.stop()
        self.start()


class Pooler(Part):
    """PgBouncer in transaction mode, with fewer connections than the application."""

    name = "PgBouncer"

    def __init__(self, server, *, prepared):
        super().__init__()
        self.server = server  # port of PostgreSQL
        self.prepared = prepared
        self.url = f"postgres://postgres@127.0.0.1:{self.port}/{NAME}"

    def command(self):
        self._write()
        return [*command("pgbouncer"), self.folder / "pgbouncer.ini"]

    def point_to(self, server):
        """Use another server of PostgreSQL for new connections."""
        self.server = server
        self._write()
        self.process.send_signal(signal.SIGHUP)

    def reconnect(self):
        """Replace every connection to PostgreSQL as soon as its transaction has ended."""
        address = f"postgres://postgres@127.0.0.1:{self.port}/pgbouncer"
        with psycopg.connect(address, autocommit=True) as console:
            console.execute("RECONNECT")

    def stop(self):
        """Stop after the running transactions, without waiting for clients."""
        if hasattr(self, "process"):
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
            self.process.kill()
            self.process.wait()

    def _write(self):
        text = POOLER.format(
            server=self.server, port=self.port, prepared=200 if self.prepared else 0
        )
        (self.folder / "pgbouncer.ini").write_text(text)


class Cache(Part):
    """Valkey without persistence."""

    name = "Valkey"

    def command(self):
        return [
            *command("valkey-server"),
            *("--bind", "127.0.0.1", "--port", f"{self.port}"),
            *("--save", "", "--dir", self.folder),
        ]


class Host(torture.Server):
    """An application host: granian with its workers."""

    def __init__(self, *, url, prepared, cache, folder):
        super().__init__(
            url=url,
            workers=WORKERS,
            threads=THREADS,
            has_pooler=not prepared,
            mutant="",
            folder=folder,
            environment={
                "REDIS_URL": f"redis://127.0.0.1:{cache.port}/0",
                "THROTTLE_USER": "100000/1m",  # counted in Valkey, and never reached
                "BEHIND_TLS_PROXY": "yes",
                "NUM_PROXIES": "1",
            },
        )

    def __enter__(self):
        self.port = fixed_port()
        self.log = (self.folder / f"host-{self.port}.log").open("ab")
        self.start()
        return self

    def kill(self):
        """Kill it with its workers, as if the host were gone."""
        for pid in [*self.worker_pids(), self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def freeze(self):
        self._signal_all(signal.SIGSTOP)

    def thaw(self):
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number):
        for pid in [self.process.pid, *self.worker_pids()]:
            os.kill(pid, number)

    def restart(self):
        """Restart after the running requests have ended."""
        workers = self.worker_pids()
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=30)
        for pid in workers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.start()


class Hosts:
    """All application hosts, as one server for the nemesis of the torture test."""

    has_pooler = True

    def __init__(self, hosts):
        self.hosts = hosts
        self.folder = hosts[0].folder
        self.workers = WORKERS * len(hosts)

    @property
    def starts(self):
        return sum(host.starts - 1 for host in self.hosts) + 1

    def worker_pids(self):
        return sorted(pid for host in self.hosts for pid in host.worker_pids())

    def restart_if_ended(self):
        for host in self.hosts:
            host.restart_if_ended()


class FrontEnd(proxies.Nginx):
    """nginx with the file of deploy/, before several hosts instead of one."""

    def __init__(self, hosts):
        servers = [f"server 127.0.0.1:{host.port} fail_timeout=1s;" for host in hosts]
        super().__init__(hosts[0], {"server 127.0.0.1:8000;": "\n    ".join(servers)})
        self.port, self.tls_port = fixed_port(), fixed_port()

    def replacements(self):
        one = f"server 127.0.0.1:{self.backend.port};"
        return {old: new for old, new in super().replacements().items() if new != one}

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
