"""Two requests interleaved at a chosen point: the first one's session stops there, inside the
database, while the second one is sent."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

from django.db import connection, connections

from .racing import without_time_limits
from .stopping import (
    BEFORE_WRITE,
    DURING_COMMIT,
    Gate,
    StatementStop,
    backend_pid,
    pipeline_executions,
    show_gate,
    stop_session,
    wait_events,
    wait_until,
)

# Both have read what they read before the lock, and wait for it. PostgreSQL serves the first one
# first; SQLite knows no order, so there it is no schedule.
QUEUED = "before its lock, in the queue"
POINTS = [BEFORE_WRITE, DURING_COMMIT]
if connection.vendor == "postgresql":
    POINTS.insert(0, QUEUED)


class Sent:
    """A request in a thread: its response, whether it waited, its statements in the pipeline."""

    def __init__(self, future, waited):
        self.future, self.waited = future, waited

    @property
    def response(self):
        return self.future.result()[0]

    @property
    def executions(self):
        return self.future.result()[1]


class RequestThread:
    """A thread with a database connection of its own, without time limits."""

    def __init__(self):
        self.executor = ThreadPoolExecutor(max_workers=1)
        self.pid = self.executor.submit(self._connect).result()

    def send(self, request, point="", stop=None):
        """Call `request` in the thread; return a Future of its response and its executions."""

        def run():
            if stop is None:
                stop_session(point)
            with stop.in_this_thread() if stop else nullcontext():
                before = pipeline_executions()
                response = request()
                return response, pipeline_executions() - before

        return self.executor.submit(run)

    def close(self):
        self.executor.submit(connections.close_all).result()
        self.executor.shutdown()

    def _connect(self):
        with without_time_limits():
            connection.ensure_connection()
        return backend_pid() if connection.vendor == "postgresql" else None


def interleave(threads, show_id, requests, point, meanwhile=lambda: None):
    """Send the second request while the session of the first one is stopped at `point`.

    Calls `meanwhile` before the first one goes on. Returns both as `Sent`: `waited` is whether the
    first one stopped, and whether the second one had to wait for it.
    """
    schedule = _interleave_on_sqlite
    if connection.vendor == "postgresql":
        schedule = _interleave_on_postgresql
    return schedule(threads, show_id, requests, point, meanwhile)


def _interleave_on_postgresql(threads, show_id, requests, point, meanwhile):
    sent = []
    with show_gate(show_id) if point == QUEUED else Gate():
        for thread, request, stop in zip(threads, requests, [point, ""], strict=True):
            future = thread.send(request, stop)
            wait_until(lambda f=future, t=thread: f.done() or t.pid in wait_events())
            sent.append(Sent(future, not future.done()))
        meanwhile()
    return _finished(sent)


def _interleave_on_sqlite(threads, show_id, requests, point, meanwhile):
    stops = [StatementStop(point), StatementStop()]
    sent = []
    try:
        for thread, request, stop in zip(threads, requests, stops, strict=True):
            future = thread.send(request, stop=stop)
            is_waiting = stop.reached if stop.point else stop.at_lock
            wait_until(lambda f=future, w=is_waiting: f.done() or w.is_set())
            sent.append(Sent(future, not future.done()))
        meanwhile()
    finally:
        stops[0].released.set()
    return _finished(sent)


def _finished(sent):
    for each in sent:
        each.future.result()
    return sent
