"""What `make bench` computes; what it measures is measured there."""

from collections import Counter
from itertools import islice
from unittest import TestCase

from benchmarks import cinema
from benchmarks.figures import Figures, judge_sale, middle
from benchmarks.goals import Measured, goals
from benchmarks.load import LoadFailed, outcome_of_pgbench, outcome_of_wrk
from benchmarks.rows import (
    BARE,
    DRF,
    GROWN,
    PROJECT,
    ROWS,
    SQLITE,
    TEXTBOOK,
    chosen,
    hot,
    length_of,
    spread,
)

WRK = """\
Running 2s test @ http://127.0.0.1:8000
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    21.01ms    5.02ms  60.11ms   80.00%
  1000 requests in 2.00s, 1.00MB read
Requests/sec:    500.00
asked 1016
as_expected {as_expected}
otherwise {otherwise}
broken {broken}
microseconds 2000000
p50 20000
p99 55000
ran_out {ran_out}
sample {sample}
"""


def said(as_expected=1000, otherwise=0, broken=0, ran_out=0, sample=""):
    return WRK.format(**locals())


def figures(rate, p99=50, cpu_server=1.0, cpu_postgresql=1.0):
    return Figures(rate, 10, p99, cpu_server, cpu_postgresql)


class WrkTests(TestCase):
    def test_figures_are_those_that_the_script_prints(self):
        outcome = outcome_of_wrk(said())
        self.assertEqual((outcome.asked, outcome.answered, outcome.rate), (1016, 1000, 500))
        self.assertEqual((outcome.p50, outcome.p99), (0.02, 0.055))

    def test_one_answer_that_was_not_expected_is_a_failure_and_is_shown(self):
        with self.assertRaisesRegex(LoadFailed, '^1 other answers, such as 503 {"code":"busy"}$'):
            outcome_of_wrk(said(otherwise=1, sample='503 {"code":"busy"}'))

    def test_so_is_one_without_an_answer_or_seats_that_ran_out_or_none_or_a_script_that_died(self):
        for output in (
            said(broken=1),
            said(ran_out=1),
            said(as_expected=0),
            WRK.partition("asked")[0],
        ):
            with self.subTest(output=output), self.assertRaises(LoadFailed):
                outcome_of_wrk(output)


class PgbenchTests(TestCase):
    OUTPUT = "number of failed transactions: 0 (0.000%)\ntps = 50.0 (without initial connection)\n"
    LOG = "".join(f"0 {n} {n * 1000} 0 1700000000 {n}\n" for n in range(1, 102))

    def test_percentiles_are_those_of_all_transactions(self):
        lines = self.LOG.splitlines(keepends=True)
        logs = ["".join(lines[::2]), "".join(lines[1::2])]
        outcome = outcome_of_pgbench(self.OUTPUT, logs)
        self.assertEqual((outcome.answered, outcome.seconds), (101, 2.02))
        self.assertAlmostEqual(outcome.p50, 0.051)
        self.assertAlmostEqual(outcome.p99, 0.1)

    def test_a_transaction_that_failed_is_a_failure(self):
        with self.assertRaises(LoadFailed):
            outcome_of_pgbench(self.OUTPUT.replace(": 0", ": 2"), [self.LOG])


class FiguresTests(TestCase):
    def test_the_middle_is_of_each_figure_by_itself(self):
        measured = [Figures(1, 5, 9, 2, 7), Figures(3, 4, 8, 1, 9), Figures(2, 6, 7, 3, 8)]
        self.assertEqual(middle(measured), Figures(2, 5, 8, 2, 8))

    def test_bookings_are_those_acknowledged_and_at_most_those_asked_for(self):
        def judge(new, twice=0):
            sale = {"books": 3, "asked": 12, "answered": 10, "before": 100}
            return judge_sale(**sale, after=100 + new, twice=twice)

        self.assertEqual([judge(30), judge(36)], [None, None])
        self.assertEqual(judge(29), "30 seats were acknowledged, and 29 are booked")
        self.assertEqual(judge(37), "36 seats were asked for, and 37 are booked")
        self.assertEqual(judge(30, twice=1), "1 seats were sold twice")

    def test_reading_must_not_book(self):
        sale = {"books": 0, "asked": 12, "answered": 10, "before": 100, "twice": 0}
        self.assertIsNone(judge_sale(**sale, after=100))
        self.assertIsNotNone(judge_sale(**sale, after=101))


