"""Tests of what the benchmarks compute; they measure nothing."""

from collections import Counter
from itertools import islice
from unittest import TestCase

from benchmarks import dataset
from benchmarks.goals import Results, goals
from benchmarks.load import LoadFailed, parse_pgbench, parse_wrk
from benchmarks.metrics import Metrics, find_booking_error, median_of
from benchmarks.report import aligned, table_of_ratios
from benchmarks.workloads import (
    BARE,
    DRF,
    GROWN,
    OLD,
    PROJECT,
    ROWS,
    SQLITE,
    TEXTBOOK,
    THREADED,
    hot,
    length_of,
    rows_to_compare,
    select_rows,
    spread,
)

WRK = """\
Running 2s test @ http://127.0.0.1:8000
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    21.01ms    5.02ms  60.11ms   80.00%
  1000 requests in 2.00s, 1.00MB read
Requests/sec:    500.00
sent 1016
expected {expected}
unexpected {unexpected}
failed {failed}
microseconds 2000000
p50 20000
p99 55000
ran_out {ran_out}
sample {sample}
"""


def wrk_output(expected=1000, unexpected=0, failed=0, ran_out=0, sample=""):
    return WRK.format(**locals())


def metrics(rate, p99=50, cpu_server=1.0, cpu_postgresql=1.0):
    return Metrics(rate, 10, p99, cpu_server, cpu_postgresql)


class WrkTests(TestCase):
    def test_wrk_output_is_parsed(self):
        result = parse_wrk(wrk_output())
        self.assertEqual((result.sent, result.answered, result.rate), (1016, 1000, 500))
        self.assertEqual((result.p50, result.p99), (0.02, 0.055))

    def test_wrk_output_with_unexpected_response_fails_and_shows_it(self):
        with self.assertRaisesRegex(LoadFailed, "^1 unexpected responses, such as 503"):
            parse_wrk(wrk_output(unexpected=1, sample='503 {"code":"busy"}'))

    def test_wrk_output_incomplete_or_without_responses_fails(self):
        for output in (
            wrk_output(failed=1),
            wrk_output(ran_out=1),
            wrk_output(expected=0),
            WRK.partition("sent")[0],
        ):
            with self.subTest(output=output), self.assertRaises(LoadFailed):
                parse_wrk(output)


class PgbenchTests(TestCase):
    OUTPUT = "number of failed transactions: 0 (0.000%)\ntps = 50.0 (without initial connection)\n"
    LOG = "".join(f"0 {n} {n * 1000} 0 1700000000 {n}\n" for n in range(1, 102))

    def test_pgbench_percentiles_cover_all_transactions(self):
        lines = self.LOG.splitlines(keepends=True)
        logs = ["".join(lines[::2]), "".join(lines[1::2])]
        result = parse_pgbench(self.OUTPUT, logs)
        self.assertEqual((result.answered, result.seconds), (101, 2.02))
        self.assertAlmostEqual(result.p50, 0.051)
        self.assertAlmostEqual(result.p99, 0.1)

    def test_pgbench_output_with_failed_transaction_fails(self):
        with self.assertRaises(LoadFailed):
            parse_pgbench(self.OUTPUT.replace(": 0", ": 2"), [self.LOG])


class MetricsTests(TestCase):
    def test_median_is_taken_of_each_number_by_itself(self):
        measurements = [Metrics(1, 5, 9, 2, 7), Metrics(3, 4, 8, 1, 9), Metrics(2, 6, 7, 3, 8)]
        self.assertEqual(median_of(measurements), Metrics(2, 5, 8, 2, 8))

    def test_bookings_not_acknowledged_or_not_requested_are_an_error(self):
        def error(new, sold_twice=0):
            load = {"seats_sold": 3, "sent": 12, "answered": 10, "before": 100}
            return find_booking_error(**load, after=100 + new, sold_twice=sold_twice)

        self.assertEqual([error(30), error(36)], [None, None])
        self.assertEqual(error(29), "30 seats were acknowledged, and 29 are booked")
        self.assertEqual(error(37), "36 seats were requested, and 37 are booked")
        self.assertEqual(error(30, sold_twice=1), "1 seats were sold twice")

    def test_bookings_made_by_reads_are_an_error(self):
        load = {"seats_sold": 0, "sent": 12, "answered": 10, "before": 100, "sold_twice": 0}
        self.assertIsNone(find_booking_error(**load, after=100))
        self.assertIsNotNone(find_booking_error(**load, after=101))


