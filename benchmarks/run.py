"""A run: measures every row in each repetition; a row counts only if it never failed."""

import json
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from argon2 import PasswordHasher

from . import dataset
from .goals import Results
from .load import LoadFailed, Pgbench, Wrk
from .metrics import Metrics, find_booking_error, median_of
from .servers import Cpu
from .testbed import log
from .workloads import MAX_RATE, PGBENCH, PROJECT, SQLITE, length_of

WARM_UP = 1  # seconds, before each measurement


class Run:
    """Measures rows on a testbed; `failures` and `absent` say why a row has no metrics."""

    def __init__(self, testbed, rows, *, seconds, repetitions):
        self.testbed = testbed
        self.rows = rows
        self.seconds = seconds
        self.repetitions = repetitions
        self.metrics = {row.key: [] for row in rows}
        self.failures, self.absent = {}, {}
        self.megabytes, self.start_seconds, self.hash_cpu = [], [], []

    def measure(self):
        for repetition in range(1, self.repetitions + 1):
            with ExitStack() as stack:
                servers = self.testbed.servers(stack)
                for row in self.rows:
                    outcome = self._try(row, servers.get(row.implementation))
                    of = f"{row.workload}, {row.implementation}"
                    log(f"{repetition}/{self.repetitions} {of}: {outcome}")
                self._measure_process(servers.get(PROJECT))
        return Results(
            {
                key: median_of(each)
                for key, each in self.metrics.items()
                if each and key not in self.failures
            },
            megabytes=median_or_none(self.megabytes),
            start_seconds=median_or_none(self.start_seconds),
            hash_cpu=median_or_none(self.hash_cpu),
        )

    def _try(self, row, server):
        """Measure a row; return a line for the log."""
        try:
            with ExitStack() as stack:
                if row.implementation == SQLITE:
                    server = stack.enter_context(self.testbed.server_on_sqlite())
                folder = Path(stack.enter_context(TemporaryDirectory(dir=self.testbed.folder)))
                metrics = self._measure(row, server, folder)
        except (LoadFailed, OSError) as failure:
            self.failures[row.key] = str(failure)
            return f"FAILED, {failure}"
        if metrics is None:
            self.absent[row.key] = "the response has no ETag"
            return "no ETag"
        self.metrics[row.key].append(metrics)
        return str(metrics)

    def _measure(self, row, server, folder):
        """Metrics of a row; None if there is no ETag to send. Raises LoadFailed."""
        database = self.testbed.databases[row.implementation]
        database.restore()
        database.is_restored = not (row.seats_sold or row.writes)
        load = self._load(row, server, folder)
        if load is None:
            return None
        run_until_idle(load, server, WARM_UP)
        before, _ = database.count()
        postgresql = None if row.implementation == SQLITE else self.testbed.postgresql
        cpu_before = Cpu.now(server, postgresql)
        result = run_until_idle(load, server, self.seconds)
        cpu = Cpu.now(server, postgresql) - cpu_before
        after, sold_twice = database.count()
        error = find_booking_error(
            seats_sold=row.seats_sold,
            sent=result.sent,
            answered=result.answered,
            before=before,
            after=after,
            sold_twice=sold_twice,
        )
        if error:
            raise LoadFailed(error)
        return Metrics.of(result, cpu)

    def _load(self, row, server, folder):
        if row.implementation == PGBENCH:
            binary = self.testbed.postgresql.binaries / "pgbench"
            return Pgbench(binary, self.testbed.databases[PGBENCH].url, folder)
        maximum = (self.seconds + WARM_UP) * MAX_RATE
        requests = row.make_requests(self.testbed.filled[row.implementation], maximum)
        if row.items or row.conditional:
            etag = check_response(row, server, requests)
            if row.conditional and etag is None:
                return None
            if row.conditional:
                requests.header, requests.expected_status = f"If-None-Match: {etag}", 304
        return Wrk(requests, server.url, folder)

    def _measure_process(self, server):
        if server:
            self.megabytes.append(server.megabytes_of_worker())
            self.start_seconds.append(server.start_seconds)
        if any(row.workload == "login" for row in self.rows):
            self.hash_cpu.append(milliseconds_of_hash())


def median_or_none(values):
    return median(values) if values else None


def run_until_idle(load, server, seconds):
    """Run a load, then wait until the server is idle, also after a failure."""
    try:
        return load.run(seconds)
    finally:
        if server:
            server.wait_until_idle()


def check_response(row, server, requests):
    """Check one response before the load: status and length. Return its ETag, or None."""
    path, _ = requests.requests[0]
    headers = {}
    if requests.tokens:
        headers["Authorization"] = f"Bearer {requests.tokens[0]}"
    status, response_headers, body = server.request("GET", path, headers)
    if status != 200:
        raise LoadFailed(f"the response is {status}: {body[:300]!r}")
    if row.items and (found := length_of(json.loads(body))) != row.items:
        raise LoadFailed(f"the response has {found} items instead of {row.items}")
    return response_headers.get("ETag")


def milliseconds_of_hash(times=20):
    """CPU time of one hash with the first parameters of OWASP's Password Storage Cheat Sheet."""
    hasher = PasswordHasher(memory_cost=19 * 1024, time_cost=2, parallelism=1)
    hasher.hash(dataset.PASSWORD)
    before = time.process_time()
    for _ in range(times):
        hasher.hash(dataset.PASSWORD)
    return (time.process_time() - before) / times * 1000
