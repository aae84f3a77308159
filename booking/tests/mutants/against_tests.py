"""Mutants against the tests: pytest on a copy of a migrated database."""

import os
import re
import subprocess
import sys

import psycopg

from ..postgres import Postgres
from ..torture.mutants import MUTANTS, TESTS
from ..torture.system import PROJECT


class Tests:
    """Context manager: a PostgreSQL server, and a migrated database to copy for each run."""

    def __enter__(self):
        self.server = Postgres(fsync="off", max_connections=200)
        self.server.__enter__()
        try:
            self._query('CREATE DATABASE "migrated"')
            migrate = (sys.executable, "manage.py", "migrate", "--verbosity", "0")
            environment = self._environment("migrated")
            subprocess.run(migrate, cwd=PROJECT, env=environment, check=True)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exc_info):
        self.server.__exit__(*exc_info)

    def failing_without_mutant(self, names):
        """The first of the tests of these mutants that fails without any, or None."""
        tests = {test for name in names for test in MUTANTS[name].tests}
        return self._first_failure(sorted(tests), "") if tests else None

    def refusal(self, test, mutant):
        """The first test that fails with the mutant, or None."""
        return self._first_failure([test], mutant)

    def _first_failure(self, tests, mutant):
        self._query('DROP DATABASE IF EXISTS "test_copy"')
        self._query('CREATE DATABASE "test_copy" TEMPLATE "migrated"')
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"),
                *("--reuse-db", "-p", "booking.tests.mutants.plugin", "--no-header", "--tb=no"),
                *(TESTS + test for test in tests),
            ],
            cwd=PROJECT,
            env=self._environment("copy") | {"MUTANT": mutant},
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            return None
        failed = re.search(r"^(?:SUB)?(?:FAILED|ERROR).*?(\w+)(?: - .*)?$", done.stdout, re.M)
        if failed is None:
            sys.exit(f"pytest failed:\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
        return failed[1]

    def _environment(self, database):
        return os.environ | {"DATABASE_URL": self.server.url_of(database), "DEBUG": "on"}

    def _query(self, statement):
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(statement)