class GoalsTests(TestCase):
    def reached(self, results, title):
        return [goal.is_reached for goal in goals(results) if goal.title == title]

    def test_goal_at_its_bound_is_reached_and_below_is_not(self):
        textbook, bare = ("book-hot", TEXTBOOK), ("book-hot", BARE)
        others = {textbook: metrics(100), bare: metrics(500)}
        for rate, expected in ((280, [True, True]), (279, [False, True]), (270, [False, False])):
            results = Results({**others, ("book-hot", PROJECT): metrics(rate)})
            self.assertEqual(self.reached(results, "book, hot show"), [*expected, None])

    def test_cpu_goal_adds_server_and_postgresql(self):
        title = "CPU per booking, hot show"
        for cpu, expected in ((2.6, True), (2.7, False)):
            project = metrics(1, cpu_server=cpu)
            rows = {("book-hot", PROJECT): project, ("book-hot", BARE): metrics(1)}
            self.assertEqual(self.reached(Results(rows), title), [expected])

    def test_repeated_read_goal_takes_the_better_of_page_and_304(self):
        title = "movies, repeated read or 304"
        rows = {("constant", DRF): metrics(100), ("movies", PROJECT): metrics(50)}
        self.assertEqual(self.reached(Results(rows), title), [False])
        rows["movies-304", PROJECT] = metrics(60)
        self.assertEqual(self.reached(Results(rows), title), [True])

    def test_more_data_goal_takes_the_row_that_lost_most(self):
        rows = {
            ("movies", PROJECT): metrics(100),
            ("movies", GROWN): metrics(120),
            ("shows", PROJECT): metrics(100),
            ("shows", GROWN): metrics(84),
        }
        self.assertEqual(self.reached(Results(rows), "more data: greatest loss"), [False])
        rows["shows", GROWN] = metrics(86)
        self.assertEqual(self.reached(Results(rows), "more data: greatest loss"), [True])

    def test_login_goal_is_reached_by_one_hash_only(self):
        for cpu, expected in ((7, False), (10, True), (20, False)):
            rows = {("login", PROJECT): metrics(1, cpu_server=cpu)}
            self.assertEqual(self.reached(Results(rows, hash_cpu=10), "a login"), [expected])

    def test_sqlite_goal_converts_milliseconds_to_seconds(self):
        for p99, expected in ((2_999, True), (3_001, False)):
            rows = {("book-sqlite", SQLITE): metrics(1, p99=p99)}
            title = "SQLite, 16 writers, no error, p99"
            self.assertEqual(self.reached(Results(rows), title), [expected])

    def test_goal_not_measured_is_neither_reached_nor_missed(self):
        self.assertEqual({goal.is_reached for goal in goals(Results({}))}, {None})


