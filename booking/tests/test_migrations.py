from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import TestCase, TransactionTestCase

BEFORE, AFTER = (
    [("booking", "0003_counters")],
    [("booking", "0004_usernames_regardless_of_case")],
)


class MigrationTests(TestCase):
    def test_none_is_missing(self):
        call_command("makemigrations", check=True, dry_run=True, verbosity=0)


class NamesTests(TransactionTestCase):
    """One name in upper and lower case, from the time when that was possible."""

    def test_they_are_told_and_nothing_is_changed(self):
        MigrationExecutor(connection).migrate(BEFORE)
        try:
            for name in ("Alice", "alice", "bob"):
                User.objects.create(username=name)
            with self.assertRaisesMessage(
                RuntimeError, "more than once, in upper and lower case: alice."
            ):
                MigrationExecutor(connection).migrate(AFTER)
            User.objects.filter(username="Alice").update(username="alice2")
            MigrationExecutor(connection).migrate(AFTER)
        finally:
            User.objects.all().delete()
            executor = MigrationExecutor(connection)
            executor.migrate(executor.loader.graph.leaf_nodes())
