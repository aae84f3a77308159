"""What is tested: each pooler, its mode and settings, with and without DATABASE_POOLER."""

from dataclasses import dataclass, replace

from ..torture.pooler import POOL_SIZES
from .programs import NEW_PGBOUNCER, ODYSSEY, OLD_PGBOUNCER

NONE, DJANGO = "none", "Django's pool"


@dataclass(frozen=True, kw_only=True)
class Combination:
    """`prepared`: max_prepared_statements of PgBouncer; None where it is not set.

    `is_known`: DATABASE_POOLER=on. Off, the application sends startup options and prepares its
    statements.
    """

    pooler: str = NONE
    mode: str = ""
    prepared: int | None = None
    is_known: bool = False
    postgres: int = 15

    @property
    def is_separate(self):
        """True if the pooler is a process of its own."""
        return self.pooler not in (NONE, DJANGO)

    @property
    def name(self):
        """For example "PostgreSQL 15, PgBouncer 1.24+, transaction, 200, on"."""
        return ", ".join([f"PostgreSQL {self.postgres}", *filter(None, self.cells)])

    @property
    def cells(self):
        """Pooler, mode, max_prepared_statements and DATABASE_POOLER."""
        prepared = "" if self.prepared is None else f"{self.prepared}"
        return [self.pooler, self.mode, prepared, "on" if self.is_known else "off"]

    @property
    def query(self):
        """Of the application's DATABASE_URL."""
        return "?pool=true" if self.pooler == DJANGO else ""


def _in_both_modes(pooler, prepared=None):
    return [
        Combination(pooler=pooler, mode=mode, prepared=prepared, is_known=is_known)
        for mode in POOL_SIZES
        for is_known in (True, False)
    ]


OLDER_POSTGRES = [
    Combination(),
    Combination(pooler=DJANGO),
    *_in_both_modes(OLD_PGBOUNCER),
    *_in_both_modes(NEW_PGBOUNCER, 0),
    *_in_both_modes(NEW_PGBOUNCER, 200),
    *_in_both_modes(ODYSSEY),
]
# The server's version matters where statements are prepared, and sessions are shared.
NEWER_POSTGRES = [
    replace(each, postgres=18)
    for each in OLDER_POSTGRES
    if not each.is_known and each.mode != "session"
]
COMBINATIONS = OLDER_POSTGRES + NEWER_POSTGRES