class DatasetTests(TestCase):
    def test_bookings_are_unique_and_leave_shows_for_sale_empty(self):
        for scale in (1, 2):
            taken = [(show, seat) for _, show, seat in dataset.bookings(scale)]
            self.assertEqual(len(set(taken)), dataset.BOOKINGS * scale)
            self.assertFalse(any(dataset.is_for_sale(show) for show, _ in taken))
            self.assertLessEqual(max(show for show, _ in taken), dataset.SHOWS * scale)
            self.assertLessEqual(max(seat for _, seat in taken), dataset.SEATS_OF_LARGE_SHOW)

    def test_bookings_at_the_door_are_of_shows_of_their_own_and_not_of_regulars(self):
        for scale in (1, 2):
            shows = list(dataset.shows_at_the_door(scale))
            bookings = list(dataset.bookings_at_the_door(scale))
            self.assertEqual(len(bookings), len({(show, seat) for _, show, seat in bookings}))
            self.assertGreater(min(show for _, show, _ in bookings), dataset.SHOWS * scale)
            self.assertEqual(len({show for _, show, _ in bookings}), len(shows))
            users = {user for user, _, _ in bookings}
            self.assertGreater(min(users), dataset.REGULARS)
            self.assertLessEqual(max(users), dataset.USERS)

    def test_hot_fills_one_show_first_and_spread_takes_all_in_turn(self):
        for order in (hot, spread):
            sold = [(show, tuple(seats)) for show, seats in order(57)]
            self.assertEqual(len(set(sold)), len(sold))
            of_a_show = [seat for show, seats in sold if show == sold[0][0] for seat in seats]
            self.assertEqual(of_a_show, list(range(1, 400)))
        shows = [show for show, _ in islice(hot(), 401)]
        self.assertEqual((shows[399] - shows[0], shows[400] - shows[0]), (0, 1))
        shows = [show for show, _ in islice(spread(), 3600)]
        self.assertEqual(sorted(shows[:1800]), sorted(shows[1800:]))
        self.assertEqual(len(set(shows[:1800])), 1800)

    def test_sixty_thousand_requests_stay_below_limit_per_customer(self):
        for order, seats in ((spread, 3), (hot, 1)):
            sold = Counter()
            for number, (show, taken) in enumerate(islice(order(seats), 60_000)):
                sold[number % dataset.USERS, show] += len(taken)
            self.assertLessEqual(max(sold.values()), 10)


class RowsTests(TestCase):
    def test_rows_are_unique_and_grown_ones_follow_the_projects(self):
        keys = [row.key for row in ROWS]
        self.assertEqual(len(set(keys)), len(keys))
        grown = [row for row in select_rows(grown=True) if row.implementation == GROWN]
        self.assertEqual(len(grown), sum(row.implementation == PROJECT for row in ROWS))
        self.assertEqual([row.key for row in select_rows(["login"])], [("login", PROJECT)])

    def test_rows_with_more_threads_follow_the_projects(self):
        rows = [row.key for row in select_rows(threaded=True)]
        threaded = [workload for workload, implementation in rows if implementation == THREADED]
        self.assertEqual(threaded, ["book-hot", "book-spread", "movies", "shows", "seat-map"])
        for workload in threaded:
            before = rows[rows.index((workload, THREADED)) - 1]
            self.assertEqual(before, (workload, PROJECT))

    def test_length_of_list_page_and_seat_map(self):
        bodies = [
            [1, 2],
            {"count": 9, "next": None, "results": [1, 2]},
            {"booked": [1, 2], "held": []},
        ]
        self.assertEqual([length_of(body) for body in bodies], [2, 2, 2])


class ComparisonTests(TestCase):
    ROWS = tuple(rows_to_compare(["book-hot"]))
    OLD_ROW, NEW_ROW = ("book-hot", OLD), ("book-hot", PROJECT)

    def test_rows_alternate_between_new_and_old(self):
        self.assertEqual([row.key for row in self.ROWS], [self.NEW_ROW, self.OLD_ROW])
        rows = list(rows_to_compare())
        self.assertEqual([row.implementation for row in rows], [PROJECT, OLD] * (len(rows) // 2))
        self.assertEqual(len(rows), 2 * 10)

    def test_ratio_is_new_divided_by_old(self):
        results = Results({self.NEW_ROW: metrics(90, cpu_server=2), self.OLD_ROW: metrics(100)})
        _, line = table_of_ratios(self.ROWS, results, {}, {})
        title, *cells = line
        self.assertEqual(title, "book, hot show")
        self.assertEqual(cells, ["100", "90", "0.90", "10.0", "10.0", "50.0", "50.0", "1.50"])

    def test_row_that_failed_on_one_side_has_no_ratio(self):
        failures = {self.OLD_ROW: "503"}
        table = list(table_of_ratios(self.ROWS, Results({self.NEW_ROW: metrics(90)}), failures, {}))
        self.assertEqual(table[1][2], "does not count: old revision: 503")
        self.assertIn("does not count: old revision: 503", aligned(table))
