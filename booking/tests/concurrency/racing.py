"""Concurrent requests in real threads, and context managers that remove the guards of a sale.

No race depends on how fast the machine is: a thread waits until the others have arrived or cannot
arrive, and the database's time limits are lifted for the threads.
"""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from threading import Barrier, Event, Lock
from unittest import mock

from django.db import connection, connections
from django.db.backends.signals import connection_created

from booking.db.compiled import compiled
from booking.models import Booking, Show

from .stopping import BEFORE_WRITE, Gate, stop_points, stop_session, wait_events, wait_until

DONE = "done"

MAX_WAIT = 300  # seconds; only a deadlock in a test reaches it
WRITES = ("BEGIN IMMEDIATE", "INSERT", "UPDATE", "DELETE")

# What `no_lock` patches: the compiled query that locks the show.
LOCKING_QUERY = "booking.box_office.locking.show_lock"


def outcomes(responses):
    """Count responses by outcome: done, a refusal's code, or any other status."""
    return Counter(
        DONE if each.status_code in (200, 201) else each.json().get("code", each.status_code)
        for each in responses
    )


def at_once(calls, table="booking_booking"):
    """Call each function in a thread of its own, all at the same moment; return the responses.

    Two of them have read before either writes to the table, unless a guard prevents it.
    A response has `sent_at` and `received_at`, in seconds of the monotonic clock.
    """
    start = Barrier(len(calls))
    meeting = (GateMeeting if on_postgresql() else WrapperMeeting)(len(calls), table)

    def run(call):
        try:
            connection.ensure_connection()
            start.wait()
            with meeting.in_this_thread():
                sent_at = time.monotonic()
                response = call()
                response.sent_at, response.received_at = sent_at, time.monotonic()
                return response
        except BaseException:
            start.abort()
            raise
        finally:
            connections.close_all()
            meeting.leave()

    with without_time_limits(), meeting, ThreadPoolExecutor(len(calls)) as threads:
        futures = [threads.submit(run, call) for call in calls]
        meeting.end()
        return [each.result() for each in futures]


@contextmanager
def without_time_limits():
    """No time limit for locks, on connections opened inside, and for password hashes' turn."""

    def lift(connection, **kwargs):
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"PRAGMA busy_timeout = {MAX_WAIT * 1000}")
                return
            # That of the client, too (`DATABASE_DEADLINE`): back to psycopg's own method.
            vars(connection.connection).pop("wait", None)
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")

    connection_created.connect(lift)
    try:
        with mock.patch("movie_booking.hashers.MAX_WAIT", MAX_WAIT):
            yield
    finally:
        connection_created.disconnect(lift)


class GateMeeting:
    """Gate at which threads wait before they write to the table, on PostgreSQL.

    It opens when a second thread has come, or when none can come: all others have finished or wait
    for a lock. So two threads have always read before either of them writes, unless a guard
    prevents it.
    """

    def __init__(self, threads, table):
        self.unfinished = threads
        self.lock = Lock()
        self.gate, self.stack = Gate(), ExitStack()
        self.stop_points = stop_points(table)

    def __enter__(self):
        with ExitStack() as stack:
            stack.enter_context(self.stop_points)
            stack.enter_context(self.gate)
            self.stack = stack.pop_all()

    def __exit__(self, *exc_info):
        self.stack.close()

    @contextmanager
    def in_this_thread(self):
        stop_session(BEFORE_WRITE)
        yield

    def leave(self):
        with self.lock:
            self.unfinished -= 1

    def end(self):
        """Wait until the gate may open, and open it."""
        wait_until(self._may_open)
        self.gate.release()

    def _may_open(self):
        # Read before the query: if a thread finishes in between, the numbers differ and we retry.
        unfinished = self.unfinished
        events = list(wait_events().values())
        return events.count("advisory") > 1 or len(events) == unfinished


class WrapperMeeting:
    """The same on SQLite, which has no pipeline: an execute wrapper, which changes nothing there.

    If all others have finished or wait for the lock of the file, none can come. Then the thread
    goes on, and later ones do not wait.
    """

    def __init__(self, threads, table):
        self.unfinished = threads
        self.table = table
        self.writing = 0  # threads that are inside a statement that may wait for a lock
        self.first = None  # set when the second thread arrives
        self.is_over = False
        self.lock = Lock()

    def __enter__(self):
        pass

    def __exit__(self, *exc_info):
        pass

    def in_this_thread(self):
        return connection.execute_wrapper(self._wrap)

    def leave(self):
        with self.lock:
            self.unfinished -= 1

    def end(self):
        """Nothing: the threads look themselves."""

    def _wrap(self, execute, sql, params, many, context):
        if sql.startswith(("INSERT INTO", "UPDATE")) and self.table in sql:
            self._wait_for_second()
        if not sql.startswith(WRITES):
            return execute(sql, params, many, context)
        with self.lock:
            self.writing += 1
        try:
            return execute(sql, params, many, context)
        finally:
            with self.lock:
                self.writing -= 1

    def _wait_for_second(self):
        with self.lock:
            if self.is_over:
                return
            if self.first:
                self.first.set()
                self.first = None
                return
            self.first = arrived = Event()
        while not arrived.wait(0.005):
            with self.lock:
                if self.first is arrived and self.unfinished - 1 == self.writing:
                    self.first, self.is_over = None, True
                    return


def on_postgresql():
    return connection.vendor == "postgresql"


def waiting_for_lock(monitor):
    """Number of the database's sessions that wait for a lock, by PostgreSQL's statistics."""
    with monitor.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0]


@compiled
def unlocked(show_id):
    return Show.objects.filter(pk=show_id)


@contextmanager
def no_lock():
    """Take away the lock on the show; on SQLite the transaction, which is its lock."""
    with ExitStack() as stack:
        if on_postgresql():
            stack.enter_context(mock.patch(LOCKING_QUERY, unlocked))
        else:
            stack.enter_context(mock.patch("booking.box_office.locking.atomic", no_transaction))
        yield


def no_transaction(*args, **kwargs):
    return nullcontext()


@contextmanager
def no_constraint():
    """Take away the unique constraint on active bookings; deletes all bookings at the end."""
    (unique,) = [c for c in Booking._meta.constraints if c.name == "one_active_booking_per_seat"]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Booking, unique)
    try:
        yield
    finally:
        Booking.objects.all().delete()  # seats sold twice would violate the constraint
        with connection.schema_editor() as editor:
            editor.add_constraint(Booking, unique)
