import re
from typing import Any

from django.db.migrations.operations.base import Operation

INDEX = re.compile(r'(CREATE (?:UNIQUE )?INDEX|DROP INDEX(?: IF EXISTS)?) ("?\w+"?)')


class Concurrently(Operation):
    """Migration operation: create or drop an index without blocking writes to its table.

    It wraps an AddIndex, RemoveIndex, RunSQL, or AddConstraint of a unique constraint with a
    condition or expressions, and needs `atomic = False` in the migration. On SQLite it is the
    wrapped operation. An ordinary CREATE INDEX of PostgreSQL blocks writes until it is ready.
    """

    atomic = False

    def __init__(self, operation: Operation) -> None:
        self.operation = operation

    def state_forwards(self, app_label: str, state: Any) -> None:
        self.operation.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._run(self.operation.database_forwards, app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        self._run(self.operation.database_backwards, app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        return f"{self.operation.describe()}, concurrently"

    def _run(
        self, change: Any, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        if connection.vendor != "postgresql":
            change(app_label, schema_editor, from_state, to_state)
            return
        with connection.schema_editor(collect_sql=True, atomic=False) as collector:
            change(app_label, collector, from_state, to_state)
        # It blocks no other statement, and a timeout would leave an invalid index behind.
        schema_editor.execute("SET lock_timeout = 0")
        schema_editor.execute("SET statement_timeout = 0")
        try:
            for sql in collector.collected_sql:
                for statement in concurrent_statements(sql):
                    schema_editor.execute(statement, params=None)
        finally:
            schema_editor.execute("RESET lock_timeout")
            schema_editor.execute("RESET statement_timeout")


def concurrent_statements(sql: str) -> list[str]:
    """The statement with CONCURRENTLY, after a DROP of the index of an interrupted attempt."""
    match = INDEX.match(sql)
    if not match:
        raise ValueError(f"This cannot be done concurrently: {sql}")
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {match[2]}"
    if match[1].startswith("DROP"):
        return [drop]
    return [drop, f"{match[1]} CONCURRENTLY{sql[match.end(1) :].rstrip(';')}"]
