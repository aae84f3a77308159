"""Trigram indexes of PostgreSQL, for searches by a part of a word.

They need the extension pg_trgm, which comes with PostgreSQL and which the owner of a database may
install. Where it is not available, and on SQLite, the same searches read the whole table.
"""

from typing import Any

from django.db import DatabaseError
from django.db.migrations.operations import RunSQL
from django.db.migrations.operations.base import Operation

from .concurrently import Concurrently
from .errors import classify


class TrigramIndex(Operation):
    """Migration operation: a trigram index for `icontains`, `istartswith` and `iexact`.

    It is created if pg_trgm is available. Not a `GinIndex` of a model, because it is optional, and
    one of the tables is Django's. It is built without blocking writes, so the migration needs
    `atomic = False`.
    """

    atomic = False

    def __init__(self, name: str, table: str, *columns: str, condition: str = "") -> None:
        self.name, self.table = name, table
        # As Django writes `icontains`: UPPER("name"::text) LIKE UPPER('%…%').
        parts = ", ".join(f"UPPER({column}::text) gin_trgm_ops" for column in columns)
        where = f" WHERE {condition}" if condition else ""
        self.index = Concurrently(
            RunSQL(
                f"CREATE INDEX {name} ON {table} USING gin ({parts}){where}", f"DROP INDEX {name}"
            )
        )

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass  # the models do not know the index

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if install_pg_trgm(schema_editor):
            self.index.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            self.index.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"Create trigram index {self.name} on {self.table}, if pg_trgm is available"


def install_pg_trgm(schema_editor: Any) -> bool:
    """Create the extension if necessary; False if the server lacks it or forbids it."""
    if schema_editor.connection.vendor != "postgresql":
        return False
    try:
        schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DatabaseError as error:
        if classify(error):  # busy or unavailable: migrate again
            raise
        return False
    return True
