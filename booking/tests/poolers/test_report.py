"""What `make pooler-test` accepts, on made-up results. The poolers themselves are real programs."""

from collections import Counter

from django.conf import settings
from django.test import SimpleTestCase

from .combinations import COMBINATIONS, DJANGO, Combination
from .programs import NEW_PGBOUNCER
from .report import row, table
from .run import Result

LIMITS = {"lock_timeout": "3s"}


def result(**changes):
    values = {
        "combination": Combination(pooler=NEW_PGBOUNCER, mode="transaction", prepared=200),
        "statuses": Counter({201: 1200, 503: 2, None: 3}),
        "operations": 1100,
        "violations": [],
        "faults": [],
        "wanted": LIMITS,
        "limits": [LIMITS, LIMITS],
    }
    return Result(**values | changes)


class ResultTests(SimpleTestCase):
    def test_result_as_promised_has_no_problems(self):
        self.assertEqual(result().problems, [])
        self.assertEqual(
            row(result()),
            [
                *("15", "PgBouncer 1.24", "transaction", "200", "off"),
                *("1,100", "1,200 × 201, 2 × 503, 3 × none", "0", "2 of 2"),
            ],
        )

    def test_result_with_another_server_error_has_a_problem(self):
        for status in (500, 502):
            with self.subTest(status):
                found = result(statuses=Counter({201: 5, status: 4})).problems
                self.assertEqual(found, [f"4 responses have status {status}"])

    def test_result_with_violations_or_faults_has_problems(self):
        found = result(violations=["sold twice"], faults=["no definite response"])
        self.assertEqual(found.problems, ["sold twice", "no definite response"])
        self.assertEqual(row(found)[-2], "1")

    def test_result_of_nothing_has_a_problem(self):
        self.assertEqual(result(operations=0).problems, ["nothing was judged"])

    def test_connection_without_a_time_limit_is_a_problem(self):
        for limits in ([], [LIMITS, {"lock_timeout": "0"}]):
            with self.subTest(limits):
                found = result(limits=limits)
                self.assertEqual(len(found.problems), 1)
        self.assertEqual(row(found)[-1], "1 of 2")


class CombinationTests(SimpleTestCase):
    def test_names_of_combinations_are_different(self):
        self.assertEqual(len({each.name for each in COMBINATIONS}), len(COMBINATIONS))

    def test_pool_of_django_is_no_process_of_its_own(self):
        found = Combination(pooler=DJANGO)
        self.assertEqual((found.is_separate, found.query), (False, "?pool=true"))


class PageTests(SimpleTestCase):
    def test_page_has_every_combination_and_no_violation(self):
        page = (settings.BASE_DIR / "docs" / "poolers.md").read_text(encoding="utf-8")
        rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line[:2] == "| "]
        heading = table([]).splitlines()[0].strip("| ").split(" | ")
        self.assertEqual(rows[0], heading)
        found = [cells for cells in rows[2:] if cells[0] in ("15", "18")]
        self.assertEqual(
            [cells[:5] for cells in found],
            [[f"{each.postgres}", *each.cells] for each in COMBINATIONS],
        )
        self.assertEqual({cells[-2] for cells in found}, {"0"})
