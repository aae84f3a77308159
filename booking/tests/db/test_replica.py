"""How fresh the replica is, by WAL positions. On real servers: booking/tests/replication."""

import time
from math import inf

from django.test import SimpleTestCase, override_settings

from booking.db.replica import REPLICA, Freshness, ReplicaRouter, reading_from, reading_replica
from booking.models import Movie


@override_settings(REPLICA_MAX_LAG=5)
class FreshnessTests(SimpleTestCase):
    def freshness(self, *positions):
        freshness = Freshness()
        freshness.thread = "none in this test"
        freshness.positions.extend(positions)
        return freshness

    def test_replica_has_what_was_committed_at_the_last_position_it_has_replayed(self):
        freshness = self.freshness((10, 100), (11, 200), (12, 300))
        freshness.note(250, 12)
        self.assertEqual(freshness.fresh_at, 11)
        self.assertEqual(list(freshness.positions), [(12, 300)])
        freshness.note(299, 13)
        self.assertEqual(freshness.fresh_at, 11)  # it falls behind as time passes
        freshness.note(300, 14)
        self.assertEqual(freshness.fresh_at, 12)

    def test_replica_is_fresh_for_as_long_as_it_may_be_behind(self):
        now = time.monotonic()
        freshness = self.freshness((now - 4, 100))
        self.assertFalse(freshness.is_fresh())
        freshness.note(100, now)
        self.assertTrue(freshness.is_fresh() or time.monotonic() > now + 1)
        with override_settings(REPLICA_MAX_LAG=2):
            self.assertFalse(freshness.is_fresh())

    def test_promoted_replica_is_not_fresh(self):
        freshness = self.freshness((10, 100))
        freshness.note(100, 10)
        freshness.note(None, 11)
        self.assertEqual(freshness.fresh_at, -inf)

    def test_check_that_began_before_a_failure_does_not_count(self):
        freshness = self.freshness((10, 100))
        freshness.failed_at = 11
        freshness.note(100, 10)
        self.assertEqual(freshness.fresh_at, -inf)
        freshness.note(100, 12)
        self.assertEqual(freshness.fresh_at, 10)

    def test_positions_older_than_the_limit_are_forgotten(self):
        freshness = self.freshness(*((second, 100 + second) for second in range(20)))
        freshness.note(50, 19)
        self.assertEqual([second for second, _ in freshness.positions], [14, 15, 16, 17, 18, 19])


class RoutingTests(SimpleTestCase):
    def test_only_reads_inside_the_block_go_to_the_replica(self):
        router = ReplicaRouter()
        with reading_replica():
            self.assertEqual(router.db_for_read(Movie), REPLICA)
            self.assertEqual(router.db_for_write(Movie), "default")
        self.assertEqual((router.db_for_read(Movie), reading_from.get()), ("default", "default"))
