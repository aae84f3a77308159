"""SQL of compiled queries and of writes: written once, with constants in place.

A query is written with stand-ins for its arguments. What they become in the SQL shows whether each
argument is a parameter of its own; if not, CompileError is raised.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import Model

FIRST_STAND_INS = (1_957_000_000, -1_957_000_000)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_FETCH_MODE = getattr(models, "FETCH_ONE", None)  # since Django 6.1


class CompileError(TypeError):
    """The query cannot be compiled: an argument does not reach the SQL as a parameter."""


class WrittenQuery(NamedTuple):
    template: str | None  # SQL with placeholders for constants, too; None if no row can match
    sql: str
    positions: list[int]  # of the arguments' values that are the parameters
    queryset: models.QuerySet


def write_query(
    name: str, make_queryset: Callable[..., models.QuerySet], arguments: Sequence[Any]
) -> WrittenQuery:
    """Write the query with other stand-ins each time: what differs must be those, nothing else.

    So whatever `make_queryset` does with an argument except pass it on is found out: it changes the
    value, writes it into the SQL, or branches on it. Raises CompileError.
    """
    found, other = (
        _write_with_stand_ins(name, make_queryset, arguments, first) for first in FIRST_STAND_INS
    )
    falsy = _write(make_queryset(*map(_falsy, arguments)))[0]
    if found[:3] != other[:3] or found.template != falsy:
        raise CompileError(
            f"{name}: an argument is changed on its way to the SQL, or decides what it is: "
            f"{found.sql}; {other.sql}; {falsy}"
        )
    return found


def _write(queryset: models.QuerySet) -> tuple[str | None, Sequence[Any]]:
    """SQL with placeholders, and its parameters; None if no row can match."""
    try:
        return queryset.query.get_compiler(DEFAULT_DB_ALIAS).as_sql()
    except EmptyResultSet:
        return None, ()


def _write_with_stand_ins(
    name: str, make_queryset: Callable[..., models.QuerySet], arguments: Sequence[Any], first: int
) -> WrittenQuery:
    stand_ins = StandIns(first)
    queryset = make_queryset(*map(stand_ins.replace, arguments))
    template, parameters = _write(queryset)
    if template is None:
        return WrittenQuery(None, "", [], queryset)
    positions = [stand_ins.positions.get(_key_of(each)) for each in parameters]
    if missing := set(stand_ins.positions.values()).difference(positions):
        raise CompileError(
            f"{name}: value {min(missing) + 1} of its arguments is no parameter of its own in: "
            f"{template} with {parameters}"
        )
    sql = _with_constants(template, parameters, positions)
    return WrittenQuery(template, sql, [at for at in positions if at is not None], queryset)


def _key_of(parameter: Any) -> tuple[type, Any]:
    """Type and value, to compare parameters: True is not 1, but Django's and psycopg's ints are."""
    for kind in (bool, int, str, datetime):
        if isinstance(parameter, kind):
            return kind, parameter
    return type(parameter), repr(parameter)


def as_parameter(argument: Any) -> Any:
    if type(argument) is datetime:
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(argument)
    return argument


class StandIns:
    """Values in place of a query's arguments, each different from all others."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.positions: dict[tuple[type, Any], int] = {}  # of the arguments, by stand-in

    def replace(self, argument: Any) -> Any:
        if type(argument) is list:
            return [self.replace(each) for each in argument]
        number = self.first + len(self.positions)
        if type(argument) is int:
            stand_in: Any = number
        elif type(argument) is str:
            stand_in = f"stand-in {number}"
        elif type(argument) is datetime:
            stand_in = EPOCH + timedelta(seconds=number)
        else:
            raise CompileError(f"{argument!r}: arguments are int, str, datetime, or lists of them.")
        self.positions[_key_of(as_parameter(stand_in))] = len(self.positions)
        return stand_in


def _falsy(argument: Any) -> Any:
    """0 or an empty string in place of an argument that is not a list."""
    return type(argument)() if type(argument) in (int, str) else argument


def _with_constants(sql: str, parameters: Sequence[Any], positions: Sequence[int | None]) -> str:
    """Write constants into the SQL: PostgreSQL plans a partial index only for values it sees."""
    found = iter(zip(parameters, positions, strict=True))

    def placeholder(_: re.Match[str]) -> str:
        parameter, position = next(found)
        return "%s" if position is not None else _literal(parameter)

    return re.sub(r"(?<!%)%s", placeholder, sql)


