"""Two requests interleaved as we like: the transaction of the first one stands still at a point of
our choosing while the second one is sent."""

import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
from unittest import mock

from django.db import connection, connections

AFTER_LOCK = "after its lock"
BEFORE_COMMIT = "before its commit"  # or its rollback, in which most refusals end
AFTER_COMMIT = "after its commit"
POINTS = [AFTER_LOCK, BEFORE_COMMIT, AFTER_COMMIT]

PATIENCE = 8  # seconds; the database's own time-outs are shorter, and tell more


class Window:
    """One of the box office's: a thread with a database connection of its own."""

    def __init__(self):
        self.thread = ThreadPoolExecutor(max_workers=1)

    def send(self, request, watched):
        """The answer to come. `watched` is a context manager, entered in the thread."""

        def ask():
            with watched:
                return request()

        return self.thread.submit(ask)

    def close(self):
        self.thread.submit(connections.close_all).result()
        self.thread.shutdown()


def interleave(windows, first, second, point, meanwhile=lambda: None):
    """Both answers, and whether the second request had to wait until the first one's transaction
    went on. Before that, `meanwhile` is called."""
    stop, asked = Stop(point), Event()
    one = windows[0].send(first, stop.on_the_way())
    one.add_done_callback(lambda _: stop.reached.set())
    stop.reached.wait()
    try:
        if one.done():
            raise AssertionError(f"Answered without standing still {point}: {one.result()}")
        two = windows[1].send(second, around_the_lock(before=asked.set))
        if point == AFTER_COMMIT:  # nothing is in its way
            wait([two], PATIENCE)
        while not two.done() and not is_queueing(asked):
            time.sleep(0.001)
        waited = not two.done()
        meanwhile()
    finally:
        stop.released.set()
    return [one.result(), two.result()], waited


class Stop:
    """Where a transaction stands still until it is released."""

    def __init__(self, point):
        self.point = point
        self.reached, self.released = Event(), Event()

    @contextmanager
    def on_the_way(self):
        """Of this thread's transaction."""
        with (
            around_the_lock(after=lambda: self._pass(AFTER_LOCK)),
            self._around("commit"),
            self._around("rollback"),
        ):
            yield

    def _around(self, name):
        """No wrapper of Django's sees how a transaction ends."""
        end = getattr(connection, name)

        def stop_and_end():
            self._pass(BEFORE_COMMIT)
            end()
            self._pass(AFTER_COMMIT)

        return mock.patch.object(connection, name, stop_and_end)

    def _pass(self, point):
        if point == self.point and not self.reached.is_set():
            self.reached.set()
            self.released.wait(PATIENCE)


@contextmanager
def around_the_lock(before=lambda: None, after=lambda: None):
    """Of the show; on SQLite of the whole file, which a transaction takes as it begins."""

    def watch(execute, sql, params, many, context):
        if "FOR UPDATE" not in sql and sql != "BEGIN IMMEDIATE":
            return execute(sql, params, many, context)
        before()
        result = execute(sql, params, many, context)
        after()
        return result

    with connection.execute_wrapper(watch):
        yield


def is_queueing(asked):
    """PostgreSQL tells who waits for a lock; of SQLite we know only that it was asked."""
    if connection.vendor == "sqlite":
        return asked.is_set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_stat_activity"
            " WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0"
        )
        return cursor.rowcount > 0
