"""Database errors: busy, unavailable, or a violated constraint."""

import psycopg
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    models,
)

from .pipeline import concerns_preparation

BUSY = "busy"  # temporary: a lock, a timeout, a deadlock, a row deleted meanwhile
UNAVAILABLE = "unavailable"  # the server is down, starting, or read-only

# SQLSTATEs: PostgreSQL documentation, appendix A.
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "55P03", "57014"
DEADLOCK, SERIALIZATION_FAILURE = "40P01", "40001"
IDLE_IN_TRANSACTION, TRANSACTION_TIMEOUT = "25P03", "25P04"
READ_ONLY = "25006"

FOREIGN_KEY_VIOLATION = "23503"
FOREIGN_KEY_FAILED = "FOREIGN KEY constraint failed"  # SQLite

TIMED_OUT = {LOCK_TIMEOUT, STATEMENT_TIMEOUT}
ROLLED_BACK = {DEADLOCK, SERIALIZATION_FAILURE}
BUSY_STATES = TIMED_OUT | ROLLED_BACK | {IDLE_IN_TRANSACTION, TRANSACTION_TIMEOUT}

PROGRAM_LIMITS = "54"  # class of SQLSTATEs: a statement that is too long or too complex
CORRUPTED = {"XX001", "XX002"}

# SQLite has no codes. It reports some mistakes of ours as operational errors, and a broken file as
# a plain DatabaseError.
PROGRAMMING_MISTAKES = ("no such", "syntax error", "has no column", "duplicate column", "too many")
BROKEN_FILE = ("malformed", "not a database")


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's error code, or None."""
    return getattr(error.__cause__, "sqlstate", None)


def was_rolled_back(error: BaseException) -> bool:
    """True if the transaction was certainly rolled back, and may succeed if it is run again."""
    return sqlstate(error) in ROLLED_BACK or concerns_preparation(error.__cause__)


def classify(error: BaseException) -> str | None:
    """BUSY or UNAVAILABLE; None if the database works and the error is ours."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    state, message = sqlstate(error), str(error)
    if state in BUSY_STATES or "is locked" in message or concerns_preparation(error.__cause__):
        return BUSY
    if isinstance(error, models.ProtectedError) or _violates_any_foreign_key(error):
        return BUSY  # another transaction deleted a row, or referred to it, meanwhile
    if isinstance(error, OperationalError):
        return None if _is_mistake(error) else UNAVAILABLE
    if isinstance(error, InternalError):
        is_unavailable = state == READ_ONLY or state in CORRUPTED or _is_unexpected_answer(error)
        return UNAVAILABLE if is_unavailable else None
    if isinstance(error, InterfaceError):
        return UNAVAILABLE if "closed" in message else None
    return UNAVAILABLE if any(words in message for words in BROKEN_FILE) else None


def _is_unexpected_answer(error: InternalError) -> bool:
    """True if psycopg did not understand the answer, for example "2 results from command 'COMMIT'".

    A pooler that loses the server may add an error of its own to the server's answer.
    """
    return isinstance(error.__cause__, psycopg.InternalError) and sqlstate(error) is None


def _is_mistake(error: OperationalError) -> bool:
    """True if the statement was wrong, not the state of the database.

    The words are SQLite's. PostgreSQL has "too many clients already".
    """
    if isinstance(error.__cause__, psycopg.Error):
        return (sqlstate(error) or "").startswith(PROGRAM_LIMITS)
    return any(words in str(error) for words in PROGRAMMING_MISTAKES)


def violates_unique(error: IntegrityError, model: type[models.Model], name: str) -> bool:
    """True if the error is a violation of a unique constraint, index or field of the model.

    PostgreSQL names the constraint or index. SQLite names the index of an expression, and of
    others the columns: "table.column, table.column".
    """
    table, fields = model._meta.db_table, {field.name: field for field in model._meta.fields}
    constraints = {
        each.name: each
        for each in model._meta.constraints
        if isinstance(each, models.UniqueConstraint) and each.fields
    }
    if connection.vendor == "postgresql":
        return _violated_constraint(error) == (f"{table}_{name}_key" if name in fields else name)
    if name in fields or name in constraints:
        names = [name] if name in fields else constraints[name].fields
        violated = ", ".join(f"{table}.{fields[each].column}" for each in names)
    else:
        violated = f"index '{name}'"
    return str(error) == f"UNIQUE constraint failed: {violated}"


def violates_foreign_key(error: IntegrityError, column: str) -> bool:
    """True if the error is a violation of a foreign key in this column; on SQLite, of any.

    Django's names of foreign keys begin with the table and the column.
    """
    if connection.vendor == "postgresql":
        name = _violated_constraint(error) or ""
        return f"_{column}_" in name and "_fk_" in name
    return str(error) == FOREIGN_KEY_FAILED


def _violates_any_foreign_key(error: BaseException) -> bool:
    return sqlstate(error) == FOREIGN_KEY_VIOLATION or str(error) == FOREIGN_KEY_FAILED


def _violated_constraint(error: IntegrityError) -> str | None:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", None)
