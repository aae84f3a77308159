import subprocess
import sys

from django.conf import settings
from django.test import SimpleTestCase

from booking.api.errors import throttled_sentence
from booking.exceptions import (
    HeldTooSoon,
    NoSuchSeat,
    NotEnoughSeats,
    Refusal,
    SeatsInUse,
    SeatTaken,
    TooManySeats,
    TooManySeatsInAll,
    UsernameTaken,
    WrongPassword,
    duration,
)
from booking.tests.schema_conformance import all_refusals


class RefusalTests(SimpleTestCase):
    def test_every_refusal_has_a_code_and_a_sentence(self):
        for kind in all_refusals():
            with self.subTest(kind.__name__):
                self.assertNotEqual(kind.code, Refusal.code)
                sentence = str(kind(**kind.example))
                self.assertRegex(sentence, r"^[A-Z][^{}]+\.$")

    def test_facts_are_kept_as_given(self):
        refusal = SeatTaken(seat_numbers=[5])
        self.assertEqual(refusal.facts, {"seat_numbers": [5]})
        self.assertEqual(str(refusal), "This seat has just been taken.")

    def test_sentences_with_numbers_read_right(self):
        for refusal, sentence in [
            (NotEnoughSeats(available_seats=1), "Only 1 seat is left."),
            (NotEnoughSeats(available_seats=4), "Only 4 seats are left."),
            (
                TooManySeats(limit=10, seats=8),
                "You can book at most 10 seats for a show, and you already have 8.",
            ),
            (TooManySeats(limit=10, seats=0), "You can book at most 10 seats for a show."),
            (
                TooManySeats(limit=1, seats=1),
                "You can book at most 1 seat for a show, and you already have 1.",
            ),
            (
                TooManySeatsInAll(limit=50, seats=48),
                "You can have at most 50 seats for shows to come, and you already have 48.",
            ),
            (
                HeldTooSoon(seat_numbers=[5], retry_after=42),
                "You held seats for this show a moment ago and the time ran out. "
                "You can hold again in 42 seconds, or book now.",
            ),
            (
                HeldTooSoon(seat_numbers=[5], retry_after=1),
                "You held seats for this show a moment ago and the time ran out. "
                "You can hold again in 1 second, or book now.",
            ),
            (
                NoSuchSeat(seat_number=200, total_seats=180),
                "There is no seat 200 in this show. Seats are numbered from 1 to 180.",
            ),
            (
                SeatsInUse(highest=1),
                "Seat 1 is held or booked, so this show needs at least 1 seat.",
            ),
            (UsernameTaken(), "This username is already taken."),
            (WrongPassword(), "That is not your current password."),
        ]:
            with self.subTest(sentence):
                self.assertEqual(str(refusal), sentence)

    def test_messages_do_not_need_docstrings(self):
        code = "from booking.exceptions import SoldOut; print(SoldOut())"
        command = [sys.executable, "-OO", "-c", code]
        output = subprocess.check_output(command, cwd=settings.BASE_DIR, text=True)
        self.assertEqual(output, "This show is sold out.\n")


class DurationTests(SimpleTestCase):
    def test_duration_is_rounded_up_and_singular_where_one(self):
        for seconds, words in [
            (0.2, "1 second"),
            (30, "30 seconds"),
            (59.2, "60 seconds"),
            (90, "90 seconds"),
            (90.1, "2 minutes"),
            (91, "2 minutes"),
            (665, "12 minutes"),
            (3540, "59 minutes"),
            (3540.5, "1 hour"),
            (3599, "1 hour"),
            (3600, "1 hour"),
            (3601, "61 minutes"),
            (5400, "90 minutes"),
            (5401, "2 hours"),
            (86_400, "24 hours"),
        ]:
            with self.subTest(seconds):
                self.assertEqual(duration(seconds), words)

    def test_throttled_sentence_names_the_wait_if_there_is_one(self):
        self.assertEqual(
            throttled_sentence(665), "Too many attempts. Please try again in 12 minutes."
        )
        self.assertEqual(throttled_sentence(None), "Too many attempts. Please try again later.")
