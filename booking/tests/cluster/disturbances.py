"""Disturbances of a cluster under load: rolling restart, failover."""

import http.client
import threading
import time
from collections import Counter
from contextlib import suppress

PAUSE = 2  # seconds before each step
DEADLINE = 60  # seconds until a restarted part must answer
AWAY = 2  # seconds from the death of the primary to the promotion, as if detected


class Disturbance(threading.Thread):
    """Thread that runs steps while clients use the cluster, and ends before them."""

    expected: tuple = ()  # names of counts that must not be 0

    def __init__(self, cluster, seconds, ended):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.seconds = seconds
        self.ended = ended
        self.counts = Counter()
        self.defects = []
        self.error = None

    def run(self):
        try:
            self.disturb()
            time.sleep(PAUSE)
        except BaseException as error:
            self.error = error
            raise

    def disturb(self):
        raise NotImplementedError

    def wait_until_healthy(self):
        """Wait until each host answers a request that needs the database, also through nginx."""
        show = self.cluster.fixture["shows"][-1]
        token = self.cluster.fixture["clerk_token"]  # customers may erase their accounts
        headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
        ports = [*(host.port for host in self.cluster.hosts.hosts), self.cluster.nginx.port]
        deadline = time.monotonic() + DEADLINE
        while ports:
            if status_of(ports[0], f"/api/shows/{show}/seats/", headers) == 200:
                ports.pop(0)
            elif time.monotonic() > deadline:
                raise TimeoutError("The cluster does not recover.")
            else:
                time.sleep(0.05)


def status_of(port, path, headers):
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        try:
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()
    return None


class RollingRestart(Disturbance):
    """Restart the parts one by one, each after the one before has recovered."""

    PARTS = (
        *("nginx", "Valkey", "first host", "second host", "connections of PgBouncer", "PgBouncer"),
        *("asynchronous standby", "synchronous standby", "primary"),
    )
    expected = tuple(f"restarts of {part}" for part in PARTS)

    def disturb(self):
        cluster = self.cluster
        first, second = cluster.hosts.hosts
        synchronous, asynchronous = cluster.databases.standbys
        restarts = (
            *(cluster.nginx.reload, cluster.cache.restart, first.restart, second.restart),
            *(cluster.pooler.reconnect, cluster.pooler.restart),
            *(asynchronous.restart, synchronous.restart, cluster.databases.stop_and_start),
        )
        for part, restart in zip(self.PARTS, restarts, strict=True):
            time.sleep(PAUSE)
            restart()
            self.wait_until_healthy()
            cluster.databases.wait_until_synchronous()
            self.counts[f"restarts of {part}"] += 1


class Failover(Disturbance):
    """Kill the primary, promote the synchronous standby, and point PgBouncer to it."""

    expected = ("failovers",)

    def disturb(self):
        time.sleep(self.seconds / 3)
        databases = self.cluster.databases
        databases.kill_primary()
        time.sleep(AWAY)
        self.promoted = databases.promote()
        self.cluster.pooler.point_to(databases.server.port)
        self.wait_until_healthy()
        self.counts["failovers"] += 1
