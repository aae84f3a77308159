"""Questions to the database, and changes of its rows, whose SQL is written once, not each time."""

import re
from datetime import datetime, timezone
from functools import cache, update_wrapper
from itertools import chain

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.query import ModelIterable, get_related_populators

NUMBERS = range(-(2**63), 2**63)
FIRST_STAND_IN = 1_957_000_000  # far from any number that a queryset says by itself


class prepared:  # noqa: N801 a decorator
    """Decorates a function that makes a queryset of its arguments: it answers the rows, as a list.

    A queryset of half a dozen annotations takes Django 2.4 ms to make and to write as SQL, and
    0.1 ms to ask once it is written. It is written with stand-ins for the arguments, which are
    whole numbers, texts, times, or lists of them; with other keyword arguments it is another
    question.
    """

    def __init__(self, question):
        update_wrapper(self, question)
        self.written = {}

    def __call__(self, *arguments, **more):
        [rows] = ask_together(self.about(*arguments, **more))
        return rows

    def about(self, *arguments, **more):
        """The question, to be asked together with others."""
        lengths = [len(each) if isinstance(each, list) else None for each in arguments]
        key = (*lengths, *more.items())
        if key not in self.written:
            self.written[key] = Written(self.__wrapped__, arguments, more)
        return self.written[key], arguments


def ask_together(*questions):
    """The rows of each. They are asked in turn, so what follows a lock is asked after the wait for
    it; PostgreSQL has them in one message."""
    statements = [written.statement(arguments) for written, arguments in questions]
    answers = iter(put([each for each in statements if each]))
    return [
        written.read(next(answers)) if statement else []
        for (written, _), statement in zip(questions, statements, strict=True)
    ]


def put(statements, *, last=False):
    """The rows of each statement. COMMIT may go with the `last` ones of a transaction."""
    database = connections[DEFAULT_DB_ALIAS]
    if not statements:
        return []
    # Who watches the statements on their way (`execute_wrapper`) wants to see each by itself.
    if hasattr(database, "put_together") and not database.execute_wrappers:
        return database.put_together(statements, last=last)
    with database.cursor() as cursor:
        return [cursor.execute(*statement) and cursor.fetchall() for statement in statements]


class Written:
    """A question as SQL, and how its rows are read: what a queryset works out each time that it is
    asked."""

    def __init__(self, question, arguments, more):
        self.stand_ins = {}
        queryset = question(*map(self._stand_in, arguments), **more)
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        self.sql, parameters = compiler.as_sql()
        places = [self.stand_ins.get(each) for each in parameters]
        self.sql = with_constants(self.sql, parameters, places)
        self.places = [place for place in places if place is not None]
        self.compiler = compiler
        self.converters = compiler.get_converters([column for column, *_ in compiler.select])
        self.instance = issubclass(queryset._iterable_class, ModelIterable) and instances(compiler)
        self.complete = getattr(queryset._iterable_class, "complete", list)

    def _stand_in(self, argument):
        if isinstance(argument, list):
            return [self._stand_in(each) for each in argument]
        number = FIRST_STAND_IN + len(self.stand_ins)
        if isinstance(argument, datetime):
            found = datetime.fromtimestamp(number, timezone.utc)
        else:
            found = f"stand-in {number}" if isinstance(argument, str) else number
        self.stand_ins[as_parameter(found)] = len(self.stand_ins)
        return found

    def statement(self, arguments):
        """Nothing if there can be no such row: no number in the database is as large."""
        given = [each if isinstance(each, list) else [each] for each in arguments]
        given = list(chain.from_iterable(given))
        if any(isinstance(each, int) and each not in NUMBERS for each in given):
            return None
        return self.sql, [as_parameter(given[place]) for place in self.places]

    def read(self, rows):
        if self.converters:
            rows = self.compiler.apply_converters(rows, self.converters)
        return list(self.complete(map(self.instance or tuple, rows)))


