"""Limits on how much project code one booking runs, so that it stays easy to follow."""

from unittest import skipUnless

from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from benchmarks.trace import trace_bookings


@skipUnless(
    connection.vendor == "postgresql" and getattr(settings, "FAST_PATHS", True),
    "The limits are those of PostgreSQL with fast paths.",
)
class TraceTests(TransactionTestCase):
    def test_booking_stays_within_limits(self):
        traces = trace_bookings()
        booking, with_key = traces["booking"], traces["booking with Idempotency-Key"]
        self.assertLessEqual(len(booking.calls), 90, booking)
        self.assertLessEqual(len(booking.functions), 56, booking)
        self.assertLessEqual(len(booking.files), 20, booking)
        self.assertLessEqual(booking.changes_of_file, 36, booking)
        self.assertLessEqual(len(with_key.calls), 130, with_key)