def _literal(constant: Any) -> str:
    if isinstance(constant, str):
        return "'" + str(constant).replace("'", "''").replace("%", "%%") + "'"
    if isinstance(constant, bool):
        return str(constant).upper()
    if isinstance(constant, int):
        return str(int(constant))
    if isinstance(constant, timedelta):  # on SQLite it is in the SQL already
        return f"INTERVAL '{constant // timedelta(microseconds=1)} microseconds'"
    raise CompileError(f"{constant!r} cannot be a constant of a compiled query.")


def require_default_options(queryset: models.QuerySet) -> None:
    chosen = queryset._db  # type: ignore[attr-defined]  # by `using()`; not in django-stubs
    if chosen not in (None, DEFAULT_DB_ALIAS):
        raise CompileError(f"The queryset reads the database {chosen!r}.")
    if queryset._prefetch_related_lookups:  # type: ignore[attr-defined]  # not in django-stubs
        raise CompileError("prefetch_related: a compiled query is one statement.")
    if getattr(queryset, "_fetch_mode", DEFAULT_FETCH_MODE) is not DEFAULT_FETCH_MODE:
        raise CompileError("fetch_mode: rows of a compiled query have the default one.")


@cache
def written_fields(model: type[Model]) -> list[tuple[models.Field, bool]]:
    """The fields of an INSERT, and whether their `pre_save` may change the value.

    A field that only the database has a default for is left to it.
    """
    return [
        (field, type(field).pre_save is not models.Field.pre_save)
        for field in model._meta.concrete_fields
        if not field.primary_key and (field.has_default() or not field.has_db_default())
    ]


def _quote(name: str) -> str:
    return connections[DEFAULT_DB_ALIAS].ops.quote_name(name)


def _quoted_column(model: type[Model], field_name: str) -> str:
    field: Any = model._meta.get_field(field_name)
    return _quote(field.column)


@cache
def insert_sql(model: type[Model], rows: int, *unique: str) -> str:
    """INSERT … RETURNING the primary key; with `unique` field names, ON CONFLICT DO NOTHING."""
    meta, column = model._meta, partial(_quoted_column, model)
    columns = [column(field.name) for field, _ in written_fields(model)]
    row = f"({', '.join(['%s'] * len(columns))})"
    target = ", ".join(column(name) for name in unique)
    conflict = f" ON CONFLICT ({target}) DO NOTHING" if unique else ""
    return (
        f"INSERT INTO {_quote(meta.db_table)} ({', '.join(columns)}) "  # noqa: S608 names of ours
        f"VALUES {', '.join([row] * rows)}{conflict} RETURNING {column(meta.pk.name)}"
    )


@cache
def insert_row_sql(model: type[Model], *names: str) -> str:
    columns = ", ".join(_quoted_column(model, name) for name in names)
    return (
        f"INSERT INTO {_quote(model._meta.db_table)} ({columns}) "  # noqa: S608 names of ours
        f"VALUES ({', '.join(['%s'] * len(names))}) "
        f"RETURNING {_quoted_column(model, model._meta.pk.name)}"
    )


@cache
def insert_from_sql(
    source: type[Model],
    where: tuple[str, ...],
    model: type[Model],
    copied: tuple[tuple[str, str], ...],
    given: tuple[str, ...],
) -> str:
    """INSERT … SELECT: fields copied from the rows of another model, and fields given."""
    targets = [_quoted_column(model, name) for name in (*dict(copied), *given)]
    values = [*(_quoted_column(source, name) for _, name in copied), *["%s"] * len(given)]
    conditions = [f"{_quoted_column(source, name)} = %s" for name in where]
    return (
        f"INSERT INTO {_quote(model._meta.db_table)} ({', '.join(targets)}) "  # noqa: S608 names of ours
        f"SELECT {', '.join(values)} FROM {_quote(source._meta.db_table)} "
        f"WHERE {' AND '.join(conditions)} RETURNING {_quoted_column(model, model._meta.pk.name)}"
    )


@cache
def update_sql(model: type[Model], *names: str) -> str:
    meta, column = model._meta, partial(_quoted_column, model)
    columns = [f"{column(name)} = %s" for name in names]
    return (
        f"UPDATE {_quote(meta.db_table)} SET {', '.join(columns)} "  # noqa: S608 names of ours
        f"WHERE {column(meta.pk.name)} = %s RETURNING {column(meta.pk.name)}"
    )