def as_parameter(argument):
    if isinstance(argument, datetime):
        return connections[DEFAULT_DB_ALIAS].ops.adapt_datetimefield_value(argument)
    return argument


def instances(compiler):
    """A function that makes an instance of a row, with those that `select_related` names."""
    found, select = compiler.klass_info, compiler.select
    model, fields = found["model"], found["select_fields"]
    columns = slice(fields[0], fields[-1] + 1)
    names = [column.target.attname for column, *_ in select[columns]]
    related = get_related_populators(found, select, DEFAULT_DB_ALIAS)
    annotations = compiler.annotation_col_map.items()

    def instance(row):
        made = model.from_db(DEFAULT_DB_ALIAS, names, row[columns])
        for each in related:
            each.populate(row, made)
        for name, place in annotations:
            setattr(made, name, row[place])
        return made

    return instance


def with_constants(sql, parameters, places):
    """What is always the same in its place: only so PostgreSQL sees, when it plans for any values,
    that an index of active bookings will do."""
    texts = iter(zip(parameters, places, strict=True))

    def text(_):
        constant, place = next(texts)
        return "%s" if place is not None else literal(constant)

    return re.sub(r"(?<!%)%s", text, sql)


def literal(constant):
    """Raises TypeError for what is no text, number or truth value: a time would stand still."""
    if isinstance(constant, str):
        return "'" + str(constant).replace("'", "''").replace("%", "%%") + "'"
    if isinstance(constant, bool):
        return str(constant).upper()
    if isinstance(constant, int):
        return str(int(constant))
    raise TypeError(f"{constant!r} cannot be a constant of a prepared question.")


def insert(new, *, last=False):
    """Insert new rows of one model in one statement, as `bulk_create` does in 0.3 ms more; what the
    database has a default for, it has. COMMIT may go with the `last` statement of a transaction."""
    database, model = connections[DEFAULT_DB_ALIAS], type(new[0])
    values = [
        field.get_db_prep_save(getattr(instance, field.attname), database)
        for instance in new
        for field in columns_of(model)
    ]
    [rows] = put([(insertion(model, len(new)), values)], last=last)
    for instance, row in zip(new, rows, strict=True):
        [instance.pk] = row
        instance._state.adding, instance._state.db = False, DEFAULT_DB_ALIAS


def update(instance, *, last=False, **values):
    """Write some values of a row, as a queryset's `update` does in 0.1 ms more; COMMIT may go with
    the `last` statement of a transaction."""
    fields = [instance._meta.get_field(name) for name in values]
    database = connections[DEFAULT_DB_ALIAS]
    written = [field.get_db_prep_save(values[field.name], database) for field in fields]
    put([(alteration(type(instance), *values), [*written, instance.pk])], last=last)
    vars(instance).update(values)


@cache
def columns_of(model):
    fields = model._meta.concrete_fields
    return [each for each in fields if not each.primary_key and not each.has_db_default()]


@cache
def insertion(model, many):
    quote, about = connections[DEFAULT_DB_ALIAS].ops.quote_name, model._meta
    columns = [quote(field.column) for field in columns_of(model)]
    row = f"({', '.join(['%s'] * len(columns))})"
    return (
        f"INSERT INTO {quote(about.db_table)} ({', '.join(columns)}) "  # noqa: S608 names of ours
        f"VALUES {', '.join([row] * many)} RETURNING {quote(about.pk.column)}"
    )


@cache
def alteration(model, *names):
    quote, about = connections[DEFAULT_DB_ALIAS].ops.quote_name, model._meta
    columns = [f"{quote(about.get_field(name).column)} = %s" for name in names]
    return (
        f"UPDATE {quote(about.db_table)} SET {', '.join(columns)} "  # noqa: S608 names of ours
        f"WHERE {quote(about.pk.column)} = %s RETURNING {quote(about.pk.column)}"
    )
