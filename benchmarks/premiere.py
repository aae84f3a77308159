"""A premiere, simulated: `python -m benchmarks.premiere` prints a table and draws a chart.

100,000 people want seats the moment sales open: all of one show, or of a chain with 500 screens.
Each looks at the seat map and then tries to book until they have a seat, see that the show is sold
out, or give up. Service times are from docs/benchmarks.md; docs/scaling.md has assumptions and
results.
"""

import argparse
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from statistics import quantiles

import simpy

SEED = 1895
CHART = Path(__file__).resolve().parents[1] / "docs" / "images" / "premiere.svg"
SERVED, SOLD_OUT, GAVE_UP = "served", "sold out", "gave up"


@dataclass(frozen=True)
class Premiere:
    """Assumptions. Times in seconds."""

    people: int = 100_000
    shows: int = 1
    seats: int = 400
    arrive_within: float = 60.0  # half of them in the first sixth of it
    # Measured (docs/benchmarks.md): 2 cores serve 621 bookings of one show or 2,647 seat maps a
    # second with four threads in each process; a view that does nothing, with one thread only.
    workers: int = 8  # requests at the same time: 2 processes with 4 threads
    booking: float = 8 / 621  # a worker's time of a booking
    seat_map: float = 8 / 2_647
    refusal: float = 8 / 5_507  # of the waiting room: like a view that does nothing
    row_lock: float = 1 / 621  # seconds that a booking locks its show's row
    backlog: int = 1_000  # connections that wait for a worker; others are refused at once
    timeout: float = 30.0  # of the proxy and the client: a request is given up
    patience: int = 20  # requests that people send before they give up
    look_again: float = 10.0  # people who wait for their turn look at the seat map
    queue_above: int = 0  # customers of a show let in a second; 0: no waiting room
    micro_cache: float = 0.0  # for how long the proxy keeps a seat map; 0: not at all
    seed: int = SEED


@dataclass
class Result:
    outcomes: Counter = field(default_factory=Counter)
    sold: Counter = field(default_factory=Counter)  # by show
    waits: list[float] = field(default_factory=list)  # from arrival to the outcome
    requests: Counter = field(default_factory=Counter)  # at the origin, by kind
    failed: int = 0  # timed out, or refused by the backlog
    sold_at: list[float] = field(default_factory=list)
    ended: float = 0.0  # when the last seat was sold
    answered_by_cache: int = 0

    def wait(self, percentile: int) -> float:
        return quantiles(self.waits, n=100, method="inclusive")[percentile - 1]


class TurnedAway(Exception):
    """No answer in time; the message says why."""


