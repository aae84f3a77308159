"""What `make troubles` accepts, on made-up answers. The troubles themselves need real servers."""

from django.conf import settings
from django.test import SimpleTestCase

from booking.tests.troubles.clients import Answer
from booking.tests.troubles.kinds import TROUBLES, Frozen
from booking.tests.troubles.report import row
from booking.tests.troubles.verdict import LONGEST_WAIT, Result

ALICE, SHOW = 1, 7


def book(status, sent, received, seat_number=1):
    return Answer("book", status, sent, received, (ALICE, SHOW, seat_number))


def result(*answers, sold=((ALICE, SHOW, 1),)):
    """A trouble from second 10 to second 20; seat 1 is booked afterwards."""
    return Result(
        kind=Frozen,
        threads=4,
        answers=[*answers, book(201, 20, 20.5)],
        began=10,
        ended=20,
        sold=[*sold],
    )


class VerdictTests(SimpleTestCase):
    def test_answers_that_are_promised_have_no_faults(self):
        heard = result(
            Answer("list", 200, 9, 9.1),
            Answer("list", 200, 11, 11.1),
            book(503, 11, 26, 2),
            book(503, 12, 13, 3),
            book(None, 12, 13, 4),
            book(201, 21, 22, 5),
            sold=[(ALICE, SHOW, 1), (ALICE, SHOW, 4), (ALICE, SHOW, 5)],
        )
        self.assertEqual(heard.faults, [])
        self.assertEqual(
            row(heard),
            [
                *("database frozen", "4", "2 × 503, 1 × no answer", "1 × 200"),
                *("15.0 s", "0.50 s", "0"),
            ],
        )

    def test_response_with_another_server_error_is_a_fault(self):
        heard = result(book(500, 11, 12, 2), book(502, 11, 12, 3), book(503, 11, 12, 4))
        self.assertEqual(heard.other_errors, 2)
        self.assertEqual(
            heard.faults, ["1 responses have status 500", "1 responses have status 502"]
        )

    def test_refusal_of_a_seat_that_nobody_else_wants_is_a_fault(self):
        heard = result(book(400, 11, 12))
        self.assertEqual(heard.other_errors, 0)
        self.assertEqual(heard.faults, ["1 responses have status 400"])

    def test_409_is_promised_for_a_key_only(self):
        in_progress = book(409, 11, 12, 2)
        self.assertEqual(result(in_progress._replace(has_key=True)).faults, [])
        self.assertEqual(result(in_progress).faults, ["1 responses have status 409"])

    def test_long_wait_is_a_fault_whatever_the_response(self):
        for status in (201, 503, None):
            with self.subTest(status):
                heard = result(book(status, 5, 5 + LONGEST_WAIT + 1))
                self.assertEqual(heard.faults, [f"a client waited {LONGEST_WAIT + 1}.0 s"])
        self.assertEqual(result(book(503, 5, 5 + LONGEST_WAIT)).faults, [])

    def test_acknowledged_booking_that_is_missing_is_a_fault(self):
        bob = (ALICE + 1, SHOW, 2)
        heard = result(book(201, 9, 9.1, 2), sold=[(ALICE, SHOW, 1), bob])
        self.assertEqual(
            heard.faults, [f"1 acknowledged bookings are missing, e.g. {(ALICE, SHOW, 2)}"]
        )

    def test_seat_that_is_sold_twice_is_a_fault(self):
        heard = result(sold=[(ALICE, SHOW, 1), (ALICE + 1, SHOW, 1)])
        self.assertEqual(heard.faults, [f"1 seats are sold twice, e.g. {(SHOW, 1)}"])

    def test_no_booking_after_the_trouble_is_a_fault(self):
        heard = result()
        heard.answers = [book(201, 9, 11), book(503, 21, 22, 2)]
        self.assertEqual(heard.faults, ["nothing was booked after the trouble"])
        self.assertEqual(row(heard)[5], "none")


class PageTests(SimpleTestCase):
    def test_page_has_every_trouble_in_both_tables(self):
        page = (settings.BASE_DIR / "docs" / "troubles.md").read_text(encoding="utf-8")
        lines = page.splitlines()
        for kind in TROUBLES:
            with self.subTest(kind.name):
                self.assertEqual(
                    sum(
                        line.startswith(f"| {kind.name} | {number} |")
                        for line in lines
                        for number in (1, 4)
                    ),
                    2,
                )
                self.assertIn(f"| {kind.name} | {kind.seconds} s | {kind.advice} |", lines)
