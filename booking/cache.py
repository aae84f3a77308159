"""Cache backends with atomic counters, shared by all worker processes.

Django's own database cache reads a counter and writes it back, so two workers that count at the
same moment count once. Here it is one statement.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.db import connections, router
from django.utils import timezone
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

# "%.0f": Lua writes large numbers with an exponent.
ADVANCE = """
local value = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(ARGV[1]))
local text = string.format('%.0f', value + tonumber(ARGV[2]))
redis.call('SET', KEYS[1], text, 'EXAT', ARGV[3])
return text
"""
SLICE_SIZE = 5000  # rows; a short DELETE holds its locks briefly
T = TypeVar("T")


class DatabaseCounterCache(DatabaseCache):
    """Django's database cache with atomic counters."""

    _table: str  # set by Django's class

    def increment(self, key: str, *, by: int, expires_at: datetime) -> int:
        """Add `by` to the counter and return its new value. A new counter starts at 0."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)
        new_value = f"CAST(CAST({table}.value AS integer) + %s AS text)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s) "  # noqa: S608 our own table
                f"ON CONFLICT (cache_key) DO UPDATE SET value = {new_value} RETURNING value",
                [
                    self.make_and_validate_key(key),
                    str(by),
                    connection.ops.adapt_datetimefield_value(expires_at.replace(microsecond=0)),
                    by,
                ],
            )
            return int(cursor.fetchone()[0])

    def advance(self, key: str, *, least: int, by: int, expires_at: datetime) -> int | None:
        """Set the counter to `least` if it is below, add `by`, and return its new value."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)
        value = f"CAST({table}.value AS bigint)"
        expires = connection.ops.adapt_datetimefield_value(expires_at.replace(microsecond=0))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s) "  # noqa: S608 our own table
                f"ON CONFLICT (cache_key) DO UPDATE SET expires = excluded.expires, value = "
                f"CAST(CASE WHEN {value} > %s THEN {value} ELSE %s END + %s AS text) "
                "RETURNING value",
                [self.make_and_validate_key(key), str(least + by), expires, least, least, by],
            )
            return int(cursor.fetchone()[0])

    def read_counters(self, keys: Sequence[str]) -> list[int]:
        """The values of the counters, 0 for those that do not exist. They are not created."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        names = [self.make_and_validate_key(key) for key in keys]
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT cache_key, value FROM {connection.ops.quote_name(self._table)} "  # noqa: S608 our own table
                f"WHERE cache_key IN ({', '.join(['%s'] * len(names))})",
                names,
            )
            values = dict(cursor.fetchall())
        return [int(values.get(name, 0)) for name in names]

    def delete_expired(self) -> int:
        """Delete the expired rows, in slices, and return how many there were."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        deleted = 0
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    f"DELETE FROM {table} WHERE cache_key IN "  # noqa: S608 our own table
                    f"(SELECT cache_key FROM {table} WHERE expires < %s LIMIT {SLICE_SIZE})",
                    [now],
                )
                deleted += cursor.rowcount
                if cursor.rowcount < SLICE_SIZE:
                    return deleted


class RedisCounterCache(RedisCache):
    """Django's Redis cache with atomic counters. While Redis fails they are in the database.

    After an error Redis is left alone for PAUSE seconds: each attempt to reach a host that does not
    answer takes a second, and a login counts several times.
    """

    PAUSE = 30
    paused_until: dict[str, float] = {}  # by URL; of all threads, each has a cache of its own
    lock = Lock()

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self.server = server
        self.database = DatabaseCounterCache("counters", params)

    def increment(self, key: str, *, by: int, expires_at: datetime) -> int:
        """Like DatabaseCounterCache.increment."""

        def increment_in_redis() -> int:
            name = self.make_and_validate_key(key)
            with self._cache.get_client(name, write=True).pipeline() as pipeline:
                pipeline.incrby(name, by)
                pipeline.expireat(name, expires_at)
                return pipeline.execute()[0]

        return self._try_redis(
            increment_in_redis,
            lambda: self.database.increment(key, by=by, expires_at=expires_at),
        )

    def advance(self, key: str, *, least: int, by: int, expires_at: datetime) -> int | None:
        """Like DatabaseCounterCache.advance, but None while Redis fails."""

        def advance_in_redis() -> int:
            name = self.make_and_validate_key(key)
            client = self._cache.get_client(name, write=True)
            expires = int(expires_at.timestamp())
            return int(client.eval(ADVANCE, 1, name, least, by, expires))

        return self._try_redis(advance_in_redis, lambda: None)

    def read_counters(self, keys: Sequence[str]) -> list[int]:
        """Like DatabaseCounterCache.read_counters."""

        def read_from_redis() -> list[int]:
            client = self._cache.get_client(write=True)
            return [int(value or 0) for value in client.mget(map(self.make_and_validate_key, keys))]

        return self._try_redis(read_from_redis, lambda: self.database.read_counters(keys))

    def delete_expired(self) -> int:
        """Delete those in the database; Redis deletes expired keys itself."""
        return self.database.delete_expired()

    def _try_redis(self, in_redis: Callable[[], T], in_database: Callable[[], T]) -> T:
        if time.monotonic() >= self.paused_until.get(self.server, 0):
            try:
                return in_redis()
            except RedisError as error:
                self._pause(error)
        return in_database()

    def _pause(self, error: RedisError) -> None:
        with self.lock:
            now = time.monotonic()
            if now < self.paused_until.get(self.server, 0):  # another thread was first
                return
            self.paused_until[self.server] = now + self.PAUSE
        log.error(
            "Redis is unavailable; for %s seconds requests are counted in the database: %s",
            self.PAUSE,
            error,
        )
