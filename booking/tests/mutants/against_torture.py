"""Mutants against the torture test: longer and longer runs until the checker rejects them."""

from ..torture.__main__ import CUSTOMERS, SECONDS_PER_SHOW, judge_folder
from ..torture.customers import SpareAccounts
from ..torture.run import Run
from ..torture.system import PostgresDatabases, run_fixture

SECONDS = [2, 4, 8, 16, 32]  # of the runs; most mutants are rejected in the first


class Torture:
    """Context manager: a PostgreSQL server with the fixture, of which each run gets a copy."""

    def __init__(self, folder, seed):
        self.folder = folder
        self.seed = seed
        self.databases = PostgresDatabases()

    def __enter__(self):
        self.databases.__enter__()
        try:
            shows = 3 * (SECONDS[-1] // SECONDS_PER_SHOW + 1)
            accounts = CUSTOMERS + SECONDS[-1] // SpareAccounts.EVERY
            self.fixture = run_fixture(self.databases.template_url, "create", shows, accounts)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info):
        self.databases.__exit__(*exc_info)

    def refusal(self, mutant):
        """The first violation that the checker finds in one line, or None."""
        for seconds in SECONDS:
            run = Run(
                databases=self.databases,
                fixture=self.fixture,
                mutant=mutant,
                seconds=seconds,
                seed=self.seed + seconds,
                workers=4,
                threads=1,
                pooler=None,
                clients=24,
                number_of_customers=CUSTOMERS,
                restart_every=5,
                show_seconds=SECONDS_PER_SHOW,
                folder=self.folder / f"{mutant}-{seconds}",
            )
            run.run()
            verdict = judge_folder(run.folder)
            if verdict.rejected:
                return f"{seconds} s: {verdict.violations[0].splitlines()[0].split(': ')[0]}"
        return None
