"""Two requests interleaved at a chosen point: the first one's transaction stops there while the
second one is sent."""

import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from unittest import mock

from django.db import connection, connections

from .racing import MAX_WAIT, without_time_limits

AFTER_LOCK = "after its lock"
BEFORE_COMMIT = "before its commit"  # or rollback, in which most refusals end
AFTER_COMMIT = "after its commit"
POINTS = [AFTER_LOCK, BEFORE_COMMIT, AFTER_COMMIT]


class RequestThread:
    """A thread with a database connection of its own, without time limits."""

    def __init__(self):
        self.executor = ThreadPoolExecutor(max_workers=1)

    def send(self, request, context_manager):
        """Call `request` in the thread, inside the context manager; return a Future."""

        def run():
            with without_time_limits(), context_manager:
                return request()

        return self.executor.submit(run)

    def close(self):
        self.executor.submit(connections.close_all).result()
        self.executor.shutdown()


def interleave(threads, first, second, point, meanwhile=lambda: None):
    """Send `second` while the transaction of `first` is stopped at `point`.

    Calls `meanwhile` before the first transaction goes on. Returns both responses, and whether the
    second request had to wait for the first one's transaction.
    """
    stop, at_lock = StopPoint(point), Event()
    one = threads[0].send(first, stop.in_this_thread())
    one.add_done_callback(lambda _: stop.reached.set())
    stop.reached.wait()
    try:
        if one.done():
            raise AssertionError(f"The first request did not stop {point}: {one.result()}")
        two = threads[1].send(second, around_lock(before=at_lock.set))
        if point == AFTER_COMMIT:  # nothing blocks it
            wait([two], MAX_WAIT)
        while not two.done() and not is_queueing(at_lock):
            time.sleep(0.001)
        waited = not two.done()
        meanwhile()
    finally:
        stop.released.set()
    return [one.result(), two.result()], waited


class StopPoint:
    """Point at which a transaction stops until it is released."""

    def __init__(self, point):
        self.point = point
        self.reached, self.released = Event(), Event()

    @contextmanager
    def in_this_thread(self):
        """Stop the transaction of the current thread's connection."""
        with (
            around_lock(after=lambda: self._stop_at(AFTER_LOCK)),
            self._around("commit"),
            self._around("rollback"),
        ):
            yield

    def _around(self, name):
        """Patch commit or rollback: execute wrappers do not see them."""
        end_transaction = getattr(connection, name)

        def stop_and_end():
            self._stop_at(BEFORE_COMMIT)
            end_transaction()
            self._stop_at(AFTER_COMMIT)

        return mock.patch.object(connection, name, stop_and_end)

    def _stop_at(self, point):
        if point == self.point and not self.reached.is_set():
            self.reached.set()
            self.released.wait(MAX_WAIT)


@contextmanager
def around_lock(before=lambda: None, after=lambda: None):
    """Call `before` and `after` around the show's row lock, or SQLite's lock of the whole file."""

    def wrapper(execute, sql, params, many, context):
        if "FOR UPDATE" not in sql and sql != "BEGIN IMMEDIATE":
            return execute(sql, params, many, context)
        before()
        result = execute(sql, params, many, context)
        after()
        return result

    with connection.execute_wrapper(wrapper):
        yield


def is_queueing(at_lock):
    """True if a session waits for a lock; on SQLite, if the lock was requested (`at_lock`)."""
    if connection.vendor == "sqlite":
        return at_lock.is_set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
        )
        return cursor.rowcount > 0