class GoalsTests(TestCase):
    def reached(self, measured, title):
        return [goal.is_reached for goal in goals(measured) if goal.title == title]

    def test_a_bound_itself_is_reached_and_what_is_short_of_it_is_not(self):
        textbook, bare = ("book-hot", TEXTBOOK), ("book-hot", BARE)
        others = {textbook: figures(100), bare: figures(500)}
        for rate, expected in ((280, [True, True]), (279, [False, True]), (270, [False, False])):
            measured = Measured({**others, ("book-hot", PROJECT): figures(rate)})
            self.assertEqual(self.reached(measured, "book, hot show"), [*expected, None])

    def test_cpu_is_of_server_and_postgresql_and_at_most(self):
        title = "CPU per booking, hot show"
        for cpu, expected in ((2.6, True), (2.7, False)):
            project = figures(1, cpu_server=cpu)
            rows = {("book-hot", PROJECT): project, ("book-hot", BARE): figures(1)}
            self.assertEqual(self.reached(Measured(rows), title), [expected])

    def test_a_page_of_films_is_read_again_in_full_or_as_a_304(self):
        title = "films, repeated read or 304"
        rows = {("constant", DRF): figures(100), ("films", PROJECT): figures(50)}
        self.assertEqual(self.reached(Measured(rows), title), [False])
        rows["films-again", PROJECT] = figures(60)
        self.assertEqual(self.reached(Measured(rows), title), [True])

    def test_growth_is_judged_by_the_row_that_lost_most(self):
        rows = {
            ("films", PROJECT): figures(100),
            ("films", GROWN): figures(120),
            ("shows", PROJECT): figures(100),
            ("shows", GROWN): figures(84),
        }
        self.assertEqual(self.reached(Measured(rows), "growth: most that is lost"), [False])
        rows["shows", GROWN] = figures(86)
        self.assertEqual(self.reached(Measured(rows), "growth: most that is lost"), [True])

    def test_a_login_is_one_hash_not_none_and_not_two(self):
        for cpu, expected in ((7, False), (10, True), (20, False)):
            rows = {("login", PROJECT): figures(1, cpu_server=cpu)}
            self.assertEqual(self.reached(Measured(rows, hash_cpu=10), "a login"), [expected])

    def test_p99_is_told_in_milliseconds_and_wanted_in_seconds(self):
        for p99, expected in ((2_999, True), (3_001, False)):
            rows = {("book-sqlite", SQLITE): figures(1, p99=p99)}
            title = "SQLite, 16 writers, no error, p99"
            self.assertEqual(self.reached(Measured(rows), title), [expected])

    def test_what_was_not_measured_is_not_reached(self):
        self.assertEqual({goal.is_reached for goal in goals(Measured({}))}, {None})


class CinemaTests(TestCase):
    def test_no_seat_is_there_twice_and_none_of_those_for_sale_in_any_order(self):
        for scale in (1, 2):
            taken = [(show, seat) for _, show, seat in cinema.bookings(scale)]
            self.assertEqual(len(set(taken)), cinema.BOOKINGS * scale)
            self.assertFalse(any(cinema.is_for_sale(show) for show, _ in taken))
            self.assertLessEqual(max(show for show, _ in taken), cinema.SHOWS * scale)
            self.assertLessEqual(max(seat for _, seat in taken), cinema.SEATS_OF_GREAT_HALL)

    def test_hot_fills_a_show_before_the_next_and_spread_asks_all_shows_in_turn(self):
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

    def test_a_minute_of_reservations_leaves_nobody_with_more_than_ten_seats_of_a_show(self):
        for order, seats in ((spread, 3), (hot, 1)):
            sold = Counter()
            for number, (show, taken) in enumerate(islice(order(seats), 60_000)):
                sold[number % cinema.USERS, show] += len(taken)
            self.assertLessEqual(max(sold.values()), 10)


class RowsTests(TestCase):
    def test_each_is_there_once_and_a_larger_cinema_has_those_of_the_project(self):
        keys = [row.key for row in ROWS]
        self.assertEqual(len(set(keys)), len(keys))
        grown = [row for row in chosen(None, growth=True) if row.who == GROWN]
        self.assertEqual(len(grown), sum(row.who == PROJECT for row in ROWS))
        self.assertEqual([row.key for row in chosen(["login"], growth=False)], [("login", PROJECT)])

    def test_a_list_is_as_long_however_it_is_packed(self):
        answers = [
            [1, 2],
            {"count": 9, "next": None, "results": [1, 2]},
            {"booked": [1, 2], "held": []},
        ]
        self.assertEqual([length_of(answer) for answer in answers], [2, 2, 2])
