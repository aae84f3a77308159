"""Reads from a streaming replica: which queries go there, and whether it is fresh enough.

Inside `reading_replica()` compiled queries and querysets read the replica. Everything else, and all
writes, go to the primary.

A thread notes the primary's WAL position once a second. The replica is as fresh as the time of the
newest noted position that it has replayed. So a replica without a connection to the primary is
stale, a replica of a primary without writes is fresh, and the hosts' clocks are not compared.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections

log = logging.getLogger(__name__)

REPLICA = "replica"
CHECK_EVERY, PAUSE = 1, 5  # seconds; PAUSE after an error

POSITION = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
# NULL for a promoted standby: its WAL is no longer the primary's.
REPLAYED = (
    "SELECT CASE WHEN pg_is_in_recovery() "
    "THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END"
)

reading_from: ContextVar[str] = ContextVar("reading_from", default=DEFAULT_DB_ALIAS)


@contextmanager
def reading_replica() -> Iterator[None]:
    token = reading_from.set(REPLICA)
    try:
        yield
    finally:
        reading_from.reset(token)


class ReplicaRouter:
    """Django's database router: reads inside `reading_replica()` go to the replica."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return reading_from.get()

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *instances: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return db != REPLICA


class Freshness:
    """How fresh the replica is. Its thread starts with the first question."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.fresh_at = -inf  # monotonic time up to which the replica has every commit
        self.failed_at = -inf
        self.positions: deque[tuple[float, int]] = deque()  # (time, position) of the primary
        self.was_fresh = False

    def is_fresh(self) -> bool:
        """True if the replica is at most REPLICA_MAX_LAG_SECONDS behind."""
        if self.thread is None:
            self._start()
        return time.monotonic() - self.fresh_at <= settings.REPLICA_MAX_LAG

    def leave_out(self, error: BaseException) -> None:
        """Do not use the replica until it has been checked again, after a pause."""
        with self.lock:
            self.fresh_at, self.failed_at = -inf, time.monotonic()
        connections[REPLICA].close()
        self._log_change(error)

    def check(self) -> None:
        """Compare positions. Raises the replica's errors; without the primary nothing is known."""
        started = time.monotonic()
        try:
            position = _read(DEFAULT_DB_ALIAS, POSITION)
        except (DatabaseError, InterfaceError):
            return
        if self.positions and position < self.positions[-1][1]:  # a new primary
            self.positions.clear()
        self.positions.append((started, position))
        self.note(_read(REPLICA, REPLAYED), started)

    def note(self, replayed: int | None, started: float) -> None:
        """Record the replica's position, read by a check that began at `started`."""
        with self.lock:
            if started <= self.failed_at:
                return
            reached = -1 if replayed is None else replayed
            while self.positions and self.positions[0][1] <= reached:
                self.fresh_at = self.positions.popleft()[0]
            if replayed is None:
                self.fresh_at = -inf
        while self.positions and started - self.positions[0][0] > settings.REPLICA_MAX_LAG:
            self.positions.popleft()

    def _start(self) -> None:
        with self.lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="replica", daemon=True)
                self.thread.start()

    def _run(self) -> None:
        while True:
            try:
                self.check()
                self._log_change()
                for alias in (DEFAULT_DB_ALIAS, REPLICA):
                    connections[alias].close_if_unusable_or_obsolete()
            except Exception as error:  # noqa: BLE001 the thread must go on
                self.leave_out(error)
            now = time.monotonic()
            time.sleep(max(CHECK_EVERY, self.failed_at + PAUSE - now))

    def _log_change(self, error: BaseException | None = None) -> None:
        is_fresh = time.monotonic() - self.fresh_at <= settings.REPLICA_MAX_LAG
        with self.lock:
            if is_fresh == self.was_fresh:
                return
            self.was_fresh = is_fresh
        if is_fresh:
            log.info("The replica is used.")
        else:
            log.warning("The replica is left out: %s", error or "it is too far behind")


def _read(alias: str, sql: str) -> Any:
    with connections[alias].cursor() as cursor:
        cursor.execute(sql)
        [value] = cursor.fetchone()
        return value


freshness = Freshness()
