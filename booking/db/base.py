"""Database backend `booking.db`: Django's for PostgreSQL, with fewer round trips.

`run_pipeline` sends several statements in one message. `defer` keeps a statement until the next
one, or until COMMIT, and sends both together. `atomic()` decides when to commit, as in Django,
and a deferred statement is part of the transaction in which it was deferred.

Two guards are there without a pipeline as well. A server that does not answer in time is given up.
A COMMIT that comes with a warning is an error: its outcome is unknown.

`DATABASE_POOLER=on`, or a client library without pipeline mode, sends each statement by itself,
unprepared.

Private API of Django used here: `DatabaseWrapper._commit`, `_rollback`, `_savepoint_rollback`,
`get_new_connection`, `validate_no_broken_transaction`, `validate_thread_sharing`, `queries_log`,
`execute_wrappers` and `debug_transaction`; of psycopg `Connection.wait`.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

import psycopg
from django.conf import settings
from django.db import OperationalError
from django.db.backends.postgresql import base
from django.db.backends.utils import debug_transaction, logger
from psycopg import capabilities

from .pipeline import Pipeline, Rows, Statement, has_unread_data
from .replica import REPLICA

REFUSED_OPTIONS = "unsupported startup parameter"  # PgBouncer's words
POOLER_ADVICE = (
    "A pooler refuses the time limits of the application. "
    "Set DATABASE_POOLER=on, and run `manage.py tune_database` once."
)


class Deferred(NamedTuple):
    """A statement that is sent with the next one, and what is called with its rows then."""

    statement: Statement
    on_rows: Callable[[Rows], None] | None = None


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_pipeline = capabilities.has_pipeline() and not settings.DATABASE_POOLER
        self.deferred: list[Deferred] = []
        self.has_rolled_back_errors = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        try:
            connection = super().get_new_connection(conn_params)
        except psycopg.OperationalError as error:
            if REFUSED_OPTIONS in str(error):
                raise psycopg.OperationalError(f"{error}\n{POOLER_ADVICE}") from error
            raise
        # A connection of Django's pool had another wrapper before.
        if not hasattr(connection, "pipeline_of_statements"):
            connection.pipeline_of_statements = Pipeline(connection)
            # PostgreSQL's own limits do not hold for a server that is frozen, or for a COMMIT that
            # waits for a standby. Django closes a connection that fails so.
            is_replica = self.alias == REPLICA
            deadline = settings.REPLICA_DEADLINE if is_replica else settings.DATABASE_DEADLINE
            connection.wait = partial(connection.wait, timeout=deadline)
        self.pipeline: Pipeline = connection.pipeline_of_statements
        return connection

    def is_usable(self) -> bool:
        """True without a SELECT if the server has not closed the connection since its last use.

        After an error, False if the server is read-only, as the former primary may be after a
        failover: the next connection finds the new one, if DATABASE_URL names both.
        """
        if self.connection is None or has_unread_data(self.connection):
            return super().is_usable()
        return not self.errors_occurred or self._is_writable()

    def _is_writable(self) -> bool:
        try:
            with self.connection.cursor() as cursor:
                return cursor.execute("SHOW transaction_read_only").fetchone() == ("off",)
        except psycopg.Error:
            return False

    def close_if_unusable_or_obsolete(self) -> None:
        self.errors_occurred |= self.has_rolled_back_errors  # Django forgets them
        self.has_rolled_back_errors = False
        super().close_if_unusable_or_obsolete()

    def run_pipeline(self, statements: Sequence[Statement], *, commit: bool = False) -> list[Rows]:
        """Send deferred statements, these, and perhaps COMMIT in one message; the rows of these.

        Each statement sees what was committed when its turn came: what follows a row lock is read
        after the wait for the lock. BEGIN is part of the first message of a transaction. Under
        `execute_wrapper()`, which expects to see each statement, they are sent one by one; what was
        deferred before it is still sent in one message.

        Raises the error of the first statement that fails; the server skips those after it.
        """
        must_wrap = len(self.execute_wrappers) > bool(self.deferred)
        if statements and (must_wrap or not self.has_pipeline):
            return self._run_one_by_one(statements)
        self.validate_thread_sharing()
        # Report a lost connection before the broken transaction, as Django's cursors do. Code that
        # swallowed the first error, such as `Q.check`, would get a TransactionManagementError: a
        # 500, not a 503.
        if self.in_atomic_block and self.connection is not None and self.connection.closed:
            raise OperationalError("the connection is closed")
        self.validate_no_broken_transaction()
        if not self.in_atomic_block:
            self.close_if_health_check_failed()
        self.ensure_connection()
        message = [*map(attrgetter("statement"), self.deferred), *statements]
        started = time.monotonic()
        try:
            with self.wrap_database_errors, self.pipeline.lock:
                converted = self.pipeline.convert(message)
                deferred, self.deferred = self.deferred, []
                if deferred:
                    self.execute_wrappers.remove(self._flush_before)
                results = self.pipeline.run(converted, commit=commit)
        finally:
            if self.queries_logged:
                self._log(message, time.monotonic() - started)
        for each, rows in zip(deferred, results, strict=False):
            if each.on_rows is not None:
                each.on_rows(rows)
        return results[len(deferred) :]

    def defer(self, *statements: Deferred) -> None:
        """Run statements with the next one of this transaction, or with its COMMIT.

        Any other statement of this connection, by whatever cursor, sends them first. Outside
        `atomic()` and under `execute_wrapper()` they are run at once.
        """
        must_wrap = len(self.execute_wrappers) > bool(self.deferred)
        if not self.in_atomic_block or must_wrap or not self.has_pipeline:
            for statement, on_rows in statements:
                [rows] = self.run_pipeline([statement])
                if on_rows is not None:
                    on_rows(rows)
            return
        if self.needs_rollback:
            self.run_pipeline([])  # raises: the connection is lost or the transaction broken
        if not self.deferred:
            # First in the list: `execute_wrapper()` removes its own wrapper from the end.
            self.execute_wrappers.insert(0, self._flush_before)
        self.deferred.extend(statements)

    def flush_deferred(self) -> None:
        """Run the deferred statements now. Raises their errors."""
        if self.deferred:
            self.run_pipeline([])

    def _flush_before(  # an execute wrapper
        self,
        execute: Callable[..., Any],
        sql: str,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        self.flush_deferred()
        return execute(sql, params, many, context)

    def _discard_deferred(self) -> None:
        if self.deferred:
            self.deferred = []
            self.execute_wrappers.remove(self._flush_before)

    def _run_one_by_one(self, statements: Sequence[Statement]) -> list[Rows]:
        with self.cursor() as cursor:
            return [cursor.execute(*each) and cursor.fetchall() for each in statements]

    def _commit(self) -> None:
        if self.deferred:
            with debug_transaction(self, "COMMIT"):
                self.run_pipeline([], commit=True)
            return
        if self.connection is None:
            return
        self.pipeline.warnings.clear()
        super()._commit()  # type: ignore[misc]  # private: not in django-stubs
        if self.pipeline.warnings:
            with self.wrap_database_errors:
                self.pipeline.raise_warning_of_commit()

    def _rollback(self) -> None:
        self._discard_deferred()
        self.has_rolled_back_errors |= self.errors_occurred
        super()._rollback()  # type: ignore[misc]  # private: not in django-stubs

    def _savepoint_rollback(self, sid: str) -> None:
        # All were deferred after this savepoint: to set one runs what was deferred before it.
        self._discard_deferred()
        super()._savepoint_rollback(sid)  # type: ignore[misc]  # private: not in django-stubs

    def close(self) -> None:
        self._discard_deferred()
        super().close()

    def _log(self, message: Sequence[Statement], seconds: float) -> None:
        share = seconds / len(message)
        for sql, params in message:
            self.queries_log.append({"sql": sql, "time": f"{share:.3f}"})
            logger.debug("(%.3f) %s; args=%s; alias=%s", share, sql, params, self.alias)
