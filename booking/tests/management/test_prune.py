from datetime import timedelta
from io import StringIO
from unittest import mock

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db.models import F
from django.test import Client, TestCase
from django.utils import timezone

from booking import cache as cache_module
from booking.management.commands import prune


def run_prune():
    out = StringIO()
    call_command("prune", stdout=out)
    return out.getvalue()


class PruneTests(TestCase):
    def test_expired_staff_sessions_are_deleted_in_slices(self):
        stella = User.objects.create_superuser("stella", password="paper-moon-1973")
        browsers = [Client() for _ in range(5)]
        for browser in browsers:
            browser.force_login(stella)
        current = Session.objects.order_by("session_key").first()
        others = Session.objects.exclude(pk=current.pk)
        others.update(expire_date=F("expire_date") - timedelta(weeks=3))
        with mock.patch.object(prune, "SLICE_SIZE", 3):
            self.assertIn("Deleted 4 expired staff sessions.\n", run_prune())
        self.assertEqual(Session.objects.get(), current)
        statuses = [browser.get("/admin/").status_code for browser in browsers]
        self.assertEqual(sorted(statuses), [200, 302, 302, 302, 302])

    def test_expired_counters_are_deleted_in_slices(self):
        now = timezone.now()
        for number in range(5):
            cache.increment(f"old-{number}", by=1, expires_at=now - timedelta(hours=1))
        cache.increment("new", by=1, expires_at=now + timedelta(hours=1))
        with (
            mock.patch.object(cache_module, "SLICE_SIZE", 2),
            self.assertNumQueries(4 + 3),  # keys, sessions and mails: none; three slices
        ):
            self.assertIn("Deleted 5 expired counters.\n", run_prune())
        self.assertEqual(cache.read_counters(["new", "old-0"]), [1, 0])
