from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def consistent_snapshot() -> Iterator[None]:
    """A read-only transaction in which all queries see the same moment. It blocks no sale."""
    if connection.vendor == "postgresql":
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")  # reading a large table takes minutes
            with without_deadline(connection.connection):
                yield
        return
    with _sqlite_for_reading(connection), transaction.atomic(durable=True):
        yield


@contextmanager
def _sqlite_for_reading(connection: Any) -> Iterator[None]:
    connection.ensure_connection()  # `transaction_mode` is set when it connects
    mode = connection.transaction_mode
    connection.transaction_mode = "DEFERRED"  # IMMEDIATE would keep all sales waiting
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        try:
            yield
        finally:
            cursor.execute("PRAGMA query_only = OFF")
            connection.transaction_mode = mode


@contextmanager
def without_deadline(connection: Any) -> Iterator[None]:
    """DATABASE_DEADLINE_SECONDS is for requests: it is an attribute of psycopg's connection."""
    wait = vars(connection).pop("wait", None)
    try:
        yield
    finally:
        if wait is not None:
            connection.wait = wait
