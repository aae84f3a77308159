"""The simulation of a premiere: nobody is lost, and no seat is sold twice."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import TestCase

from benchmarks.premiere import (
    GAVE_UP,
    SCENARIOS,
    SERVED,
    SOLD_OUT,
    Premiere,
    Simulation,
    draw,
    row_of,
)
from booking.tests.environment import only_once

SMALL = {"people": 3_000, "seats": 40, "arrive_within": 1.0}


def simulate(premiere):
    return Simulation(premiere).run()


@only_once
class PremiereTests(TestCase):
    def test_every_person_ends_served_or_refused_in_each_scenario(self):
        for name, premiere in SCENARIOS.items():
            small = replace(premiere, **SMALL, backlog=50, shows=min(premiere.shows, 5))
            with self.subTest(name):
                result = simulate(small)
                self.assertEqual(result.outcomes.total(), small.people)
                self.assertEqual(len(result.waits), small.people)
                self.assertLessEqual(set(result.outcomes), {SERVED, SOLD_OUT, GAVE_UP})
                self.assertEqual(result.outcomes[SERVED], result.sold.total())
                self.assertLessEqual(max(result.sold.values()), small.seats)
                self.assertEqual(result.sold.total(), small.shows * small.seats)

    def test_same_seed_gives_the_same_result_and_another_seed_another(self):
        small = Premiere(**SMALL)
        first, again = (row_of("", simulate(small)) for _ in range(2))
        self.assertEqual(first, again)
        self.assertNotEqual(simulate(small).waits, simulate(replace(small, seed=7)).waits)

    def test_with_more_seats_than_people_all_are_served(self):
        result = simulate(Premiere(people=30, seats=40))
        self.assertEqual(dict(result.outcomes), {SERVED: 30})
        self.assertEqual(result.failed, 0)

    def test_people_without_patience_give_up(self):
        result = simulate(Premiere(**SMALL, backlog=1, patience=1))
        self.assertGreater(result.outcomes[GAVE_UP], 0)
        self.assertEqual(result.outcomes.total(), SMALL["people"])

    def test_micro_cache_asks_the_origin_once_in_two_seconds(self):
        result = simulate(Premiere(people=3_000, arrive_within=60.0, seats=3_000, micro_cache=2.0))
        self.assertLessEqual(result.requests["seat map"], 60 / 2 + 1)
        self.assertEqual(result.requests["seat map"] + result.answered_by_cache, 3_000)

    def test_waiting_room_lets_in_as_many_as_it_is_told(self):
        premiere = Premiere(people=600, seats=600, arrive_within=0.0, queue_above=20)
        result = simulate(premiere)
        self.assertEqual(result.outcomes[SERVED], 600)
        first = min(result.sold_at)
        # Retry-After is in whole seconds: those of a second come back together.
        self.assertGreaterEqual(max(result.sold_at) - first, 600 / 20 - 6)
        sold_within = [first + second for second in (5, 10, 20)]
        for second, until in zip((5, 10, 20), sold_within, strict=True):
            sold = sum(moment <= until for moment in result.sold_at)
            self.assertLessEqual(sold, 20 * (second + 6))

    def test_chart_is_the_same_every_time(self):
        results = {name: simulate(replace(SCENARIOS[name], **SMALL)) for name in ("one show",)}
        with TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("one.svg", "two.svg")]
            for file in files:
                draw(results, file)
            self.assertEqual(files[0].read_bytes(), files[1].read_bytes())
