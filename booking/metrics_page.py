"""`/metrics`: metrics for Prometheus, for requests that send METRICS_TOKEN."""

import logging
import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .metrics import REGISTRY
from .models import Mail
from .probes import SharedRun, has_token

log = logging.getLogger(__name__)


def metrics_page(request: HttpRequest) -> HttpResponse:
    if not settings.METRICS_TOKEN:
        return HttpResponseNotFound("Not Found", content_type="text/plain")
    if not has_token(request, settings.METRICS_TOKEN):
        body = {"detail": "Send METRICS_TOKEN as a bearer token.", "code": "not_authenticated"}
        return JsonResponse(body, status=401, headers={"WWW-Authenticate": "Bearer"})
    counted = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        counted = CollectorRegistry()
        multiprocess.MultiProcessCollector(counted)
    text = generate_latest(counted) + generate_latest(MAILS)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


class WaitingMails(Collector):
    """Gauges of waiting mails, read at each scrape. There are none if the database fails."""

    def collect(self) -> Iterator[Metric]:
        found = WAITING_RUN.results_in_time()
        if "mails" not in found:
            return
        count, seconds = found["mails"]
        yield GaugeMetricFamily("mails_waiting", "Mails that are not sent yet", count)
        yield GaugeMetricFamily(
            "oldest_waiting_mail_seconds", "Age of the oldest waiting mail; 0 for none", seconds
        )


MAILS = CollectorRegistry(auto_describe=False)
MAILS.register(WaitingMails())


def read_waiting(results: dict[str, Any]) -> None:
    """Number of waiting mails and age of the oldest in seconds."""
    try:
        found = Mail.objects.waiting().aggregate(count=Count("pk"), oldest=Min("created_at"))
    except (DatabaseError, InterfaceError):
        log.warning("Waiting mails cannot be counted", exc_info=True)
        return
    age = (timezone.now() - found["oldest"]).total_seconds() if found["count"] else 0
    results["mails"] = found["count"], max(age, 0)


WAITING_RUN = SharedRun(read_waiting)
