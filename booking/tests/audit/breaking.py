"""Break the tables by SQL, and read the result of the audit."""

from contextlib import contextmanager

from django.db import connection
from django.test import TestCase

from booking.audit import audit

SQLITE, POSTGRESQL = (connection.vendor == name for name in ("sqlite", "postgresql"))


def broken(show_id=None):
    """Names of the invariants that do not hold, with the examples."""
    found = audit(show_id=show_id)
    return {each.invariant.name: each.examples for each in found if each.violations}


def execute(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@contextmanager
def without_constraints(*constraints):
    """Drop these constraints, (table, name); the rollback of the test restores them."""
    if SQLITE:
        execute("PRAGMA ignore_check_constraints = ON")
    try:
        for table, name in constraints:
            drop(table, name)
        yield
    finally:
        if SQLITE:
            execute("PRAGMA ignore_check_constraints = OFF")


def drop(table, name):
    if SQLITE:
        execute(f"DROP INDEX IF EXISTS {name}")
        return
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")
    execute(f"DROP INDEX IF EXISTS {name}")


class AuditTestCase(TestCase):
    def assertNamed(self, name, words="", show_id=None):
        found = broken(show_id)
        self.assertIn(name, found)
        self.assertIn(words, "; ".join(found[name]))
