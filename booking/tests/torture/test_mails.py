"""Tests of the rule that each change is mailed once."""

from unittest import TestCase

from booking.tests.torture.events import Events
from booking.tests.torture.mails import violations

ALICE, BOB = 1, 2


class MailRuleTests(TestCase):
    """Alice holds and confirms two seats, moves one and cancels both; Bob books one."""

    def setUp(self):
        self.bookings = [
            {"id": 1, "reference": "A", "user": ALICE},
            {"id": 2, "reference": "A", "user": ALICE},
            {"id": 3, "reference": "B", "user": BOB},
        ]
        self.events = [
            {"booking": booking, "kind": kind, "request_id": request_id, "created_at": request_id}
            for booking, kind, request_id in (
                *((1, "held", "1"), (2, "held", "1"), (1, "extended", "2"), (2, "extended", "2")),
                *((1, "confirmed", "3"), (2, "confirmed", "3"), (1, "moved", "4")),
                *((3, "booked", "5"), (1, "cancelled", "6"), (2, "cancelled", "6")),
            )
        ]
        self.mails = [
            {"reference": reference, "kind": kind}
            for reference, kind in (
                *(("A", "booked"), ("A", "changed"), ("B", "booked"), ("A", "cancelled")),
            )
        ]

    def violations(self, erased=()):
        events = Events(self.events, self.bookings)
        return list(violations(self.mails, events, self.bookings, set(erased)))

    def test_one_mail_for_each_change_of_a_reservation_is_right(self):
        self.assertEqual(self.violations(), [])

    def test_mail_that_is_missing_is_found(self):
        for missing in list(self.mails):
            self.mails.remove(missing)
            reference, kind = missing["reference"], missing["kind"]
            self.assertEqual(
                self.violations(), [f"1 mails too few about reservation {reference}: {kind}"]
            )
            self.mails.append(missing)

    def test_mail_about_nothing_is_found(self):
        for kind in ("booked", "changed", "cancelled"):
            self.mails.append({"reference": "B", "kind": kind})
            self.assertEqual(self.violations(), [f"1 mails too many about reservation B: {kind}"])
            self.mails.pop()

    def test_seats_cancelled_one_by_one_are_mailed_one_by_one(self):
        self.events[-1] |= {"request_id": "7", "created_at": "7"}
        self.assertEqual(self.violations(), ["1 mails too few about reservation A: cancelled"])

    def test_released_hold_is_not_mailed(self):
        self.events = [each for each in self.events if each["kind"] not in ("confirmed", "moved")]
        self.mails = [{"reference": "B", "kind": "booked"}]
        self.assertEqual(self.violations(), [])

    def test_erased_account_has_no_mails(self):
        self.mails = [each for each in self.mails if each["reference"] == "B"]
        self.assertEqual(len(self.violations()), 3)
        self.assertEqual(self.violations(erased=[ALICE]), [])
