"""All metrics, for Prometheus. metrics_page.py serves them. docs/operations.md lists them.

With PROMETHEUS_MULTIPROC_DIR each worker process counts in files of its own in that folder, and
every worker answers with the sum. Changes of a transaction are counted after its commit.
"""

from collections.abc import Callable
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter(
    "http_requests", "HTTP requests", ["route", "method", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "http_request_seconds",
    "Duration of HTTP requests",
    ["route"],
    buckets=SECONDS,
    registry=REGISTRY,
)
REFUSALS = Counter("refusals", "Refusals of the API, by code", ["code"], registry=REGISTRY)
SEATS = Counter(
    "seats", "Seats whose booking changed, by what happened", ["change"], registry=REGISTRY
)
REPLAYS = Counter(
    "idempotent_replays", "Responses repeated for an Idempotency-Key", registry=REGISTRY
)
RETRIES = Counter(
    "transaction_retries", "Transactions run again after a rollback", registry=REGISTRY
)
SHOW_LOCK_SECONDS = Histogram(
    "show_lock_seconds",
    "Wait for the row lock of a show, with the round trip of the message that takes it",
    buckets=(0.001, *SECONDS),
    registry=REGISTRY,
)


# `labels()` costs as much as counting, so its result is cached: the bound methods of the counters,
# without a wrapper in Python, because every booking calls them.
@lru_cache(maxsize=2000)  # bounded, because clients choose the method
def request_metrics(
    route: str, method: str | None, status: int
) -> tuple[Callable[[], None], Callable[[float], None]]:
    """`inc` of the request counter and `observe` of the histogram of its seconds."""
    method = method if method in METHODS else "other"
    return REQUESTS.labels(route, method, str(status)).inc, REQUEST_SECONDS.labels(route).observe


@lru_cache
def seats_of(change: str) -> Counter:
    """The counter of one kind of change. Use it in `on_commit`, or a rollback counts as well."""
    return SEATS.labels(change)
