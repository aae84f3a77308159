"""One run: a server, its clients and its nemesis, for a while; and what is left of it."""

import json
import threading
import time
from collections import Counter

from .clients import VERBS, Customer, Programme, Tab
from .history import History
from .mutants import MUTANTS
from .nemesis import Nemesis
from .proxy import Proxy
from .system import Server, run_stage

LONG_ENOUGH = 30  # seconds, for everything to happen once


class Run:
    def __init__(
        self,
        *,
        place,
        stage,
        mutant,
        seconds,
        seed,
        workers,
        tabs,
        restart_every,
        show_seconds,
        folder,
    ):
        self.place = place
        self.mutant = mutant
        self.seconds = seconds
        self.seed = seed
        self.workers = workers
        self.tabs = tabs
        self.restart_every = restart_every
        self.folder = folder
        rounds = max(1, int(seconds / show_seconds))
        self.shows = stage["shows"][: Programme.AT_ONCE * rounds]
        customers = [Customer(int(pk), token) for pk, token in stage["tokens"].items()]
        self.customers = customers[: self.broken.customers] if self.broken else customers
        folder.mkdir()

    @property
    def broken(self):
        return MUTANTS.get(self.mutant)

    def run(self, progress=None):
        url = self.place.copy(self.mutant or "system")
        if self.broken and self.broken.without_constraint:
            self.place.drop_constraint(url)
        history = History(self.folder / "history.jsonl")
        server = Server(url=url, workers=self.workers, mutant=self.mutant, folder=self.folder)
        with server, Proxy(server.port, self.seed) as proxy:
            nemesis = self._torture(server, proxy, history, progress)
        history.close()
        self.place.wait_until_idle()
        facts = {
            "ended": time.time(),
            "vendor": self.place.vendor,
            "exact": self.broken.exact if self.broken else True,
            "breakdowns": nemesis.breakdowns,
            "expected": [] if self.broken else self._expected(),
            "counts": nemesis.counts
            + Counter({f"requests {fate}": n for fate, n in proxy.fates.items()})
            + Counter({"server given up and started again": server.starts - 1}),
            "tables": run_stage(url, "tell"),
        }
        (self.folder / "facts.json").write_text(json.dumps(facts))

    def _expected(self):
        """What must have been, or the run has not shown what it is for."""
        done = [f"{verb} done" for verb in VERBS]
        harm = ["workers killed", "lost answers", "lapsed holds"]
        if self.seconds >= LONG_ENOUGH:
            harm.append("… between commit and answer")
            if self.place.can_restart:
                harm.append("database restarts")
        return [*done, *harm]

    def _torture(self, server, proxy, history, progress):
        ended, programme = threading.Event(), Programme(self.shows, self.seconds)
        tabs = [
            Tab(
                customer=self.customers[number % len(self.customers)],
                seed=f"{self.seed} {number}",
                port=proxy.port,
                history=history,
                programme=programme,
                verbs=self.broken.verbs if self.broken else None,
                ended=ended,
            )
            for number in range(self.tabs)
        ]
        still = threading.Event()
        nemesis = Nemesis(
            server=server,
            database=self.place,
            seed=f"{self.seed} nemesis",
            restart_every=self.restart_every,
            probe=f"/api/shows/{self.shows[0]}/seats/",
            ended=still,
        )
        for thread in [*tabs, nemesis]:
            thread.start()
        self._wait(tabs, nemesis, history, progress)
        # Peace first, so that whatever is open gets its answer.
        still.set()
        nemesis.join()
        server.start_again_if_it_gave_up()
        ended.set()
        for tab in tabs:
            tab.join()
        for thread in [*tabs, nemesis]:
            if thread.trouble:
                raise thread.trouble
        return nemesis

    def _wait(self, tabs, nemesis, history, progress):
        began = time.monotonic()
        told = 0
        while (elapsed := time.monotonic() - began) < self.seconds:
            time.sleep(min(0.5, self.seconds - elapsed))
            if any(thread.trouble for thread in [*tabs, nemesis]):
                return
            if progress and elapsed - told >= 10:
                told = elapsed
                progress(
                    elapsed, self.seconds, {"requests": len(history.requests)} | nemesis.counts
                )
