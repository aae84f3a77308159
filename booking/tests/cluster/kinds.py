"""Kinds of trouble of a cluster: how each begins and ends, and what its operator should do."""

import signal
import time

from ..troubles import kinds


class Stopped(kinds.Stopped):
    name = "primary stopped and started again"
    advice = (
        "Nothing: every pool connects again. Nothing is sold meanwhile, so a planned restart of "
        "PostgreSQL belongs to the night."
    )


class Frozen(kinds.Frozen):
    name = "primary frozen"
    advice = (
        "If it does not come back within a minute, fence it and promote the synchronous standby "
        "(docs/operations.md, “The database is gone”)."
    )


class ReadOnly(kinds.ReadOnly):
    name = "primary read-only"
    advice = (
        "Look who set `default_transaction_read_only`, or whether PgBouncer points to a standby."
    )


class DiskFull(kinds.DiskFull):
    name = "disk of the primary full"
    advice = (
        "Make room, never by deleting files in `pg_wal`: look for an archive that fails or a "
        "replication slot that nobody reads. PostgreSQL goes on by itself or is started again."
    )


class NoConnections(kinds.NoConnections):
    name = "primary out of connections"
    advice = (
        "`pg_stat_activity` says who holds them. The sum of all pools must stay below "
        "`max_connections`, with some left for you."
    )


class SynchronousStandbyStopped(kinds.Trouble):
    name = "synchronous standby stopped"
    seconds = 20
    advice = (
        "Start it, or let COMMIT wait for another one: `synchronous_standby_names`. Until then "
        "each change waits `DATABASE_DEADLINE_SECONDS` and is answered 503, and yet it is made."
    )

    def begin(self):
        self.standby.stop()

    def end(self):
        self.standby.serve()

    @property
    def standby(self):
        return self.system.cluster.databases.standbys[0]


class SynchronousStandbyFrozen(SynchronousStandbyStopped):
    name = "synchronous standby frozen"
    advice = SynchronousStandbyStopped.advice

    def begin(self):
        self.standby.signal_all(signal.SIGSTOP)

    def end(self):
        self.standby.signal_all(signal.SIGCONT)


class AsynchronousStandbyStopped(SynchronousStandbyStopped):
    name = "asynchronous standby stopped"
    seconds = 6
    advice = "Start it. Nothing waits for it; a replica that is away is not read from."

    @property
    def standby(self):
        return self.system.cluster.databases.standbys[1]


class AsynchronousStandbyFrozen(AsynchronousStandbyStopped):
    name = "asynchronous standby frozen"
    advice = "Restart it. Nothing waits for it."

    def begin(self):
        self.standby.signal_all(signal.SIGSTOP)

    def end(self):
        self.standby.signal_all(signal.SIGCONT)


class PoolerStopped(kinds.Trouble):
    name = "PgBouncer stopped and started again"
    advice = "Nothing: systemd starts it again. Give each host a PgBouncer of its own."

    def begin(self):
        self.part.stop()

    def end(self):
        self.part.start()

    @property
    def part(self):
        return self.system.cluster.pooler


class PoolerFrozen(PoolerStopped):
    name = "PgBouncer frozen"
    seconds = 20
    advice = "Restart it."

    def begin(self):
        self.part.freeze()

    def end(self):
        self.part.thaw()


class PoolerReconnects(PoolerStopped):
    name = "`RECONNECT` of PgBouncer each second"
    advice = "Nothing: it is how connections are replaced during an upgrade or a failover."

    next_reconnect = 0.0

    def begin(self):
        pass

    def go_on(self):
        if time.monotonic() > self.next_reconnect:
            self.part.reconnect()
            self.next_reconnect = time.monotonic() + 1

    def end(self):
        pass


class CacheKilled(kinds.Trouble):
    name = "Valkey killed and started again"
    advice = (
        "Nothing: for 30 s rate limits are counted in PostgreSQL, then Valkey is asked again. "
        "`/readyz` says 503 meanwhile, so let load balancers ask `/healthz`."
    )

    def begin(self):
        self.part.kill()

    def end(self):
        self.part.start()

    @property
    def part(self):
        return self.system.cluster.cache


class CacheFrozen(CacheKilled):
    name = "Valkey frozen"
    seconds = 20
    advice = "Restart it. One request a worker waits one second for it every 30 s."

    def begin(self):
        self.part.freeze()

    def end(self):
        self.part.thaw()


class HostKilled(kinds.Trouble):
    name = "one of two hosts killed"
    advice = "Start it again. nginx asks the other one, and this one again after a second."

    def begin(self):
        self.host.kill()

    def end(self):
        self.host.start()

    @property
    def host(self):
        return self.system.cluster.hosts.hosts[0]


class HostFrozen(HostKilled):
    name = "one of two hosts frozen"
    seconds = 40
    advice = (
        "Kill it, or take it out of nginx's file. A request that it has taken waits "
        "`proxy_read_timeout` (30 s), and so does one a second that nginx tries it with."
    )

    def begin(self):
        self.host.freeze()

    def end(self):
        self.host.thaw()


class FrontEndReloads(kinds.Trouble):
    name = "nginx reloaded each second"
    advice = "Nothing: it is how its file is changed."
    next_reload = 0.0

    def go_on(self):
        if time.monotonic() > self.next_reload:
            self.system.cluster.nginx.reload()
            self.next_reload = time.monotonic() + 1


class FrontEndRestarted(kinds.Trouble):
    name = "nginx stopped and started again"
    advice = "Reload it instead of a restart: its requests are not cut off then."

    def begin(self):
        self.system.cluster.nginx.stop()

    def end(self):
        self.system.cluster.nginx.start()


TROUBLES = [
    *(Stopped, Frozen, ReadOnly, DiskFull, NoConnections),
    *(SynchronousStandbyStopped, SynchronousStandbyFrozen),
    *(AsynchronousStandbyStopped, AsynchronousStandbyFrozen),
    *(PoolerStopped, PoolerFrozen, PoolerReconnects),
    *(CacheKilled, CacheFrozen, HostKilled, HostFrozen, FrontEndReloads, FrontEndRestarted),
]
