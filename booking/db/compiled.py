"""Compiled queries: querysets whose SQL is written once, and rows that are read without the ORM.

A queryset of half a dozen annotations takes Django 2.4 ms to build and to write as SQL, and 0.1 ms
to run once its SQL is known: lists are 6.7 times as fast, a booking takes a third of the CPU time.

`@compiled` decorates a function that returns a queryset; calling it returns the list of its rows.
`fetch_all` runs several in one round trip, where the backend has a pipeline. `FAST_PATHS=off`
evaluates the querysets.

Limits: arguments are int, str, aware datetime, or lists of these, and each must reach the SQL
unchanged, as a parameter of its own. Anything else raises CompileError when the query is compiled,
at its first call. Keyword arguments select a variant of the query, which is compiled by itself.

Private API of Django used here: `SQLCompiler.as_sql`, `select`, `klass_info`,
`annotation_col_map`, `get_converters`, `apply_converters`; `QuerySet._iterable_class`,
`_prefetch_related_lookups`, `_fetch_mode`;
`ModelState.fields_cache`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial, update_wrapper
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import Model, ModelState
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable

from .pipeline import Rows, Statement
from .replica import reading_from
from .sql import (
    CompileError,
    as_parameter,
    require_default_options,
    write_query,
)

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
FROM_DB = vars(Model)["from_db"].__func__


class compiled:  # noqa: N801 a decorator
    """Decorator: turn a function that returns a queryset into a compiled query."""

    def __init__(self, function: Callable[..., models.QuerySet]) -> None:
        update_wrapper(self, function)
        self.function = function
        self.queries: dict[tuple[Any, ...], CompiledQuery] = {}

    def __call__(self, *arguments: Any, **variant: Any) -> list[Any]:
        """The rows. Raises CompileError at the first call if the query cannot be compiled."""
        [rows] = fetch_all(BoundQuery(self, arguments, variant))
        return rows

    def bind(self, *arguments: Any, **variant: Any) -> "BoundQuery":
        """The query with its arguments, for `fetch_all`."""
        return BoundQuery(self, arguments, variant)


class BoundQuery(NamedTuple):
    query: compiled
    arguments: tuple[Any, ...]
    variant: dict[str, Any]

    @property
    def name(self) -> str:
        return self.query.function.__qualname__

    def queryset(self) -> models.QuerySet:
        return self.query.function(*self.arguments, **self.variant)


class CompiledQuery(NamedTuple):
    sql: str | None  # None: no row can match
    take_parameters: Callable[[list[Any]], Sequence[Any]]
    read_rows: Callable[[Rows], list[Any]]


def fetch_all(*queries: BoundQuery) -> list[list[Any]]:
    """The rows of each query; they run in order, in one round trip where there is a pipeline."""
    if not settings.FAST_PATHS:
        return [list(each.queryset()) for each in queries]
    statements: list[Statement] = []
    readers: list[Callable[[Rows], list[Any]] | None] = []
    for query in queries:
        compiled_query, values = _compiled_query(query)
        if values is None or compiled_query.sql is None:
            readers.append(None)
        else:
            statements.append((compiled_query.sql, compiled_query.take_parameters(values)))
            readers.append(compiled_query.read_rows)
    results = iter(run_statements(statements))
    found = []
    for read_rows in readers:
        found.append(read_rows(next(results)) if read_rows is not None else [])
    return found


def _compiled_query(query: BoundQuery) -> tuple[CompiledQuery, list[Any] | None]:
    """The compiled query and the values of its arguments; None for an integer out of range."""
    values: list[Any] = []
    key: list[Any] = []
    for argument in query.arguments:
        key.append(len(argument) if type(argument) is list else type(argument))
        if type(argument) is list:
            values += argument
        else:
            values.append(argument)
    key += query.variant.items()
    found = query.query.queries.get(tuple(key))
    if found is None:
        found = query.query.queries[tuple(key)] = _compile(query)
    for value in values:
        if type(value) is int and not MIN_INTEGER <= value <= MAX_INTEGER:
            return found, None
    return found, values


def run_statements(statements: list[Statement]) -> list[Rows]:
    if not statements:
        return []
    connection = connections[reading_from.get()]
    if hasattr(connection, "run_pipeline"):
        return connection.run_pipeline(statements)
    with connection.cursor() as cursor:
        return [cursor.execute(*each) and cursor.fetchall() for each in statements]


def _compile(query: BoundQuery) -> CompiledQuery:
    make_queryset = partial(query.query.function, **query.variant)
    written = write_query(query.name, make_queryset, query.arguments)
    if written.template is None:
        return CompiledQuery(None, _no_parameters, list)
    return CompiledQuery(written.sql, _taker(written.positions), _row_reader(written.queryset))


def _taker(positions: list[int]) -> Callable[[list[Any]], Sequence[Any]]:
    """A function that takes the parameters out of the arguments' values."""
    if not positions:
        return _no_parameters
    [first, *others] = positions
    take = itemgetter(*positions) if others else itemgetter(slice(first, first + 1))
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        return take
    return lambda values: [as_parameter(each) for each in take(values)]  # SQLite: times as text


