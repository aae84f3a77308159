"""One run: server, clients and nemesis for some seconds; writes history.jsonl and facts.json."""

import json
import threading
import time
from collections import Counter
from contextlib import contextmanager

from .clients import VERBS, Client
from .customers import Clerk, Customer, Schedule, SpareAccounts
from .history import History
from .link import Link
from .mutants import MUTANTS
from .nemesis import Nemesis
from .proxy import Proxy
from .system import Server, run_fixture, tune

LONG_ENOUGH = 60  # seconds in which every kind of fault occurs


class Run:
    def __init__(
        self,
        *,
        databases,
        fixture,
        mutant,
        seconds,
        seed,
        workers,
        threads,
        pooler,
        clients,
        number_of_customers,
        restart_every,
        show_seconds,
        folder,
        environment=None,
        query="",
    ):
        self.databases = databases
        self.mutant_name = mutant
        self.seconds = seconds
        self.seed = seed
        self.workers = workers
        self.threads = threads
        self.pooler = pooler  # makes a context manager with a `url`, from a URL and a folder
        self.environment = environment or {}  # of the server
        self.query = query  # of its DATABASE_URL
        self.number_of_clients = clients
        self.restart_every = restart_every
        self.folder = folder
        rounds = max(1, int(seconds / show_seconds))
        self.shows = fixture["shows"][: Schedule.AT_ONCE * rounds]
        accounts = [(int(pk), token) for pk, token in fixture["tokens"].items()]
        customers = (self.mutant and self.mutant.customers) or number_of_customers
        self.customers = [Customer(*account) for account in accounts[:customers]]
        usernames = {int(pk): name for pk, name in fixture["usernames"].items()}
        self.clerk = Clerk(
            pk=fixture["clerk"],
            session=fixture["session"],
            token=fixture["clerk_token"],
            usernames=usernames,
            house=fixture["house"],
            screens={int(show): screens for show, screens in fixture["screens"].items()},
            show_form=fixture["show_form"],
        )
        self.first_halls = fixture["halls"]
        self.spare_accounts = accounts[number_of_customers:]
        folder.mkdir()

    @property
    def mutant(self):
        return MUTANTS.get(self.mutant_name)

    def run(self, progress=None):
        url = self.databases.copy(self.folder.name)
        if self.mutant and self.mutant.without_constraint:
            self.databases.drop_constraint(url)
        history = History(self.folder / "history.jsonl")
        with self._between(url) as (url_of_server, link):
            server = Server(
                url=url_of_server + self.query,
                workers=self.workers,
                threads=self.threads,
                has_pooler=self.pooler is not None,
                mutant=self.mutant_name,
                folder=self.folder,
                environment=self.environment,
            )
            with server, Proxy(server.port, self.seed) as proxy:
                nemesis = self._torture(server, proxy, link, history, progress)
        history.close()
        self.databases.wait_until_idle()
        counts = Counter({f"requests {fate}": n for fate, n in proxy.fates.items()})
        counts["restarts of the whole server"] = server.starts - 1
        self._write_facts(url, nemesis, counts)
        self.databases.drop(self.folder.name)

    def _write_facts(self, url, nemesis, counts):
        facts = {
            "ended": time.time(),
            "vendor": self.databases.vendor,
            "exact": self.mutant.exact if self.mutant else True,
            "faults": nemesis.defects,
            "expected": [] if self.mutant else self._expected(),
            "counts": nemesis.counts + counts,
            "tables": run_fixture(url, "dump")
            | {"first_halls": self.first_halls, "house": self.clerk.house},
        }
        (self.folder / "facts.json").write_text(json.dumps(facts))

    @contextmanager
    def _between(self, url):
        """The URL that the server connects to, and the link to the database or None."""
        if self.pooler:
            tune(url)
            with self.pooler(url, folder=self.folder) as pooler:
                yield pooler.url, None
        elif self.databases.can_restart:
            with Link(url, self.folder, f"{self.seed} link") as link:
                yield link.url, link
        else:
            yield url, None

    def _expected(self):
        """Names of counts that must not be 0, or the run proves nothing."""
        done = [f"{verb} done" for verb in VERBS]
        if not self.seconds >= LONG_ENOUGH:
            done.remove("erase done")
        faults = ["workers killed", "lost responses", "expired holds", "changes without a key"]
        if self.seconds >= LONG_ENOUGH:
            faults += ["… of open outcome, done", "… of open outcome, not done"]
            faults.append("… between commit and response")
            if self.databases.can_restart:
                faults += ["database restarts", "backends terminated", "statements cancelled"]
                faults += ["backends frozen"]
                if self.databases.can_fill_disk:
                    faults.append("… in which the database said so")
                if not self.pooler:
                    faults.append("database connections dropped")
        return [*done, *faults]

    def _torture(self, server, proxy, link, history, progress):
        spare_accounts = SpareAccounts(self.spare_accounts)
        ended, schedule = threading.Event(), Schedule(self.shows, self.seconds)
        clients = [
            Client(
                customer=self.customers[number % len(self.customers)],
                clerk=self.clerk,
                tab=number // len(self.customers),
                spare_accounts=spare_accounts,
                seed=f"{self.seed} {number}",
                port=proxy.port,
                history=history,
                schedule=schedule,
                verbs=self.mutant.verbs if self.mutant else None,
                ended=ended,
            )
            for number in range(self.number_of_clients)
        ]
        faults_ended = threading.Event()
        nemesis = self._nemesis(server, link, faults_ended)
        for thread in [*clients, nemesis]:
            thread.start()
        self._wait(clients, nemesis, history, progress)
        # Stop the faults first, so that every open request gets a response.
        faults_ended.set()
        nemesis.join()
        server.restart_if_ended()
        ended.set()
        for client in clients:
            client.join()
        for thread in [*clients, nemesis]:
            if thread.error:
                raise thread.error
        return nemesis

    def _nemesis(self, server, link, ended):
        return Nemesis(
            server=server,
            database=self.databases,
            link=link,
            seed=f"{self.seed} nemesis",
            restart_every=self.restart_every,
            probe=f"/api/shows/{self.shows[0]}/seats/",
            ended=ended,
        )

    def _wait(self, clients, nemesis, history, progress):
        began = time.monotonic()
        reported = 0
        while (elapsed := time.monotonic() - began) < self.seconds:
            time.sleep(min(0.5, self.seconds - elapsed))
            if any(thread.error for thread in [*clients, nemesis]):
                return
            if progress and elapsed - reported >= 10:
                reported = elapsed
                progress(
                    elapsed, self.seconds, {"requests": len(history.requests)} | nemesis.counts
                )
