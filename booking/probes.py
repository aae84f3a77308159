"""Probes for load balancers and orchestrators: `/healthz` and `/readyz`.

middleware.RequestContextMiddleware answers them before everything else: for any Host, over plain
HTTP, without throttling and without an access log.
"""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare

from .db.guards import missing_guards

log = logging.getLogger(__name__)

OK = "ok"
DEADLINE = 3  # seconds for all checks together; unfinished checks have timed out
LOCAL_ADDRESSES = ("127.0.0.1", "::1")
PROBE_KEY = f"probe-{uuid4().hex}"  # own key: other processes write at the same time
FORWARDING_HEADERS = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-IP")


def health(request: HttpRequest) -> HttpResponse:
    """Liveness: the process answers requests. The database is not checked."""
    return JsonResponse({"status": OK})


def readiness(request: HttpRequest) -> HttpResponse:
    """Readiness: 200 if the process can sell, else 503. Only operators see which check fails."""
    checks = dict.fromkeys(CHECKS, "timed out") | CHECK_RUN.results_in_time()
    is_ready = all(result == OK for result in checks.values())
    body: dict[str, object] = {"status": OK if is_ready else "unavailable"}
    if is_local(request) or has_token(request, settings.PROBE_TOKEN):
        body["checks"] = checks
    if not is_ready:
        log.warning("Not ready: %s", checks)
    return JsonResponse(body, status=200 if is_ready else 503)


def is_local(request: HttpRequest) -> bool:
    """True if the client is on this host and did not come through a proxy."""
    headers = (*FORWARDING_HEADERS, settings.CLIENT_IP_HEADER)
    is_forwarded = any(name in request.headers for name in headers)
    return request.META.get("REMOTE_ADDR") in LOCAL_ADDRESSES and not is_forwarded


def has_token(request: HttpRequest, token: str) -> bool:
    """True if the request has this bearer token; always False for an empty token."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    return (
        bool(token) and scheme.lower() == "bearer" and constant_time_compare(given.strip(), token)
    )


class SharedRun:
    """A function run in a thread of its own, so that callers can stop waiting for it.

    A frozen database blocks the thread; meanwhile all callers share this run. So there is one run
    with one connection at a time, however often the address is called.
    """

    def __init__(self, function: Callable[[dict[str, Any]], None]) -> None:
        self.function = function  # writes its results into the dictionary
        self.lock = threading.Lock()
        self.thread = threading.Thread()  # not started
        self.results: dict[str, Any] = {}

    def results_in_time(self) -> dict[str, Any]:
        """The results that there are after at most DEADLINE seconds."""
        with self.lock:
            if not self.thread.is_alive():
                self.results = {}
                self.thread = threading.Thread(target=self._run, args=[self.results], daemon=True)
                self.thread.start()
            thread, results = self.thread, self.results
        thread.join(DEADLINE)
        return dict(results)

    def _run(self, results: dict[str, Any]) -> None:
        try:
            self.function(results)
        finally:
            connections.close_all()  # connections of this thread


def run_checks(results: dict[str, Any]) -> None:
    for name, check in CHECKS.items():
        try:
            results[name] = check()
        except Exception as error:  # noqa: BLE001 every error is a result of the probe
            results[name] = f"failed: {type(error).__name__}"  # without addresses


CHECK_RUN = SharedRun(run_checks)


def check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK


def check_migrations() -> str:
    """Unknown migrations are accepted: a newer version is migrated before it is deployed."""
    applied = MigrationRecorder(connection).migration_qs.values_list("app", "name")
    missing = sorted(migrations_of_the_code().difference(applied))
    return f"not applied: {', '.join(map('.'.join, missing))}" if missing else OK


@cache
def migrations_of_the_code() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def check_time_limits() -> str:
    return " ".join(missing_guards(connection)) or OK


def check_cache() -> str:
    """Write and read a counter, as the rate limits do: in the database while Redis is away.

    Not by `set()`, which deletes a third of a table with more than 300 rows, counters in use too.
    """
    end = datetime.now(UTC) + timedelta(minutes=1)
    written = shared_cache.increment(PROBE_KEY, by=1, expires_at=end)  # type: ignore[attr-defined]
    [read] = shared_cache.read_counters([PROBE_KEY])  # type: ignore[attr-defined]
    return OK if read >= written else "not written"


CHECKS: dict[str, Callable[[], str]] = {
    "database": check_database,
    "migrations": check_migrations,
    "time_limits": check_time_limits,
    "cache": check_cache,
}
