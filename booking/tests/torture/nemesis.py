"""Whoever is against it: kills workers, also between commit and answer; crashes the database."""

import http.client
import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress

from .stage import fail_point

KILL_EVERY = (0.5, 1.1)  # seconds
ANSWERLESS = 0.25  # of the kills are between commit and answer


class Nemesis(threading.Thread):
    def __init__(self, *, server, database, seed, restart_every, probe, ended):
        super().__init__(daemon=True)
        self.server = server
        self.database = database
        self.random = random.Random(seed)
        self.restart_every = restart_every
        self.probe = probe  # the path of a request that reads
        self.ended = ended
        self.counts = Counter()
        self.breakdowns = []
        self.trouble = None

    def run(self):
        try:
            restart = self._next_restart()
            while not self.ended.wait(self.random.uniform(*KILL_EVERY)):
                self.server.start_again_if_it_gave_up()
                if time.monotonic() > restart:
                    self._restart_database()
                    restart = self._next_restart()
                elif self.random.random() < ANSWERLESS:
                    self._kill_between_commit_and_answer()
                else:
                    self._kill()
        except BaseException as error:
            self.trouble = error
            raise

    def _next_restart(self):
        if not (self.restart_every and self.database.can_restart):
            return float("inf")
        return time.monotonic() + self.random.uniform(0.8, 1.1) * self.restart_every

    def _victim(self):
        """Any but the youngest: a worker that dies twice in a row ends the whole server."""
        *victims, _ = self.server.pids() or [None]
        return self.random.choice(victims) if victims else None

    def _kill(self):
        if victim := self._victim():
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                self.counts["workers killed"] += 1

    def _kill_between_commit_and_answer(self):
        victim = self._victim()
        if victim is None:
            return
        order = fail_point(self.server.folder, victim)
        order.touch()
        self.ended.wait(1)
        try:
            order.unlink()
        except FileNotFoundError:  # the worker took it away, and died
            self.counts["workers killed"] += 1
            self.counts["… between commit and answer"] += 1

    def _restart_database(self):
        """The first requests after it must succeed, one for each worker and some more."""
        self.database.restart()
        self.counts["database restarts"] += 1
        for _ in range(2 * self.server.workers):
            status = self._ask()
            if status != 200:
                self.breakdowns.append(f"the first request after a restart was answered {status}")
                return

    def _ask(self):
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
