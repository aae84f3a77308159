"""Histories are read back from their files, and runs judged."""

from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import TestCase

from booking.tests.torture.histories import ALICE, BOB
from booking.tests.torture.history import Attempt, History, Request, read
from booking.tests.torture.verdict import judge


class HistoryTests(TestCase):
    def test_history_written_can_be_read(self):
        with TemporaryDirectory() as folder:
            path = Path(folder) / "history.jsonl"
            history = History(path)
            first = history.begin(
                user=ALICE, show=1, kind="book", arguments={"seats": [1]}, key="k"
            )
            other = history.begin(user=BOB, show=1, kind="map", arguments={}, key=None)
            lost, answered, unfinished = Attempt(1.25), Attempt(2.5), Attempt(2.75)
            history.sent(first, lost)
            history.sent(other, unfinished)
            lost.returned = 1.5
            history.returned(first, lost)
            history.sent(first, answered)
            answered.returned, answered.status, answered.body, answered.replayed = (
                3.5,
                201,
                "{}",
                True,
            )
            history.returned(first, answered)
            history.close()
            self.assertEqual(read(path), [first, other])
        self.assertEqual(first.attempts, [Attempt(1.25, 1.5), Attempt(2.5, 3.5, 201, "{}", True)])
        self.assertEqual(first.final_attempt, answered)


class VerdictTests(TestCase):
    FACTS = {
        "vendor": "PostgreSQL",
        "exact": True,
        "ended": 100,
        "faults": [],
        "counts": {},
        "tables": {"keys": [], "bookings": [], "events": [], "shows": [], "inactive": []},
    }

    def judge(self, *requests, **facts):
        return judge(requests, self.FACTS | {"expected": []} | facts)

    def test_run_without_expected_events_proves_nothing(self):
        self.assertTrue(self.judge().passed)
        verdict = self.judge(expected=["workers killed", "book done"])
        self.assertFalse(verdict.passed or verdict.rejected)
        self.assertEqual(
            verdict.faults, ["there were no workers killed", "there were no book done"]
        )

    def test_server_always_busy_proves_nothing(self):
        busy = Request(0, ALICE, 1, "book", {"seats": [1]}, "k", [Attempt(0, 1, 503, "{}")])
        verdict = self.judge(busy)
        self.assertFalse(verdict.passed or verdict.rejected)

    def test_fault_seen_by_nemesis_fails_the_run(self):
        verdict = self.judge(faults=["the first request got status 503"])
        self.assertFalse(verdict.passed or verdict.rejected)
