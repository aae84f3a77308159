"""Nemesis: kills workers, troubles database sessions, fills the disk, crashes the database."""

import http.client
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress

from .fixture import crash_file

KILL_EVERY = (0.5, 1.1)  # seconds
FREEZE_FOR = (0.2, 1.5)  # seconds
FULL_FOR = (0.5, 2)  # seconds
# Faults, and how often each occurs until all have occurred.
FAULTS_OF_WORKERS = {"kill": 6, "kill_between_commit_and_response": 3}
FAULTS_OF_SESSIONS = {"terminate_backend": 2, "cancel_statement": 2, "freeze_backend": 1}
FAULTS_OF_LINK = {"drop_connections": 2}
FAULTS_OF_DISK = {"fill_disk": 2}


class Nemesis(threading.Thread):
    def __init__(self, *, server, database, link, seed, restart_every, probe, ended):
        super().__init__(daemon=True)
        self.server = server
        self.database = database
        self.link = link  # between server and database, or None
        self.faults = Counter(FAULTS_OF_WORKERS)
        if database.can_restart:
            self.faults.update(FAULTS_OF_SESSIONS)
        if link:
            self.faults.update(FAULTS_OF_LINK)
        if database.can_fill_disk:
            self.faults.update(FAULTS_OF_DISK)
        self.random = random.Random(seed)
        self.restart_every = restart_every
        self.probe = probe  # path of a GET request
        self.ended = ended
        self.counts = Counter()
        self.defects = []
        self.error = None

    def run(self):
        try:
            restart, faults = self._next_restart(), []
            while not self.ended.wait(self.random.uniform(*KILL_EVERY)):
                self.server.restart_if_ended()
                if time.monotonic() > restart:
                    self._restart_database()
                    restart = self._next_restart()
                else:
                    faults = faults or self._all_faults()
                    getattr(self, f"_{faults.pop()}")()
        except BaseException as error:
            self.error = error
            raise

    def _all_faults(self):
        """Names of the next faults in random order: a run that is long enough has each of them."""
        names = sorted(self.faults.elements())
        self.random.shuffle(names)
        return names

    def _next_restart(self):
        if not (self.restart_every and self.database.can_restart):
            return float("inf")
        return time.monotonic() + self.random.uniform(0.8, 1.1) * self.restart_every

    def _victim(self):
        """Process id of any worker but the youngest: two deaths in a row end granian."""
        *victims, _ = self.server.worker_pids() or [None]
        return self.random.choice(victims) if victims else None

    def _kill(self):
        if victim := self._victim():
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                self.counts["workers killed"] += 1

    def _kill_between_commit_and_response(self):
        victim = self._victim()
        if victim is None:
            return
        file = crash_file(self.server.folder, victim)
        file.touch()
        self.ended.wait(1)
        try:
            file.unlink()
        except FileNotFoundError:  # the worker has removed it and crashed
            self.counts["workers killed"] += 1
            self.counts["… between commit and response"] += 1

    def _terminate_backend(self):
        self.counts["backends terminated"] += self.database.terminate_backend()

    def _cancel_statement(self):
        self.counts["statements cancelled"] += self.database.cancel_statement()

    def _freeze_backend(self):
        """Stop a backend for a while, if possible one in a transaction: it may hold a lock."""
        pid = self.database.pid_of_backend()
        with suppress(ProcessLookupError):
            if pid:
                os.kill(pid, signal.SIGSTOP)
                self.counts["backends frozen"] += 1
                try:
                    self.ended.wait(self.random.uniform(*FREEZE_FOR))
                finally:
                    os.kill(pid, signal.SIGCONT)

    def _drop_connections(self):
        self.counts["database connections dropped"] += self.link.drop()

    def _fill_disk(self):
        """Leave the database no room for a moment. It may end, and is started again then."""
        refused = self.database.statements_without_room()
        end = time.monotonic() + self.random.uniform(*FULL_FOR)
        try:
            while time.monotonic() < end and not self.ended.wait(0.02):
                self.database.fill_disk()
        finally:
            self.database.free_disk()
        self.counts["moments with a full disk"] += 1
        refused = self.database.statements_without_room() - refused
        self.counts["… in which the database said so"] += refused > 0

    def _restart_database(self):
        """Restart the database. The first requests afterwards, on every worker, must succeed.

        Not so through a pooler: it answers with the errors of connections that it has lost.
        """
        self.database.restart()
        self.counts["database restarts"] += 1
        if self.server.has_pooler:
            return
        for _ in range(2 * self.server.workers):
            status = self._probe()
            if status != 200:
                self.defects.append(f"the first request after a restart got status {status}")
                return

    def _probe(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
                try:
                    connection.request("GET", self.probe, headers={"Connection": "close"})
                    return connection.getresponse().status
                finally:
                    connection.close()
            time.sleep(0.05)  # its worker was killed a moment ago
        return None
