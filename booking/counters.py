"""Counting what happens within a time, over all workers: the cache that throttles use.

Django's own database cache reads a counter and writes it back, and loses what another worker
counted in between. Here it is one statement.
"""

import logging

from django.core.cache.backends.db import DatabaseCache
from django.core.cache.backends.redis import RedisCache
from django.db import connections, router
from django.utils import timezone
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class DatabaseCounters(DatabaseCache):
    """Counters in the table of the cache."""

    def count(self, key, by, until):
        """Adds to the counter and answers what it is then. `until` is when it can be forgotten."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        table = connection.ops.quote_name(self._table)
        text = f"CAST(CAST({table}.value AS integer) + %s AS text)"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table} (cache_key, value, expires) VALUES (%s, %s, %s) "  # noqa: S608 our own table
                f"ON CONFLICT (cache_key) DO UPDATE SET value = {text} RETURNING value",
                [
                    self.make_and_validate_key(key),
                    str(by),
                    connection.ops.adapt_datetimefield_value(until.replace(microsecond=0)),
                    by,
                ],
            )
            return int(cursor.fetchone()[0])

    def forget_outdated(self):
        """Answers how many counters were forgotten."""
        connection = connections[router.db_for_write(self.cache_model_class)]
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {connection.ops.quote_name(self._table)} WHERE expires < %s",  # noqa: S608
                [now],
            )
            return cursor.rowcount


class RedisCounters(RedisCache):
    """The same in Redis, which forgets by itself."""

    def count(self, key, by, until):
        client = self._cache.get_client(key, write=True)
        name = self.make_and_validate_key(key)
        try:
            with client.pipeline() as together:
                together.incrby(name, by)
                together.expireat(name, until)
                return together.execute()[0]
        except RedisError as error:
            # Better a throttle that does not hold for a while than a cinema that does not sell.
            log.error("Redis does not count: %s", error)
            return 0

    def forget_outdated(self):
        return 0
