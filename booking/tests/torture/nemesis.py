"""Nemesis: kills workers, also between commit and response, and crashes the database."""

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
BETWEEN_COMMIT_AND_RESPONSE = 0.25  # share of the kills


class Nemesis(threading.Thread):
    def __init__(self, *, server, database, seed, restart_every, probe, ended):
        super().__init__(daemon=True)
        self.server = server
        self.database = database
        self.random = random.Random(seed)
        self.restart_every = restart_every
        self.probe = probe  # path of a GET request
        self.ended = ended
        self.counts = Counter()
        self.defects = []
        self.error = None

    def run(self):
        try:
            restart = self._next_restart()
            while not self.ended.wait(self.random.uniform(*KILL_EVERY)):
                self.server.restart_if_ended()
                if time.monotonic() > restart:
                    self._restart_database()
                    restart = self._next_restart()
                elif self.random.random() < BETWEEN_COMMIT_AND_RESPONSE:
                    self._kill_between_commit_and_response()
                else:
                    self._kill()
        except BaseException as error:
            self.error = error
            raise

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
