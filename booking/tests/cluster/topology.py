"""The cluster: nginx, two application hosts, PgBouncer, Valkey, and three PostgreSQL servers."""

from contextlib import ExitStack

from ..torture.system import run_fixture, tune
from .databases import ClusterDatabases
from .parts import Cache, FrontEnd, Host, Hosts, Pooler

NUMBER_OF_HOSTS = 2


class Cluster:
    """Context manager; clients connect to `nginx.port`.

    With `prepared`, the application prepares statements, and PgBouncer keeps track of them. Without
    `synchronous` no COMMIT waits for a standby, and a failover loses bookings.
    """

    def __init__(self, folder, *, shows, accounts, prepared=True, synchronous=True):
        self.folder = folder
        self.shows, self.accounts = shows, accounts
        self.prepared, self.synchronous = prepared, synchronous

    def __enter__(self):
        self.folder.mkdir()
        self.folder.chmod(0o755)
        with ExitStack() as stack:
            self.databases = stack.enter_context(ClusterDatabases())
            url = self.databases.url
            self.fixture = run_fixture(url, "create", self.shows, self.accounts)
            tune(url)
            self.databases.replicate(synchronous=self.synchronous)
            self.serving = stack.enter_context(ExitStack())
            self._serve()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exc_info):
        self.stack.close()

    def _serve(self):
        start = self.serving.enter_context
        self.cache = start(Cache())
        self.pooler = start(Pooler(self.databases.server.port, prepared=self.prepared))
        self.hosts = Hosts(
            [
                start(
                    Host(
                        url=self.pooler.url,
                        prepared=self.prepared,
                        cache=self.cache,
                        folder=self.folder,
                    )
                )
                for _ in range(NUMBER_OF_HOSTS)
            ]
        )
        self.nginx = start(FrontEnd(self.hosts.hosts))

    def stop_serving(self):
        """Stop everything but PostgreSQL, and wait until nothing is left that could commit."""
        self.serving.close()
        self.databases.wait_until_idle()
