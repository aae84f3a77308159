"""A PgBouncer that the application does not know of: DATABASE_POOLER was forgotten."""

import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from unittest import skipUnless
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.test import TransactionTestCase

from ...db.guards import DURABILITY
from ..proxies.packages import find_program
from ..torture.pooler import PgBouncer

HAS_PGBOUNCER = bool(find_program("pgbouncer"))
ON_A_SOCKET = connection.settings_dict.get("HOST", "").startswith("/")
HAS_PIPELINE = getattr(connection, "has_pipeline", False)
ACCEPTS_OPTIONS = {"ignore_startup_parameters": "options"}
ONE, TWO = ("SELECT 1", []), ("SELECT 2", [])


@skipUnless(HAS_PGBOUNCER and ON_A_SOCKET and HAS_PIPELINE, "needs PgBouncer and PostgreSQL")
class ForgottenPoolerTests(TransactionTestCase):
    @contextmanager
    def pooled(self, number, **settings):
        """Connections through a PgBouncer in transaction mode, as those of several processes."""
        database = connection.settings_dict
        url = f"postgres://postgres@{quote(database['HOST'], safe='')}/{database['NAME']}"
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            folder = Path(name)
            with PgBouncer(url, mode="transaction", folder=folder, **settings) as pooler:
                others = [connection.copy() for _ in range(number)]
                for other in others:
                    other.settings_dict |= {"HOST": f"{pooler.folder}", "PORT": "6432"}
                    self.addCleanup(other.close)
                yield others

    def test_pooler_that_refuses_the_time_limits_is_an_error_with_advice(self):
        with (
            self.pooled(1) as [other],
            self.assertRaisesMessage(OperationalError, "Set DATABASE_POOLER=on"),
        ):
            other.ensure_connection()

    def test_commits_that_a_crash_would_lose_are_refused(self):
        """SET would change one session of PostgreSQL, and the next COMMIT may use another."""
        database = connection.ops.quote_name(connection.settings_dict["NAME"])
        role = f"ALTER ROLE CURRENT_USER IN DATABASE {database}"
        self.addCleanup(DURABILITY.clear)
        with connection.cursor() as cursor:
            cursor.execute(f"{role} SET synchronous_commit = off")
            try:
                DURABILITY.clear()
                with (
                    self.pooled(1, **ACCEPTS_OPTIONS) as [other],
                    self.assertRaisesMessage(ImproperlyConfigured, "synchronous_commit = off"),
                ):
                    other.ensure_connection()
            finally:
                cursor.execute(f"{role} RESET ALL")

    def test_statements_of_processes_are_not_mixed_up(self):
        with self.pooled(2, **ACCEPTS_OPTIONS) as [alice, bob], closing(alice), closing(bob):
            for _ in range(2):
                self.assertEqual(alice.run_pipeline([ONE, TWO]), [[(1,)], [(2,)]])
                self.assertEqual(bob.run_pipeline([TWO, ONE]), [[(2,)], [(1,)]])
            self.assertFalse(bob.pipeline.prepares)
            bob.set_autocommit(False)
            with bob.cursor() as cursor:
                cursor.execute("DEALLOCATE ALL")
            bob.commit()
            self.assertEqual(alice.run_pipeline([ONE, TWO]), [[(1,)], [(2,)]])
