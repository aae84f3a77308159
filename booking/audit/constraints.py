"""Constraints of the models: they must be in the database, and hold for all rows."""

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model, Q, UniqueConstraint

# From migration 0004, not from a model.
USERNAMES = ("auth_user", "one_account_per_name")

CONSTANT = re.compile("'([^']*)'")

NOT_VALID = """
    SELECT conname FROM pg_constraint
    WHERE NOT convalidated AND conrelid = ANY(%s::regclass[])
    UNION ALL
    SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE NOT (indisvalid AND indisready) AND indrelid = ANY(%s::regclass[])
"""


def constraints_exist() -> Iterator[str]:
    """Every named constraint of the models is in the database, unique ones on their columns."""
    with connection.cursor() as cursor:
        for model in apps.get_app_config("booking").get_models():
            table = model._meta.db_table
            stored = connection.introspection.get_constraints(cursor, table)
            for constraint in model._meta.constraints:
                found = stored.get(constraint.name)
                if found is None:
                    yield f"{constraint.name} of {table} is missing"
                elif isinstance(constraint, UniqueConstraint) and not _is_same(
                    constraint, model, found, _definition(cursor, constraint.name)
                ):
                    yield f"{constraint.name} of {table} is another one"
        table, name = USERNAMES
        if name not in connection.introspection.get_constraints(cursor, table):
            yield f"{name} of {table} is missing"


def constraints_are_valid() -> Iterator[str]:
    """PostgreSQL has validated every constraint and index of the tables."""
    if connection.vendor != "postgresql":
        return  # SQLite has no invalid constraints
    tables = [model._meta.db_table for model in apps.get_app_config("booking").get_models()]
    tables.append(USERNAMES[0])
    with connection.cursor() as cursor:
        cursor.execute(NOT_VALID, [tables, tables])
        for (name,) in cursor.fetchall():
            yield f"{name} is not valid"


def _is_same(constraint: UniqueConstraint, model: type[Model], found: Any, definition: str) -> bool:
    """True if it is unique, on the same columns, for rows with the same constants."""
    columns = [model._meta.get_field(name).column for name in constraint.fields]  # type: ignore[union-attr]
    if not found["unique"] or (columns and found["columns"] != columns):
        return False
    # Both databases write the condition in their own way; the constants in it are the same.
    condition = definition.partition(" WHERE ")[2]
    return set(CONSTANT.findall(condition)) == set(_constants(constraint.condition))


def _constants(condition: Q | None) -> Iterator[str]:
    for child in condition.children if condition else ():
        if isinstance(child, Q):
            yield from _constants(child)
        else:
            _, value = child  # type: ignore[misc]
            values = value if isinstance(value, list | tuple) else [value]
            yield from (str(each) for each in values if isinstance(each, str))


def _definition(cursor: Any, name: str) -> str:
    """The SQL of an index; empty for a constraint of a table in SQLite."""
    if connection.vendor == "postgresql":
        cursor.execute("SELECT pg_get_indexdef(%s::regclass)", [name])
    else:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = %s", [name])
    row = cursor.fetchone()
    return row[0] if row and row[0] else ""
