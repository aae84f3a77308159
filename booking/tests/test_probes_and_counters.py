"""A probe deletes no counters, and a broken metric breaks no request."""

from datetime import UTC, datetime, timedelta
from unittest import mock

from django.core.cache import cache
from django.test import Client, TransactionTestCase

from booking import metrics
from booking.models import Booking
from booking.tests.factories import api_client, create_show, create_user


class HarmlessTests(TransactionTestCase):
    def test_probe_deletes_no_counters_of_rate_limits(self):
        end = datetime.now(UTC) + timedelta(hours=1)
        keys = [f"login:{number}" for number in range(400)]  # more than Django's MAX_ENTRIES
        for key in keys:
            cache.increment(key, by=9, expires_at=end)
        Client().get("/readyz")
        self.assertEqual(cache.read_counters(keys), [9] * 400)

    def test_counter_that_fails_does_not_fail_the_committed_sale(self):
        def fail():
            raise OSError

        alice, show = create_user("alice"), create_show()
        broken = mock.patch.object(metrics.SEATS.labels("booked"), "inc", fail)
        with broken, self.assertLogs("django.db.backends.base", "ERROR"):
            response = api_client(alice).post(f"/api/shows/{show.pk}/book/", {"seat_number": 5})
        self.assertEqual((response.status_code, Booking.objects.count()), (201, 1))
