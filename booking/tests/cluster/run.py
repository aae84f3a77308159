"""Runs of the torture test on a cluster: its clients, a disturbance, and the verdict."""

import json
import time
from collections import Counter
from contextlib import ExitStack

from ..torture import run as torture
from ..torture.history import History, read
from ..torture.proxy import Proxy
from ..torture.verdict import judge
from .parts import Pooler

CUSTOMERS = 8
CLIENTS = 24
SECONDS_PER_SHOW = 9
# nginx may answer an anonymous seat map from its cache for two seconds, which it counts in whole
# ones. So the map must be right at some moment of that time, not after the request was sent.
AGE_OF_MAP = 5  # seconds: max-age, stale-while-revalidate, and the way
LONGEST_FAILOVER = 2_000  # ms, from the promotion to the first change that is acknowledged


def shows_for(seconds):
    return torture.Schedule.AT_ONCE * (int(seconds / SECONDS_PER_SHOW) + 1)


class Run(torture.Run):
    """Clients on the cluster for some seconds. `disturbance`: a thread; None: the nemesis.

    With a disturbance the network is good, and every request must get an answer.
    """

    def __init__(self, cluster, *, seconds, seed, disturbance=None):
        super().__init__(
            databases=cluster.databases,
            fixture=cluster.fixture,
            mutant="",
            seconds=seconds,
            seed=seed,
            workers=cluster.hosts.workers,
            threads=1,
            pooler=Pooler,
            clients=CLIENTS,
            number_of_customers=CUSTOMERS,
            restart_every=20,
            show_seconds=SECONDS_PER_SHOW,
            folder=cluster.folder / "run",
        )
        self.cluster = cluster
        self.disturbance = disturbance

    def run(self, progress=None):
        cluster = self.cluster
        history = History(self.folder / "history.jsonl")
        counts = Counter()
        with ExitStack() as stack:
            entrance = cluster.nginx
            if not self.disturbance:
                entrance = stack.enter_context(Proxy(cluster.nginx.port, self.seed))
            nemesis = self._torture(cluster.hosts, entrance, None, history, progress)
        if not self.disturbance:
            counts += Counter({f"requests {fate}": n for fate, n in entrance.fates.items()})
        history.close()
        cluster.stop_serving()
        if self.disturbance:
            counts += disturbed(history.requests, nemesis)
        self._write_facts(cluster.databases.url, nemesis, counts)
        return judge_folder(self.folder)

    def _nemesis(self, server, link, ended):
        if self.disturbance:
            return self.disturbance(self.cluster, self.seconds, ended)
        return super()._nemesis(server, link, ended)

    def _expected(self):
        return list(self.disturbance.expected) if self.disturbance else super()._expected()


def disturbed(requests, disturbance):
    """Counts of the answers by status; answers that clients must not get are defects."""
    attempts = [attempt for request in requests for attempt in request.attempts]
    statuses = Counter(f"{attempt.status or 'no'}" for attempt in attempts)
    for status, count in statuses.items():
        if status[0] not in "24" and status != "503":
            disturbance.defects.append(f"{count} × {status} answer")
    counts = Counter({f"answers {status}": count for status, count in statuses.items()})
    if promoted := getattr(disturbance, "promoted", None):
        first = min(
            (
                attempt.returned
                for request in requests
                for attempt in request.attempts
                if not request.is_read and attempt.is_done and attempt.returned > promoted
            ),
            default=float("inf"),
        )
        milliseconds = round(1000 * min(first - promoted, 3600))
        counts["ms, from the promotion to the first change"] = milliseconds
        if milliseconds > LONGEST_FAILOVER:
            disturbance.defects.append(f"the first change was {milliseconds} ms after promotion")
    return counts


def judge_folder(folder):
    requests = read(folder / "history.jsonl")
    facts = json.loads((folder / "facts.json").read_text())
    waits = [
        each.returned - each.sent
        for request in requests
        for each in request.attempts
        if each.returned
    ]
    for request in requests:
        if request.kind == "map" and not request.user:
            for attempt in request.attempts:
                attempt.sent -= AGE_OF_MAP
    began = time.monotonic()
    verdict = judge(requests, facts)
    verdict.counts["s, the judge's time"] = round(time.monotonic() - began)
    verdict.counts["ms, the longest wait for a response"] = round(1000 * max(waits, default=0))
    return verdict
