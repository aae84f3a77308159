"""`manage.py audit`: output, exit code, and the transaction it reads in."""

import json
from contextlib import contextmanager
from io import StringIO
from threading import Thread
from unittest import mock

from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import TestCase, TransactionTestCase, override_settings

from booking import box_office
from booking.audit import EXAMPLES, INVARIANTS, consistent_snapshot
from booking.management.commands import audit as command
from booking.models import Booking, Mail, Show
from booking.tests.factories import create_movie, create_show, create_user

POSTGRESQL = connection.vendor == "postgresql"


class ManyViolationsTests(TestCase):
    def test_command_with_many_violations_shows_five_and_counts_all(self):
        Mail.objects.bulk_create(Mail(kind="booked", reference=f"R{n}") for n in range(7))
        out = StringIO()
        with self.assertRaises(CommandError):
            self.run_command(out, "--json")
        [finding] = [
            each for each in json.loads(out.getvalue())["invariants"] if each["violations"]
        ]
        self.assertEqual(finding["name"], "mails_belong_to_a_reservation")
        self.assertEqual((finding["violations"], len(finding["examples"])), (7, EXAMPLES))

    def run_command(self, out, *arguments):
        """Without the command's own transaction: a test has one already."""
        with mock.patch.object(command, "consistent_snapshot", contextmanager(lambda: iter([0]))):
            call_command("audit", *arguments, stdout=out)


class CommandTests(TransactionTestCase):
    def setUp(self):
        self.alice = create_user("alice")
        self.show = create_show(create_movie())

    def run_command(self, *arguments):
        out = StringIO()
        call_command("audit", *arguments, stdout=out)
        return out.getvalue()

    def test_demo_data_passes(self):
        with override_settings(DEBUG=True):
            call_command("demo", verbosity=0)
        lines = self.run_command().splitlines()
        names = [each.name.replace("_", " ") for each in INVARIANTS]
        self.assertEqual(lines, [f"ok     {name}" for name in names])

    def test_new_connection_is_audited_too(self):
        printed = []

        def run():
            printed.append(self.run_command())
            connection.close()

        thread = Thread(target=run)  # its connection has not connected yet
        thread.start()
        thread.join(60)
        self.assertEqual(len(printed), 1)
        self.assertEqual(printed[0].count("ok  "), len(INVARIANTS))

    def test_one_show_checks_invariants_of_shows_only(self):
        found = json.loads(self.run_command("--show", str(self.show.pk), "--json"))
        self.assertEqual((found["ok"], found["show"]), (True, self.show.pk))
        of_shows = [each.name for each in INVARIANTS if each.is_of_shows]
        self.assertEqual([each["name"] for each in found["invariants"]], of_shows)

    def test_unknown_show_is_not_called_correct(self):
        for unknown in (self.show.pk + 1, 0, -1, 2**70):
            with self.assertRaises(CommandError) as caught:
                self.run_command("--show", str(unknown))
            self.assertEqual(str(caught.exception), f"There is no show {unknown}.")
            self.assertEqual(caught.exception.returncode, 2)

    def test_violation_is_explained_and_exit_code_is_one(self):
        Show.objects.filter(pk=self.show.pk).update(seat_letters="s")
        out = StringIO()
        with self.assertRaises(CommandError) as caught:
            call_command("audit", stdout=out)
        self.assertEqual(str(caught.exception), "1 of 17 invariants do not hold.")
        self.assertEqual(caught.exception.returncode, 1)
        self.assertIn(
            "WRONG  shows agree with their layout: 1 violations\n"
            "       total_seats, seats_per_row and seat_letters of a show are those of its "
            f"layout.\n       - show {self.show.pk}: seat_letters without a layout\n",
            out.getvalue(),
        )

    def test_audit_does_not_write(self):
        with self.assertRaises(DatabaseError), consistent_snapshot():
            User.objects.update(first_name="Eve")
        User.objects.update(first_name="Alice")  # afterwards the connection may

    def test_snapshot_does_not_see_what_is_sold_meanwhile(self):
        def sell():
            box_office.book(show_id=self.show.pk, seat_number=1, by=self.alice)
            connection.close()

        with consistent_snapshot():
            self.assertEqual(Booking.objects.count(), 0)
            seller = Thread(target=sell)
            seller.start()
            seller.join(60)
            self.assertFalse(seller.is_alive())
            self.assertEqual(Booking.objects.count(), 0)
        self.assertEqual(Booking.objects.count(), 1)
