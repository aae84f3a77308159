"""A replica that fails while it is read: the request is answered by the primary."""

from unittest import mock, skipUnless

from django.conf import settings
from django.db import connection, connections
from django.test import TestCase, override_settings

from booking.db.replica import Freshness
from booking.tests.factories import create_show, show_json
from booking.tests.torture.system import free_port


@override_settings(DATABASE_ROUTERS=["booking.db.replica.ReplicaRouter"])
@skipUnless(connection.vendor == "postgresql", "SQLite has no replicas.")
class FailingReplicaTests(TestCase):
    def test_anonymous_request_is_answered_by_the_primary_and_the_replica_left_out(self):
        show = create_show()
        freshness = Freshness()
        freshness.thread = "none in this test"
        freshness.fresh_at, freshness.was_fresh = float("inf"), True
        nobody = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": str(free_port())}
        self.addCleanup(connections.__delitem__, "replica")
        with (
            mock.patch.object(type(self), "databases", {"default", "replica"}),
            mock.patch.dict(settings.DATABASES, replica=nobody),
            mock.patch.dict(connections.settings, replica=nobody),
            mock.patch("booking.api.replica.freshness", freshness),
            self.assertLogs("booking.db.replica", "WARNING") as logged,
        ):
            response = self.client.get(f"/api/shows/{show.pk}/")
        self.assertEqual((response.status_code, response.json()), (200, show_json(show)))
        self.assertFalse(freshness.is_fresh())
        self.assertEqual(len(logged.records), 1)
