"""When the database cannot: which trouble passes by itself, and which is tried again at once."""

import random
import time
from functools import wraps

from django.db import (
    DatabaseError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
)

BUSY = "busy"  # in a moment it may work
AWAY = "away"  # it takes longer: the server is down, starts, or takes no changes

# SQLSTATEs: PostgreSQL, appendix A.
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "55P03", "57014"
DEADLOCK, SERIALIZATION_FAILURE = "40P01", "40001"
IDLE_IN_TRANSACTION, TRANSACTION_TIMEOUT = "25P03", "25P04"
READ_ONLY = "25006"

TIMED_OUT = {LOCK_TIMEOUT, STATEMENT_TIMEOUT}
ROLLED_BACK = {DEADLOCK, SERIALIZATION_FAILURE}
STATES_OF_BUSY = TIMED_OUT | ROLLED_BACK | {IDLE_IN_TRANSACTION, TRANSACTION_TIMEOUT}

# SQLite has no codes: what it calls operational and is our mistake, and the other way round.
OURS = ("no such", "syntax error", "has no column", "duplicate column", "too many")
BROKEN = ("malformed", "not a database")

RETRIES = 3
PAUSE = 0.02  # seconds, about, before the first retry; then twice as long each time


def sqlstate(error):
    """PostgreSQL's code for what happened, or None."""
    return getattr(error.__cause__, "sqlstate", None)


def trouble(error):
    """BUSY or AWAY, or None: then the database is well, and the mistake is ours."""
    if not isinstance(error, DatabaseError | InterfaceError):
        return None
    state, message = sqlstate(error), str(error)
    if state in STATES_OF_BUSY or "is locked" in message:
        return BUSY
    if isinstance(error, OperationalError):
        return None if any(words in message for words in OURS) else AWAY
    if isinstance(error, InternalError):
        return AWAY if state == READ_ONLY else None
    if isinstance(error, InterfaceError):
        return AWAY if "closed" in message else None
    return AWAY if any(words in message for words in BROKEN) else None


def retried(transact):
    """Decorates what is one transaction: if the database rolls it back for the sake of another
    one (a deadlock, a serialization failure), it is tried again, up to three times.

    Both mean that nothing was committed, even if COMMIT itself says so. Whatever leaves that
    open is not tried again. Within another transaction, that one is what to try again.
    """

    @wraps(transact)
    def persistent(*args, **kwargs):
        for retry in range(RETRIES):
            try:
                return transact(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or sqlstate(error) not in ROLLED_BACK:
                    raise
            # Random, or the two that met would meet again.
            time.sleep(random.uniform(0.5, 1.5) * PAUSE * 2**retry)  # noqa: S311 no secret
        return transact(*args, **kwargs)

    return persistent
