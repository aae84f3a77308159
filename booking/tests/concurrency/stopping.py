"""Stop points inside the database: a session waits there until the test lets it go on.

On PostgreSQL a trigger waits for an advisory lock that the test holds, or the request waits for a
row lock of the test. The requests run as in production: no execute wrapper, which would switch
the pipeline off. On SQLite, which has no such locks, its trace callback stops the statement.
"""

import time
from collections import Counter
from contextlib import contextmanager
from threading import Event

from django.conf import settings
from django.db import connection

BEFORE_WRITE = "before its first write"  # after its lock and its checks
DURING_COMMIT = "during its commit"

GATE = 4711  # the advisory lock
TABLES = ("booking_booking", "booking_show")
WRITES = ("INSERT INTO", "UPDATE")
STOPS = f"""
    CREATE FUNCTION stop_session() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF current_setting('test.stops', true) = TG_ARGV[0] THEN
            PERFORM pg_advisory_xact_lock_shared({GATE});
        END IF;
        RETURN NULL;
    END $$
"""


@contextmanager
def stop_points(*tables):
    """Triggers of PostgreSQL at BEFORE_WRITE and DURING_COMMIT of these tables."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(STOPS)
        for table in tables:
            cursor.execute(
                f"CREATE TRIGGER stop_before_write BEFORE INSERT OR UPDATE ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION stop_session('{BEFORE_WRITE}')"
            )
            cursor.execute(
                f"CREATE CONSTRAINT TRIGGER stop_commit AFTER INSERT OR UPDATE ON {table}"
                " DEFERRABLE INITIALLY DEFERRED"
                f" FOR EACH ROW EXECUTE FUNCTION stop_session('{DURING_COMMIT}')"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION stop_session CASCADE")


def stop_session(point):
    """Let the current thread's connection wait at this point, as long as the test holds the gate.

    An empty string: nowhere.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('test.stops', %s, false)", [point])


class Gate:
    """Context manager: a lock that the test holds in a session of its own, until `release`."""

    def __init__(self, sql=f"SELECT pg_advisory_xact_lock({GATE})"):
        self.sql = sql

    def __enter__(self):
        self.session = connection.copy()
        self.session.set_autocommit(False)
        with self.session.cursor() as cursor:
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            cursor.execute(self.sql)
        return self

    def release(self):
        self.session.close()

    __exit__ = lambda self, *_: self.release()  # noqa: E731


def show_gate(show_id):
    """A gate that is the row lock of a show."""
    return Gate(f"SELECT FROM booking_show WHERE id = {int(show_id)} FOR UPDATE")


def wait_events():
    """{process ID: wait event} of the sessions that wait for a lock, by PostgreSQL's statistics."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, wait_event FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return dict(cursor.fetchall())


def backend_pid():
    """The process ID of the current thread's session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def has_production_form():
    """True if statements are expected in the pipeline: not on SQLite nor with FAST_PATHS=off."""
    return settings.FAST_PATHS and getattr(connection, "has_pipeline", False)


def pipeline_executions():
    """How often this session has executed each statement of the pipeline: PostgreSQL's count."""
    if not has_production_form():
        return Counter()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"
            " WHERE name LIKE 'pipeline%'"
        )
        return Counter(dict(cursor.fetchall()))


class StatementStop:
    """SQLite's twin of gate and triggers: the trace callback of the thread's connection waits.

    SQLite calls it when a statement begins. `at_lock` is set when the transaction begins, which
    waits for the lock of the whole file.
    """

    def __init__(self, point=""):
        self.point = point
        self.at_lock, self.reached, self.released = Event(), Event(), Event()
        self.has_written = False

    @contextmanager
    def in_this_thread(self):
        connection.ensure_connection()
        connection.connection.set_trace_callback(self._trace)
        try:
            yield
        finally:
            connection.connection.set_trace_callback(None)

    def _trace(self, sql):
        if sql.startswith("BEGIN"):
            self.at_lock.set()
        writes = sql.startswith(WRITES) and any(table in sql for table in TABLES)
        self.has_written |= writes
        stops = {BEFORE_WRITE: writes, DURING_COMMIT: self.has_written and sql == "COMMIT"}
        if stops.get(self.point) and not self.reached.is_set():
            self.reached.set()
            self.released.wait()


def wait_until(is_reached):
    while not is_reached():
        time.sleep(0.002)