class Simulation:
    def __init__(self, premiere: Premiere) -> None:
        self.premiere = premiere
        self.random = random.Random(premiere.seed)  # noqa: S311 the same numbers every time
        self.env = simpy.Environment()
        self.workers = simpy.Resource(self.env, premiere.workers)
        self.locks = [simpy.Resource(self.env, 1) for _ in range(premiere.shows)]
        self.next_turn = [0.0] * premiere.shows
        self.cached_until = [-1.0] * premiere.shows
        self.cache_is_filling: list[simpy.Event | None] = [None] * premiere.shows
        self.result = Result()

    def run(self) -> Result:
        for arrival in self._arrivals():
            show = self.random.randrange(self.premiere.shows)
            self.env.process(self._person(arrival, show))
        self.env.run()
        return self.result

    def _arrivals(self):
        """Early arrivals are frequent: the square of a random number is mostly small."""
        within = self.premiere.arrive_within
        return [within * self.random.random() ** 2.6 for _ in range(self.premiere.people)]

    def _person(self, arrival, show):
        yield self.env.timeout(arrival)
        outcome = yield from self._shop(show)
        self.result.outcomes[outcome] += 1
        self.result.waits.append(self.env.now - arrival)

    def _shop(self, show):
        premiere, turn, has_map = self.premiere, None, False
        for attempt in range(premiere.patience):
            try:
                if not has_map:
                    yield from self._seat_map(show)
                    has_map = True
                if self.is_sold_out(show):
                    return SOLD_OUT
                if attempt == 0:
                    yield self.env.timeout(self.random.uniform(1, 5))  # choose a seat
                if premiere.queue_above:
                    turn = self._turn(show) if turn is None else turn
                    yield from self._wait_for(turn, show)
                if self.is_sold_out(show):  # the map has shown it meanwhile
                    return SOLD_OUT
                sold = yield from self._request("book", premiere.booking, self.locks[show], show)
                return SERVED if sold else SOLD_OUT
            except TurnedAway:
                self.result.failed += 1
                yield self.env.timeout(min(2**attempt, 30) * self.random.uniform(0.5, 1.5))
        return GAVE_UP

    def _wait_for(self, turn, show):
        """503 with Retry-After, in whole seconds; meanwhile they look at the seat map."""
        if turn > self.env.now:
            yield from self._request("busy", self.premiere.refusal)
        while turn > self.env.now and not self.is_sold_out(show):
            wait = max(1, ceil(turn - self.env.now))
            yield self.env.timeout(min(wait, self.premiere.look_again))
            if turn > self.env.now:
                yield from self._seat_map(show)

    def is_sold_out(self, show):
        return self.result.sold[show] >= self.premiere.seats

    def _turn(self, show):
        """A place in the show's queue: `queue_above` for each second, in order of arrival."""
        turn = max(self.next_turn[show], self.env.now)
        self.next_turn[show] = turn + 1 / self.premiere.queue_above
        return turn

    def _seat_map(self, show):
        """From the proxy's cache if it is fresh; while the proxy fetches one, all requests wait."""
        kept = self.premiere.micro_cache
        if not kept:
            yield from self._request("seat map", self.premiere.seat_map)
            return
        while self.env.now >= self.cached_until[show]:
            filling = self.cache_is_filling[show]
            if filling is not None:
                yield filling
                continue
            filling = self.cache_is_filling[show] = self.env.event()
            try:
                yield from self._request("seat map", self.premiere.seat_map)
                self.cached_until[show] = self.env.now + kept
                return
            finally:
                self.cache_is_filling[show] = None
                filling.succeed()
        self.result.answered_by_cache += 1

    def _request(self, kind, seconds, lock=None, show=None):
        """True if it sold a seat. Raises TurnedAway."""
        if len(self.workers.queue) >= self.premiere.backlog:
            raise TurnedAway("backlog")
        with self.workers.request() as worker:
            given_up = self.env.timeout(self.premiere.timeout)
            yield worker | given_up
            if not worker.triggered:
                raise TurnedAway("timeout")
            self.result.requests[kind] += 1
            if lock is None:
                yield self.env.timeout(seconds)
                return False
            yield self.env.timeout(seconds - self.premiere.row_lock)
            with lock.request() as row:
                yield row
                yield self.env.timeout(self.premiere.row_lock)
                if self.is_sold_out(show):
                    return False
                self.result.sold[show] += 1
                self.result.sold_at.append(self.env.now)
                self.result.ended = self.env.now
                return True


ONE = Premiere()
CHAIN = Premiere(shows=500, booking=8 / 1_134)  # bookings spread over many shows
ROOM = {"queue_above": 50}
CACHE = {"micro_cache": 2.0}
SCENARIOS = {
    "one show": ONE,
    "one show, micro-cache": replace(ONE, **CACHE),
    "one show, waiting room": replace(ONE, **ROOM),
    "one show, both": replace(ONE, **ROOM, **CACHE),
    "500 screens": CHAIN,
    "500 screens, micro-cache": replace(CHAIN, **CACHE),
    "500 screens, waiting room": replace(CHAIN, **ROOM),
    "500 screens, both": replace(CHAIN, **ROOM, **CACHE),
}
HEADER = (
    "scenario",
    "seats sold",
    "last sold after s",
    "gave up",
    "failed requests",
    "requests to the origin",
    "of them bookings",
    "median wait s",
    "99 % wait s",
)


def row_of(name, result):
    return [
        name,
        f"{result.sold.total():,}",
        f"{result.ended:,.0f}",
        f"{result.outcomes[GAVE_UP]:,}",
        f"{result.failed:,}",
        f"{result.requests.total():,}",
        f"{result.requests['book']:,}",
        f"{result.wait(50):,.1f}",
        f"{result.wait(99):,.1f}",
    ]


def draw(results, file):
    """A chart of the waits of all people, one line for each scenario."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = str(SEED)  # the same file every time
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    for panel, start in zip(panels, ("one show", "500 screens"), strict=True):
        for name, result in results.items():
            if name.startswith(start):
                waits = sorted(result.waits)
                step = max(1, len(waits) // 400)
                shares = [100 * at / len(waits) for at in range(0, len(waits), step)]
                label = name.removeprefix(start).strip(", ") or "neither"
                panel.plot(waits[::step], shares, label=label)
        panel.set(title=start, xlabel="seconds until they have a seat, or know that there is none")
        panel.set_xscale("symlog", linthresh=1)
        panel.grid(alpha=0.3)
        if panel.lines:
            panel.legend(frameon=False)
    panels[0].set_ylabel("% of the people")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--chart", type=Path, default=CHART)
    options = parser.parse_args()
    results = {}
    print(f"| {' | '.join(HEADER)} |\n|---|{'---:|' * (len(HEADER) - 1)}")
    for name, premiere in SCENARIOS.items():
        results[name] = Simulation(premiere).run()
        print(f"| {' | '.join(row_of(name, results[name]))} |", flush=True)
    draw(results, options.chart)


if __name__ == "__main__":
    main()