def _no_parameters(values: list[Any]) -> Sequence[Any]:
    return ()


# --- Reading rows ---


def map_rows(queryset: models.QuerySet, function: Callable[[Any], Any]) -> models.QuerySet:
    """The queryset, with `function(instance)` for each row instead of the instance."""
    mapped = queryset.all()
    mapped._iterable_class = _mapped_iterable(function)
    return mapped


@cache
def _mapped_iterable(row_function: Callable[[Any], Any]) -> type[ModelIterable]:
    class MappedIterable(ModelIterable):
        function = staticmethod(row_function)

        def __iter__(self) -> Iterator[Any]:
            return map(row_function, super().__iter__())

    return MappedIterable


def _row_reader(queryset: models.QuerySet) -> Callable[[Rows], list[Any]]:
    """A function that turns rows into what the queryset would yield."""
    require_default_options(queryset)
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    compiler.as_sql()  # fills in what the rows consist of
    columns = [column for column, *_ in compiler.select]
    converters: dict[int, Any] | None = compiler.get_converters(columns)
    has_converters = bool(converters)
    # Those of the backend are methods: they belong to its connection, and that to its thread.
    functions = [function for functions, _ in (converters or {}).values() for function in functions]
    if any(hasattr(function, "__self__") for function in functions):
        converters = None
    iterable = queryset._iterable_class
    make: Any
    is_model = issubclass(iterable, ModelIterable)
    if iterable is FlatValuesListIterable:
        make = itemgetter(0)
    elif iterable is ValuesListIterable:
        make = tuple
    elif is_model:
        make = _instance_maker(compiler.klass_info, compiler.select, compiler.annotation_col_map)
    else:
        raise CompileError(f"{iterable.__name__}: rows are model instances or values_list().")
    function = getattr(iterable, "function", None)

    def read(rows: Rows) -> list[Any]:
        converted: Iterable[Any] = rows
        if has_converters:
            compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
            known = converters or compiler.get_converters(columns)
            converted = compiler.apply_converters(rows, known)
        made = map(make, converted, repeat({})) if is_model else map(make, converted)
        return list(map(function, made) if function else made)

    return read


def _instance_maker(
    klass_info: dict[str, Any], select: Sequence[Any], annotations: dict[str, int]
) -> Callable[[Sequence[Any], dict[tuple[int, Any], Any]], Any]:
    """A function that makes a model instance of a row, with those named by `select_related`.

    It takes 1 µs where `Model.from_db` takes 6: no `__init__`, no defaults, no signals. Rows of one
    result share related instances, which it keeps in its second argument: all shows of a movie
    have the same `movie`.
    """
    model = klass_info["model"]
    is_stock = model.__init__ is Model.__init__ and model.from_db.__func__ is FROM_DB
    if klass_info.get("from_parent") or not is_stock:
        raise CompileError(f"{model.__name__}: a parent model, `from_db` or `__init__` of its own.")
    first, last = klass_info["select_fields"][0], klass_info["select_fields"][-1]
    columns = slice(first, last + 1)
    names = [column.target.attname for column, *_ in select[columns]]
    primary_key = first + names.index(model._meta.pk.attname)
    related_infos = klass_info.get("related_klass_infos", ())
    if any(each["reverse"] or each["field"].unique for each in related_infos):
        raise CompileError(f"{model.__name__}: select_related() of a one-to-one relation.")
    related = [
        (
            each["field"].cache_name,
            first + names.index(each["field"].attname),
            _instance_maker(each, select, {}),
        )
        for each in related_infos
    ]

    def make(row: Sequence[Any], shared: dict[tuple[int, Any], Any]) -> Model | None:
        if row[primary_key] is None:
            return None
        instance = model.__new__(model)
        instance._state = state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        values = instance.__dict__
        values.update(zip(names, row[columns], strict=True))
        for name, foreign_key, make_related in related:
            key = (foreign_key, row[foreign_key])
            if key not in shared:
                shared[key] = make_related(row, shared)
            state.fields_cache[name] = shared[key]
        for name, position in annotations.items():
            values[name] = row[position]
        return instance

    return make
