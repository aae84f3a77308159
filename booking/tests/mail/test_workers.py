"""Two mail workers that are killed again and again: exactly the bookings are mailed."""

import os
import re
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress

from django.conf import settings
from django.db import transaction
from django.test import TransactionTestCase

from booking.box_office import reserve
from booking.mail import send_waiting
from booking.models import Mail
from booking.tests.factories import create_show, create_user
from booking.tests.mail.inbox import InboxMixin, text_of
from booking.tests.test_granian import database_url

# MAIL_KILLS=60 for a minute with a kill each second.
KILLS = int(os.environ.get("MAIL_KILLS", "6"))


class RolledBack(Exception):
    pass


class Workers:
    """Two processes of `manage.py send_mail --watch`."""

    def __init__(self, smtp_port):
        self.environment = os.environ | {
            "DEBUG": "on",
            "DATABASE_URL": database_url(),
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}",
            "MAIL_FROM": settings.MAIL_FROM,
        }
        self.processes = []

    def start(self):
        while len(self.processes) < 2:
            worker = subprocess.Popen(
                [sys.executable, "manage.py", "send_mail", "--watch"],
                cwd=settings.BASE_DIR,
                env=self.environment,
                stdout=subprocess.DEVNULL,
            )
            self.processes.append(worker)

    def kill(self, count):
        """With SIGKILL, the oldest first."""
        killed, self.processes = self.processes[:count], self.processes[count:]
        for each in killed:
            each.kill()
            each.wait()


class WorkersTests(InboxMixin, TransactionTestCase):
    def setUp(self):
        super().setUp()
        self.workers = Workers(self.port)
        self.addCleanup(self.workers.kill, 2)
        self.booked, self.rolled_back = set(), set()

    def book(self):
        alice, show = (
            create_user(f"alice{len(self.booked)}", email="alice@example.com"),
            create_show(),
        )
        self.booked.add(reserve(show_id=show.pk, seat_numbers=[1, 2], by=alice).reference)
        with suppress(RolledBack), transaction.atomic():
            undone = reserve(show_id=show.pk, seat_numbers=[3], by=alice)
            self.rolled_back.add(undone.reference)
            raise RolledBack

    def mailed(self, at_least):
        """Wait until so many mails have arrived."""
        deadline = time.monotonic() + 300
        while len(self.inbox.messages) < at_least:
            self.assertLess(time.monotonic(), deadline, "no worker has sent a mail")
            time.sleep(0.01)

    def message_ids(self):
        """Of the mails about each reservation, each as often as it arrived."""
        found = defaultdict(list)
        for _, _, message in self.inbox.messages:
            [reference] = re.findall(r"^Reference (\w+)$", text_of(message), re.MULTILINE)
            found[reference].append(message["Message-ID"])
        return found

    def test_killed_workers_lose_no_mail_and_send_none_twice_under_two_names(self):
        for kill in range(KILLS):
            for _ in range(3):
                self.book()
            before = len(self.inbox.messages)
            if kill % 2:  # after the server has accepted a mail, before the worker records it
                self.inbox.before_reply = lambda: self.workers.kill(2)
            self.workers.start()
            self.mailed(before + 1)
            self.inbox.before_reply = None
            self.workers.kill(1)
        self.workers.kill(2)
        Mail.objects.update(leased_until=None)  # as if the leases of the killed were over
        send_waiting()
        found = self.message_ids()
        self.assertEqual(set(found), self.booked)
        self.assertEqual(len(self.rolled_back), len(self.booked))
        self.assertEqual([each for each, ids in found.items() if len(set(ids)) > 1], [])
        sent_twice = [each for each, ids in found.items() if len(ids) > 1]
        self.assertGreaterEqual(len(sent_twice), KILLS // 2)
        self.assertFalse(Mail.objects.waiting().exists())
