"""Migrations must not block a table in use, nor break the version that still runs.

squawk reads the SQL that PostgreSQL would get. Its rules are in .squawk.toml.
"""

import json
import subprocess
import sys
from pathlib import Path
from unittest import skipUnless

from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.test import SimpleTestCase, TransactionTestCase

from booking.db.concurrently import Concurrently, concurrent_statements
from booking.models import Movie

# Older migrations are exempt: they are already applied in every installation with data.
FIRST_CHECKED = "0023"
PROJECT = Path(__file__).resolve().parents[2]


def broken_rules(sql):
    """The rules of squawk that the SQL breaks, with the statements."""
    done = subprocess.run(
        [Path(sys.executable).parent / "squawk", "--reporter", "json"],
        input=sql,
        capture_output=True,
        text=True,
        cwd=PROJECT,
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return {finding["rule_name"] for finding in json.loads(done.stdout)}


def sql_of(migration, state):
    with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        state = migration.apply(state, editor, collect_sql=True)
    statements = "\n".join(editor.collected_sql)
    return f"BEGIN;\n{statements}\nCOMMIT;" if migration.atomic else statements


def fields_without_database_default(migration):
    """NOT NULL columns without a database default: INSERTs of the previous version would fail."""
    return {
        "field-without-db-default"
        for operation in migration.operations
        if isinstance(operation, migrations.AddField)
        and not operation.field.null
        and not operation.field.has_db_default()
        and not operation.field.many_to_many
    }


@skipUnless(connection.vendor == "postgresql", "the SQL is PostgreSQL's")
class SafeMigrationTests(SimpleTestCase):
    databases = {"default"}

    def setUp(self):
        self.loader = MigrationExecutor(connection).loader

    def check(self, migration, state):
        return broken_rules(sql_of(migration, state)) | fields_without_database_default(migration)

    def test_new_migrations_neither_block_sales_nor_break_the_previous_version(self):
        names = sorted(name for app, name in self.loader.disk_migrations if app == "booking")
        checked = [name for name in names if name >= FIRST_CHECKED]
        self.assertTrue(checked)
        for name in checked:
            with self.subTest(name):
                state = self.loader.project_state(("booking", name), at_end=False)
                migration = self.loader.get_migration("booking", name)
                self.assertEqual(self.check(migration, state), set())

    def test_migration_that_blocks_a_table_or_breaks_a_version_is_refused(self):
        index = models.Index(fields=["note"], name="bookings_by_note")
        unique = models.UniqueConstraint(fields=["note"], name="one_note")
        check = models.CheckConstraint(condition=models.Q(seat_number__gt=0), name="positive")
        user = models.ForeignKey("auth.User", models.CASCADE, null=True, related_name="+")
        for rules, operation in (
            ({"require-concurrent-index-creation"}, migrations.AddIndex("booking", index)),
            (
                {"require-concurrent-index-deletion"},
                migrations.RemoveIndex("booking", "bookings_of_show"),
            ),
            ({"disallowed-unique-constraint"}, migrations.AddConstraint("booking", unique)),
            ({"constraint-missing-not-valid"}, migrations.AddConstraint("booking", check)),
            (
                {"changing-column-type"},
                migrations.AlterField("booking", "seat_number", models.BigIntegerField()),
            ),
            (
                {"field-without-db-default"},
                migrations.AddField("booking", "row", models.IntegerField(default=0)),
            ),
            (
                {"adding-not-nullable-field"},
                migrations.AlterField("booking", "held_until", models.DateTimeField()),
            ),
            ({"renaming-column"}, migrations.RenameField("booking", "note", "remark")),
            ({"ban-drop-column"}, migrations.RemoveField("booking", "note")),
            ({"ban-drop-table"}, migrations.DeleteModel("IdempotencyKey")),
            (
                {"adding-foreign-key-constraint", "require-concurrent-index-creation"},
                migrations.AddField("booking", "seller", user),
            ),
        ):
            with self.subTest(operation.describe()):
                migration = migrations.Migration("9999_unsafe", "booking")
                migration.operations = [operation]
                found = self.check(migration, self.loader.project_state())
                self.assertLessEqual(rules, found)

    def test_concurrent_index_in_a_transaction_is_refused(self):
        sql = "BEGIN; CREATE INDEX CONCURRENTLY a ON booking_booking (note); COMMIT;"
        self.assertEqual(
            broken_rules(sql),
            {"ban-concurrent-index-creation-in-transaction"},
        )


class ConcurrentStatementTests(SimpleTestCase):
    def test_create_index_drops_what_is_left_first(self):
        self.assertEqual(
            concurrent_statements('CREATE UNIQUE INDEX "a" ON "b" ("c") WHERE "d" = 1;'),
            [
                'DROP INDEX CONCURRENTLY IF EXISTS "a"',
                'CREATE UNIQUE INDEX CONCURRENTLY "a" ON "b" ("c") WHERE "d" = 1',
            ],
        )

    def test_other_statement_is_refused(self):
        with self.assertRaisesMessage(ValueError, "cannot be done concurrently: ALTER TABLE"):
            concurrent_statements("ALTER TABLE a ADD CONSTRAINT b UNIQUE (c);")


class ConcurrentlyTests(TransactionTestCase):
    """On both databases."""

    def migrate(self, operation, *, backwards=False):
        migration = migrations.Migration("9999_index", "booking")
        migration.operations, migration.atomic = [Concurrently(operation)], False
        state = MigrationExecutor(connection).loader.project_state()
        with connection.schema_editor(atomic=False) as editor:
            change = migration.unapply if backwards else migration.apply
            change(state, editor)

    def indexes(self):
        with connection.cursor() as cursor:
            return connection.introspection.get_constraints(cursor, Movie._meta.db_table)

    def test_index_is_created_again_and_dropped(self):
        index = models.Index(fields=["description"], name="movies_by_description")
        operation = migrations.AddIndex("movie", index)
        self.addCleanup(self.drop)
        self.migrate(operation)
        self.assertEqual(self.indexes()[index.name]["columns"], ["description"])
        if connection.vendor == "postgresql":  # as after an interrupted attempt
            with connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                (limit,) = cursor.fetchone()
            self.migrate(operation)
            with connection.cursor() as cursor:
                cursor.execute("SHOW lock_timeout")
                self.assertEqual(cursor.fetchone(), (limit,))
        self.migrate(operation, backwards=True)
        self.assertNotIn(index.name, self.indexes())

    def drop(self):
        with connection.cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS movies_by_description")
