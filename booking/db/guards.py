"""Guards of a PostgreSQL connection: durable commits, time limits, encoding.

Server, role and pooler decide some of them, so a process checks them when it first connects. Where
a crash would lose bookings, the setting is corrected or the database refused. `missing_guards`
names the time limits that are missing.
"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .replica import REPLICA

# Nothing is lost with "on" and "remote_apply"; "remote_write" trusts the memory of the standby.
LOSES_COMMITS = ("off", "local")
NO_LIMIT = "0"
DURABILITY: dict[tuple[str, ...], list[str]] = {}  # settings of the servers seen by this process
MENDED_BY = "`manage.py tune_database` sets it for the role."


def require_guards(connection: Any, **kwargs: Any) -> None:
    """Receiver of `connection_created`. Raises ImproperlyConfigured for an unsafe database."""
    if connection.vendor != "postgresql":
        return
    try:
        _require_utf8(connection)
        if connection.alias != REPLICA:  # where nothing is committed
            _require_durable_commits(connection)
    except ImproperlyConfigured:
        connection.close()  # or the next query would use it
        raise


def _require_utf8(connection: Any) -> None:
    """Refuse a database that cannot store every title, or none reliably (SQL_ASCII).

    The server reports its encoding when a connection is opened. A pooler may not pass it on.
    """
    encoding = connection.connection.info.parameter_status("server_encoding")
    if encoding not in ("UTF8", None):
        raise ImproperlyConfigured(
            f"The database has the encoding {encoding}. It must be UTF8: "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )


def _require_durable_commits(connection: Any) -> None:
    """Raise synchronous_commit to "on" where a crash would lose acknowledged bookings."""
    info = connection.connection.info  # of the server that was reached, of several hosts
    key = (info.host, str(info.port), info.dbname, info.user)
    if key not in DURABILITY:
        DURABILITY[key] = _current(connection, "fsync", "synchronous_commit")
    fsync, synchronous_commit = DURABILITY[key]
    if fsync == "off" and settings.REQUIRE_FSYNC:
        raise ImproperlyConfigured(
            "The server has fsync = off: a crash would lose acknowledged bookings. "
            "Set fsync = on in postgresql.conf."
        )
    if synchronous_commit not in LOSES_COMMITS:
        return
    # SET would change it for other clients, too, and not for all transactions of this one.
    if settings.DATABASE_POOLER or _is_pooled(connection):
        raise ImproperlyConfigured(
            f"The role has synchronous_commit = {synchronous_commit}: a crash would lose "
            f"acknowledged bookings. {MENDED_BY}"
        )
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")


def _is_pooled(connection: Any) -> bool:
    """True if a pooler is in between: it gives clients a process id of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone() != (connection.connection.info.backend_pid,)


def durable_synchronous_commit(connection: Any) -> dict[str, str]:
    """The setting that has to be written to the role, if a crash would lose commits."""
    [found] = _current(connection, "synchronous_commit")
    return {"synchronous_commit": "on"} if found in LOSES_COMMITS else {}


def missing_guards(connection: Any) -> list[str]:
    """A sentence for each time limit that the connection does not have."""
    if connection.vendor != "postgresql":
        return []
    limits = [name for name in settings.SESSION_SETTINGS if name.endswith("_timeout")]
    found = zip(limits, _current(connection, *limits), strict=True)
    return [f"{name} is not set. {MENDED_BY}" for name, value in found if value == NO_LIMIT]


def _current(connection: Any, *names: str) -> list[str]:
    with connection.cursor() as cursor:
        columns = ", ".join(["current_setting(%s)"] * len(names))
        cursor.execute(f"SELECT {columns}", names)
        return list(cursor.fetchone())
