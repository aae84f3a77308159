"""Writing rows without the ORM, together with the transaction's COMMIT.

`defer_insert`, `defer_insert_from` and `defer_update` send their statements with the COMMIT, or
before the transaction's next statement. `FAST_PATHS=off` uses the ORM.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.base import Model

from .base import Deferred
from .compiled import run_statements
from .pipeline import Rows
from .sql import insert_from_sql, insert_row_sql, insert_sql, update_sql, written_fields

MAX_PARAMETERS = 30_000  # of a statement; PostgreSQL takes 65,535, SQLite 32,766


class NewRow(NamedTuple):
    """A row to insert. Columns without a value get their `db_default`, or NULL."""

    model: type[Model]
    values: Mapping[str, str | int]


def defer_insert(instances: Sequence[Model], *more: NewRow) -> None:
    """Insert new rows of one model with the transaction's COMMIT, or before its next statement.

    Their primary keys are set then. Columns with a `db_default` are left to the database.
    `bulk_create` takes 0.3 ms more. `more` are rows without an instance.
    """
    model = type(instances[0])
    if not settings.FAST_PATHS:
        model._default_manager.bulk_create(instances)
        for row in more:
            row.model._default_manager.create(**row.values)
        return
    connection = connections[DEFAULT_DB_ALIAS]
    fields = written_fields(model)
    statements = []
    at_once = MAX_PARAMETERS // len(fields)
    for start in range(0, len(instances), at_once):
        rows = instances[start : start + at_once]
        values = []
        for each in rows:
            for field, has_pre_save in fields:
                value = field.pre_save(each, True) if has_pre_save else getattr(each, field.attname)
                if value is not None:  # NULL for every field
                    value = field.get_db_prep_save(value, connection)
                values.append(value)
        statement = insert_sql(model, len(rows)), values
        statements.append(Deferred(statement, partial(_set_primary_keys, rows)))
    for row in more:
        sql = insert_row_sql(row.model, *row.values)
        statements.append(Deferred((sql, list(row.values.values()))))
    _defer(*statements)


def _set_primary_keys(instances: Sequence[Model], rows: Rows) -> None:
    for instance, (primary_key,) in zip(instances, rows, strict=True):
        instance.pk = primary_key
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS


def defer_insert_from(
    sources: Sequence[Model],
    where: tuple[str, ...],
    model: type[Model],
    *,
    copied: dict[str, str],
    **given: Any,
) -> None:
    """Insert a row of `model` for each of the sources, with the transaction's COMMIT.

    The sources may be deferred themselves: their primary keys are read by the database. They are
    all rows of their model that agree with the first one in the fields `where`. `copied` names the
    fields of `model` and those of the sources that they get their values from. The values in
    `given` and `where` are integers and text.
    """
    if not settings.FAST_PATHS:
        model._default_manager.bulk_create(
            model(**{name: getattr(each, of) for name, of in copied.items()}, **given)
            for each in sources
        )
        return
    sql = insert_from_sql(type(sources[0]), where, model, tuple(copied.items()), tuple(given))
    _defer(Deferred((sql, [*given.values(), *map(partial(getattr, sources[0]), where)])))


def defer_update(model: type[Model], primary_key: int, **values: Any) -> None:
    """Update a row with the transaction's COMMIT, or before its next statement."""
    if not settings.FAST_PATHS:
        model._default_manager.filter(pk=primary_key).update(**values)
        return
    connection = connections[DEFAULT_DB_ALIAS]
    field: Callable[[str], Any] = model._meta.get_field
    written = [field(name).get_db_prep_save(value, connection) for name, value in values.items()]
    _defer(Deferred((update_sql(model, *values), [*written, primary_key])))


def insert_unless_exists(instance: Model, unique: Sequence[str]) -> bool:
    """Insert a row, or return False if another one has the same values in the unique columns.

    No violation is raised: a transaction goes on, and PostgreSQL logs nothing. It waits for a
    transaction that has inserted such a row and has not ended.
    """
    model, connection = type(instance), connections[DEFAULT_DB_ALIAS]
    values = [
        field.get_db_prep_save(field.pre_save(instance, True), connection)
        for field, _ in written_fields(model)
    ]
    [rows] = run_statements([(insert_sql(model, 1, *unique), values)])
    if rows:
        _set_primary_keys([instance], rows)
    return bool(rows)


def flush_deferred() -> None:
    """Run the deferred statements now: primary keys are set after it. Raises their errors."""
    connection = connections[DEFAULT_DB_ALIAS]
    if hasattr(connection, "flush_deferred"):
        connection.flush_deferred()


def _defer(*statements: Deferred) -> None:
    connection = connections[DEFAULT_DB_ALIAS]
    if hasattr(connection, "defer"):
        connection.defer(*statements)
        return
    for statement, on_rows in statements:
        [rows] = run_statements([statement])
        if on_rows is not None:
            on_rows(rows)
