"""Cache backends with atomic counters, shared by all worker processes.

Django's own database cache reads a counter and writes it back, so two workers that count at the
same moment count once. Here it is one statement.
"""

import logging
from datetime import datetime

from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.db import connections, router
from django.utils import timezone
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


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

    def delete_expired(self) -> int:
        """Delete the expired rows and return how many there were."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {connection.ops.quote_name(self._table)} WHERE expires < %s",  # noqa: S608 our own table
                [now],
            )
            return cursor.rowcount


class RedisCounterCache(RedisCache):
    """Django's Redis cache with atomic counters."""

    def increment(self, key: str, *, by: int, expires_at: datetime) -> int:
        """Like DatabaseCounterCache.increment; 0 if Redis cannot be reached.

        Without Redis the throttles allow everything, which is better than selling nothing.
        """
        client = self._cache.get_client(key, write=True)
        redis_key = self.make_and_validate_key(key)
        try:
            with client.pipeline() as pipeline:
                pipeline.incrby(redis_key, by)
                pipeline.expireat(redis_key, expires_at)
                return pipeline.execute()[0]
        except RedisError as error:
            log.error("Redis is unavailable, so requests are not throttled: %s", error)
            return 0

    def delete_expired(self) -> int:
        """Nothing to do: Redis deletes expired keys itself."""
        return 0
