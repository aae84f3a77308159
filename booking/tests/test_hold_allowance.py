from datetime import UTC, datetime, timedelta
from random import Random
from unittest import TestCase

from booking.hold_allowance import HoldAllowance, Interval, merge

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def at(minute):
    return NOON + timedelta(minutes=minute)


def intervals(*minutes):
    return [Interval(at(began), at(ended)) for began, ended in minutes]


class MergeTests(TestCase):
    def test_merge_joins_what_overlaps_or_touches(self):
        for given, merged in [
            ([], []),
            ([(0, 10)], [(0, 10)]),
            ([(5, 15), (0, 10)], [(0, 15)]),
            ([(0, 10), (10, 20)], [(0, 20)]),
            ([(0, 30), (5, 10)], [(0, 30)]),
            ([(20, 30), (0, 10)], [(0, 10), (20, 30)]),
            ([(0, 10), (0, 10)], [(0, 10)]),
            ([(5, 5), (9, 7)], []),
            ([(0, 20), (5, 3), (21, 22)], [(0, 20), (21, 22)]),
        ]:
            with self.subTest(given):
                self.assertEqual(merge(intervals(*given)), intervals(*merged))


class HoldAllowanceTests(TestCase):
    """At most 30 minutes in each hour."""

    def allowance(self, now, *held, at_most=30, window=60):
        return HoldAllowance(
            held=merge(intervals(*held)),
            now=at(now),
            at_most=timedelta(minutes=at_most),
            window=timedelta(minutes=window),
        )

    def test_until_is_what_is_left_of_the_window(self):
        for now, held, until in [
            (0, [], 30),
            (10, [(0, 10)], 30),
            (20, [(0, 10)], 40),
            (30, [(0, 30)], 30),  # one hold with its extensions
            (65, [(0, 10)], 90),  # half of it is an hour ago
            (70, [(0, 10)], 100),
            (5, [(0, 10)], 30),  # it still runs
            (15, [(0, 10), (5, 20)], 30),  # both at once count once
            (40, [(0, 20), (25, 40)], 35),  # more than is allowed, since a setting was changed
        ]:
            with self.subTest(now=now, held=held):
                self.assertEqual(self.allowance(now, *held).until, at(until))

    def test_possible_at_is_when_enough_is_an_hour_ago(self):
        for now, held, possible in [
            (0, [], 0),
            (10, [(0, 10)], 10),
            (20, [(0, 20)], 20),
            (30, [(0, 30)], 70),
            (45, [(0, 10), (15, 35)], 70),  # exactly 20 in the hour that begins at 10
            (45, [(0, 11), (15, 34)], 70),
            (28, [(0, 10), (11, 21), (22, 32)], 70),  # the last one still runs
            (28, [(22, 32)], 32),
        ]:
            with self.subTest(now=now, held=held):
                ten = timedelta(minutes=10)
                self.assertEqual(self.allowance(now, *held).possible_at(ten), at(possible))

    def test_possible_at_for_the_whole_allowance_is_when_nothing_is_left_in_the_window(self):
        half_an_hour = timedelta(minutes=30)
        self.assertEqual(self.allowance(20, (0, 5), (8, 9)).possible_at(half_an_hour), at(69))

    def test_window_as_long_as_the_allowance_still_has_pauses(self):
        allowance = self.allowance(30, (0, 30), window=30)
        self.assertEqual(allowance.until, at(30))
        self.assertEqual(allowance.possible_at(timedelta(minutes=10)), at(40))

    def test_any_behaviour_stays_within_the_allowance_of_every_window(self):
        """Minute by minute: hold, extend, give back or wait, and take whatever is allowed."""
        for seed in range(50):
            random = Random(seed)
            held, ends = [], {}
            for now in range(240):
                for hold in [hold for hold, end in ends.items() if end <= now]:
                    held.append((hold, ends.pop(hold)))
                allowance = self.allowance(now, *held, *ends.items())
                until = min(now + 10, (allowance.until - NOON) // timedelta(minutes=1))
                what = random.choice(["hold", "extend", "give back", "wait"])
                if what == "hold" and until > now:
                    ends.setdefault(now, until)
                elif what == "extend" and ends:
                    ends[random.choice(list(ends))] = until
                elif what == "give back" and ends:
                    hold = random.choice(list(ends))
                    ends.pop(hold)
                    held.append((hold, now))
            minutes = {minute for hold in held for minute in range(*hold)}
            for began in range(180):
                in_window = minutes.intersection(range(began, began + 60))
                self.assertLessEqual(len(in_window), 30, (seed, began))
