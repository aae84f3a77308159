"""Kinds of trouble: how each begins, goes on and ends, and what clients should do."""

import os
import signal
import time
from contextlib import suppress

import psycopg


class Trouble:
    """`system` is the Run: its `postgres`, `database`, `url`, `server`, `network` and `show`."""

    name = ""
    seconds = 6
    advice = ""
    needs_network = False  # our proxy between application and database
    is_about_one_show = False

    def __init__(self, system):
        self.system = system

    def begin(self):
        pass

    def go_on(self):
        """Called many times a second."""

    def end(self):
        pass

    def query(self, sql, *params):
        """Rows of a statement on the server, outside the database of the application."""
        url = self.system.postgres.url
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            cursor = connection.execute(sql, params)
            return cursor.fetchall() if cursor.description else []

    def backends(self):
        """Process ids of the application's connections, the busy ones first."""
        sql = (
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND backend_type = "
            "'client backend' ORDER BY state <> 'active', state_change DESC"
        )
        return [pid for (pid,) in self.query(sql, self.system.database)]


class Stopped(Trouble):
    name = "database stopped"
    advice = "Send again until the database is there. Nothing is sold meanwhile."

    def begin(self):
        self.system.postgres.stop()

    def end(self):
        self.system.postgres.serve()


class Crashed(Trouble):
    name = "database crashed"
    advice = (
        "Send again. What was acknowledged before the crash is there; a change that the crash cut "
        "off may have been made."
    )

    def begin(self):
        self.system.postgres.crash()

    def end(self):
        self.system.postgres.serve()


class BackendsKilled(Trouble):
    name = "a backend killed every two seconds"
    advice = "Send again after a second: PostgreSQL restarts by itself."
    next_kill = 0.0

    def go_on(self):
        if time.monotonic() > self.next_kill:
            with suppress(psycopg.OperationalError, IndexError, ProcessLookupError):
                os.kill(self.backends()[0], signal.SIGKILL)
                self.next_kill = time.monotonic() + 2


class Frozen(Trouble):
    name = "database frozen"
    seconds = 20
    advice = (
        "Wait for the response longer than `DATABASE_DEADLINE_SECONDS`, then send again. A client "
        "that gives up earlier only adds requests that wait."
    )

    def begin(self):
        self.system.postgres.signal_all(signal.SIGSTOP)

    def end(self):
        self.system.postgres.signal_all(signal.SIGCONT)


class ReadOnly(Trouble):
    name = "database read-only"
    advice = "Lists still answer. Tell the customer that nothing is sold now, and try again later."

    def begin(self):
        self._set("on")

    def end(self):
        self._set("off")

    def _set(self, value):
        self.query(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        self.query("SELECT pg_reload_conf()")


class DiskFull(Trouble):
    name = "disk full"
    advice = (
        "Lists answer as long as the server runs. Try again later: somebody has to make room first."
    )

    def begin(self):
        self.system.postgres.fill_disk()

    def go_on(self):
        self.system.postgres.fill_disk()

    def end(self):
        self.system.postgres.free_disk()
        if self.system.postgres.process.poll() is not None:  # it could not write its log
            self.system.postgres.serve()


class NoConnections(Trouble):
    name = "no connections left"
    advice = "Send again. A request for which there is no connection changes nothing."

    def begin(self):
        self.taken = []
        self.go_on()

    def go_on(self):
        self._take_all()
        if pids := self._backends_of_application():
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)  # as pg_terminate_backend()
            self._take_all()

    def end(self):
        for connection in self.taken:
            connection.close()

    def _backends_of_application(self):
        sql = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
        return [pid for (pid,) in self.taken[0].execute(sql, [self.system.database])]

    def _take_all(self):
        url = self.system.postgres.url
        with suppress(psycopg.OperationalError):
            while True:
                self.taken.append(psycopg.connect(url, autocommit=True, connect_timeout=3))


class NetworkDropped(Trouble):
    name = "network dropped"
    seconds = 20
    advice = Frozen.advice
    needs_network = True

    def begin(self):
        self.system.network.go_down()

    def end(self):
        self.system.network.come_up()


class ConnectionsReset(Trouble):
    name = "connections reset every second"
    advice = "Send again at once: the next request opens a new connection."
    needs_network = True
    next_reset = 0.0

    def go_on(self):
        if time.monotonic() > self.next_reset:
            self.system.network.reset()
            self.next_reset = time.monotonic() + 1


class BackendFrozen(Trouble):
    name = "one backend frozen"
    seconds = 20
    advice = (
        "Send again. Only the show that the backend has locked, if any, sells nothing meanwhile."
    )

    def begin(self):
        self.pid = self.backends()[0]
        os.kill(self.pid, signal.SIGSTOP)

    def end(self):
        os.kill(self.pid, signal.SIGCONT)


class ShowLocked(Trouble):
    name = "one show locked from outside"
    seconds = 10
    advice = (
        "Only this show is busy, with 503 after three to five seconds: offer the customer another."
    )
    is_about_one_show = True

    def begin(self):
        self.connection = psycopg.connect(self.system.direct_url)
        sql = "SELECT id FROM booking_show WHERE id = %s FOR UPDATE"
        self.connection.execute(sql, [self.system.show])

    def end(self):
        self.connection.close()


class WorkersKilled(Trouble):
    name = "a worker killed every second"
    seconds = 8
    advice = (
        "Send again at once if the connection ends without a response. Only requests of the killed "
        "worker are cut off."
    )
    next_kill = 0.0

    def go_on(self):
        server = self.system.server
        server.restart_if_ended()
        if time.monotonic() > self.next_kill and len(pids := server.worker_pids()) > 1:
            with suppress(ProcessLookupError):
                os.kill(pids[0], signal.SIGKILL)
            self.next_kill = time.monotonic() + 1

    def end(self):
        self.system.server.restart_if_ended()


TROUBLES = [
    *(Stopped, Crashed, BackendsKilled, Frozen, ReadOnly, DiskFull, NoConnections),
    *(NetworkDropped, ConnectionsReset, BackendFrozen, ShowLocked, WorkersKilled),
]
