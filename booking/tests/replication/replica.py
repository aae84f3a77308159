"""The replica and failover on real PostgreSQL: a primary, a streaming standby, and granian."""

import random
import time
from contextlib import ExitStack

from django.test import SimpleTestCase

from booking.tests.postgres import Postgres
from booking.tests.replication.servers import (
    Application,
    Standby,
    poll,
    run_sql,
    wait_for_replay,
)

ALICE = {"username": "alice", "password": "monsieur-hulot-1958"}
FOR_EVER = "3600"  # seconds that the replica may be behind


class ReplicationTestCase(SimpleTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with ExitStack() as stack:
            cls.primary = stack.enter_context(Postgres())
            Application(DATABASE_URL=cls.primary.url).manage("migrate")
            Application(DATABASE_URL=cls.primary.url).manage("demo")
            cls.standby = stack.enter_context(Standby(cls.primary))
            cls.addClassCleanup(stack.pop_all().close)

    def start(self, **environment):
        urls = {"DATABASE_URL": self.primary.url, "DATABASE_REPLICA_URL": self.standby.url}
        self.app = Application(**urls | environment)
        self.enterContext(self.app)
        self.app.ask("/api/signup/", ALICE)  # 400 if another test has
        status, tokens = self.app.ask("/api/login/", ALICE)
        self.assertEqual(status, 200)
        self.token = tokens["access"]
        shows = [each for each in self.shows() if each["is_bookable"]]
        self.show = random.choice(shows)["id"]  # Alice may have ten seats of each

    def shows(self):
        return self.app.ask("/api/shows/?page_size=500")[1]

    def map(self, token=None):
        status, body = self.app.ask(f"/api/shows/{self.show}/seats/", token=token)
        self.assertEqual(status, 200, body)
        return body

    def book(self):
        """Book a free seat as Alice, check that she sees it, and return its number."""
        taken = self.map(self.token)
        free = set(range(1, taken["total_seats"])).difference(taken["booked"], taken["held"])
        seat = max(free)
        path = f"/api/shows/{self.show}/book/"
        status, body = self.app.ask(path, {"seat_number": seat}, self.token)
        self.assertEqual(status, 201, body)
        self.assertIn(seat, self.map(self.token)["mine"]["booked"])
        mine = self.app.ask("/api/my-bookings/", token=self.token)[1]
        self.assertEqual((mine[0]["seat_number"], mine[0]["show"]["id"]), (seat, self.show))
        return seat

    def assertReplicaIsReadAgain(self):
        run_sql(self.standby, "SELECT pg_wal_replay_resume()")
        wait_for_replay(self.primary, self.standby)
        self.pause_replay()
        self.seat = self.book()
        poll(self.reads_replica)

    def pause_replay(self):
        run_sql(self.standby, "SELECT pg_wal_replay_pause()")
        self.addCleanup(run_sql, self.standby, "SELECT pg_wal_replay_resume()")

    def poll_until_replica_is_read(self):
        before = self.scans_of_replica()
        poll(lambda: self.map() and self.scans_of_replica() > before)

    def scans_of_replica(self):
        """Number of scans of the bookings table on the replica, by its statistics."""
        count = "SELECT coalesce(idx_scan, 0) + seq_scan FROM pg_stat_user_tables WHERE relname = "
        return run_sql(self.standby, f"{count}'booking_booking'")[0][0]

    def reads_replica(self):
        """True if an anonymous answer lacks a booking that the paused replica does not have."""
        return self.seat not in self.map()["booked"]


class ReplicaTests(ReplicationTestCase):
    def test_anonymous_request_reads_the_replica_and_a_customer_the_primary(self):
        self.start(REPLICA_MAX_LAG_SECONDS=FOR_EVER)
        wait_for_replay(self.primary, self.standby)
        self.pause_replay()
        self.seat = self.book()
        poll(self.reads_replica)
        movie = self.app.ask("/api/movies/")[1][0]["id"]
        for path in (f"/api/movies/{movie}/shows/", f"/api/shows/{self.show}/layout/"):
            self.assertEqual(self.app.ask(path)[0], 200)
        [anonymous] = [each for each in self.shows() if each["id"] == self.show]
        of_alice = self.app.ask(f"/api/shows/{self.show}/", token=self.token)[1]
        self.assertEqual(anonymous["available_seats"], of_alice["available_seats"] + 1)
        run_sql(self.standby, "SELECT pg_wal_replay_resume()")
        poll(lambda: self.seat in self.map()["booked"])

    def test_replica_that_is_too_far_behind_is_left_out_and_taken_back(self):
        self.start(REPLICA_MAX_LAG_SECONDS="2")
        self.pause_replay()
        self.seat = self.book()
        time.sleep(2)  # from now on an answer of the replica would be older than allowed
        for _ in range(20):
            self.assertIn(self.seat, self.map()["booked"])
        run_sql(self.standby, "SELECT pg_wal_replay_resume()")
        wait_for_replay(self.primary, self.standby)
        self.poll_until_replica_is_read()

    def test_replica_two_seconds_behind_never_hides_a_booking_from_its_customer(self):
        run_sql(self.standby, "ALTER SYSTEM SET recovery_min_apply_delay = '2s'")
        run_sql(self.standby, "SELECT pg_reload_conf()")
        self.addCleanup(run_sql, self.standby, "SELECT pg_reload_conf()")
        self.addCleanup(run_sql, self.standby, "ALTER SYSTEM RESET recovery_min_apply_delay")
        self.start(REPLICA_MAX_LAG_SECONDS="30")
        self.poll_until_replica_is_read()
        for _ in range(5):
            self.book()  # looks at the next answers

    def test_replica_that_was_stopped_is_left_out_and_taken_back(self):
        self.start(REPLICA_MAX_LAG_SECONDS=FOR_EVER)
        wait_for_replay(self.primary, self.standby)
        self.pause_replay()
        self.seat = self.book()
        poll(self.reads_replica)
        self.standby.stop()
        try:
            for _ in range(5):
                self.assertIn(self.seat, self.map()["booked"])
        finally:
            self.standby.serve()
        self.assertReplicaIsReadAgain()

    def test_replica_that_is_frozen_delays_one_answer_at_most(self):
        self.start(REPLICA_MAX_LAG_SECONDS=FOR_EVER)
        wait_for_replay(self.primary, self.standby)
        self.pause_replay()
        self.seat = self.book()
        poll(self.reads_replica)
        with self.standby.frozen():
            self.assertIn(self.seat, self.map()["booked"])
            started = time.monotonic()
            for _ in range(60):
                self.assertIn(self.seat, self.map()["booked"])
            self.assertLess(time.monotonic() - started, 30)  # with a wait each it would be 60
        self.assertReplicaIsReadAgain()


class FailoverTests(ReplicationTestCase):
    def test_promoted_standby_is_found_and_has_every_booking(self):
        hosts = [str(each.folder).replace("/", "%2F") for each in (self.primary, self.standby)]
        url = f"postgres://postgres@{','.join(hosts)}/postgres"
        self.start(DATABASE_URL=url, DATABASE_REPLICA_URL="")
        seat = self.book()
        wait_for_replay(self.primary, self.standby)
        self.primary.crash()
        status, body = self.app.ask(f"/api/shows/{self.show}/seats/")
        self.assertEqual((status, body["code"]), (503, "unavailable"))
        run_sql(self.standby, "SELECT pg_promote()")
        poll(lambda: self.app.ask(f"/api/shows/{self.show}/seats/")[0] == 200)
        self.assertIn(seat, self.map(self.token)["mine"]["booked"])
        self.book()
