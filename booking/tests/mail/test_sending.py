"""Mails are sent to a real SMTP server, and parsed as a mail program would."""

import re
import socket
from datetime import timedelta
from io import StringIO

from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from booking import accounts
from booking.mail import Sent, send_waiting
from booking.mail.messages import SUBJECTS, compose
from booking.models import Mail
from booking.models.mails import FIRST_PAUSE, LONGEST_PAUSE, MAX_TRIES
from booking.tests.factories import create_user
from booking.tests.mail.inbox import InboxMixin, text_of
from movie_booking.environment import NO_MAIL


class SendingTests(InboxMixin, TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice", email="alice@example.com")

    def create(self, **more):
        fields = {"kind": Mail.Kind.PASSWORD_CHANGED, "user": self.alice}
        return Mail.objects.create(**fields | {"recipient": "alice@example.com"} | more)

    def test_mail_arrives_whole(self):
        mail = self.create()
        self.assertEqual(send_waiting(), Sent(1, 0))
        [(sender, recipients, message)] = self.inbox.messages
        self.assertEqual((sender, recipients), ("tickets@kino.example", ["alice@example.com"]))
        self.assertEqual(message["From"], "Kino Babylon <tickets@kino.example>")
        self.assertEqual(message["To"], "alice@example.com")
        self.assertEqual(message["Subject"], "Your password was changed")
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        created = f"{mail.created_at.timestamp():.0f}"
        self.assertEqual(message["Message-ID"], f"<{mail.pk}.{created}.booking@kino.example>")
        self.assertEqual(
            text_of(message),
            "Your password was changed\n\n"
            "The password of your account alice was changed, and all sessions were\nended.\n\n"
            "If it was not you, reset your password now, and tell the cinema.\n\n"
            "-- \nKino Babylon\nPlatz 1, Berlin\n\n",
        )
        html = message.get_body(["html"]).get_content()
        self.assertIn("<b>alice</b> was changed", html)
        self.assertIn("prefers-color-scheme: dark", html)
        mail.refresh_from_db()
        self.assertEqual((mail.state, mail.tries, mail.error), ("sent", 1, ""))
        self.assertEqual(send_waiting(), Sent(0, 0))
        self.assertEqual(len(self.inbox.messages), 1)

    def test_every_kind_can_be_composed_without_and_with_html_in_a_name(self):
        self.alice.username = "<b>&alice"
        for kind in SUBJECTS:
            self.alice.is_staff = kind == Mail.Kind.STAFF_PASSWORD_RESET
            self.alice.save()
            message = compose(self.create(kind=kind))
            html = message.alternatives[0].content
            self.assertIn("&lt;b&gt;&amp;alice", html)
            self.assertIn("<b>&alice", message.body)
            self.assertNotIn("&lt;", message.body)

    def test_header_cannot_be_injected_and_stops_nobody(self):
        for field in (
            {"MAIL_FROM": "a@example.com\nBcc: all@example.com"},
            {"MAIL_FROM": "a@b\rc"},
        ):
            mail = self.create()
            with self.settings(**field), self.assertLogs("booking.mail", "WARNING"):
                self.assertEqual(send_waiting(), Sent(0, 1))
            mail.refresh_from_db()
            self.assertEqual(mail.state, "waiting")
        self.assertEqual(self.inbox.messages, [])

    def test_server_that_is_away_is_tried_again_with_growing_pauses(self):
        mail = self.create()
        self.stop()
        pauses = []
        for _ in range(3):
            with self.assertLogs("booking.mail", "WARNING"):
                self.assertEqual(send_waiting(), Sent(0, 1))
            mail.refresh_from_db()
            pauses.append(round((mail.next_try_at - timezone.now()) / timedelta(minutes=1)))
            self.assertEqual(send_waiting(), Sent(0, 0))  # not before then
            Mail.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
        self.assertEqual((pauses, mail.state, mail.tries), ([1, 2, 4], "waiting", 3))
        self.assertIn("ConnectionRefusedError", mail.error)

    def test_given_up_after_about_a_day_of_tries(self):
        """Tries, not the age: a worker that was away for two days tries all of them as well."""
        old = timezone.now() - timedelta(days=2)
        mail = self.create(created_at=old, tries=MAX_TRIES - 2)
        self.stop()
        for state in ("waiting", "given up"):
            with self.assertLogs("booking.mail", "WARNING"):
                self.assertEqual(send_waiting(), Sent(0, 1))
            mail.refresh_from_db()
            self.assertEqual(mail.state, state)
            Mail.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
        self.assertEqual(send_waiting(), Sent(0, 0))
        pauses = [min(FIRST_PAUSE * 2**n, LONGEST_PAUSE) for n in range(MAX_TRIES - 1)]
        self.assertLess(abs(sum(pauses, timedelta()) - timedelta(days=1)), timedelta(hours=1))

    def test_worker_whose_lease_is_over_notes_nothing(self):
        slow = self.create()
        self.assertTrue(slow.claim())
        Mail.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
        self.assertEqual(send_waiting(), Sent(1, 0))
        slow.note_failure("OSError: too late", is_final=True)
        slow.note_sent(to=slow.recipient)
        stored = Mail.objects.get()
        self.assertEqual((stored.state, stored.tries, stored.error), ("sent", 2, ""))

    def test_mail_that_is_being_sent_is_not_sent_again(self):
        mail = self.create()
        mail.claim()
        self.assertFalse(mail.send_again())
        self.assertFalse(Mail.objects.get().claim())
        mail.note_sent(to=mail.recipient)
        self.assertTrue(mail.send_again())

    def test_mail_of_an_unknown_kind_stops_nobody(self):
        """As an older worker meets during an upgrade."""
        first = self.create(kind="of_tomorrow")
        Mail.objects.filter(pk=first.pk).update(next_try_at=timezone.now() - timedelta(hours=1))
        self.create()
        with self.assertLogs("booking.mail", "WARNING"):
            self.assertEqual(send_waiting(), Sent(1, 1))

    def test_reset_that_was_asked_for_several_times_is_mailed_once(self):
        for recipient in ("alice@example.com", "ALICE@example.com", "alice@example.com"):
            self.create(kind=Mail.Kind.PASSWORD_RESET, user=None, recipient=recipient)
        self.assertEqual(send_waiting(), Sent(1, 0))
        self.assertEqual(len(self.inbox.messages), 1)

    def test_recipient_that_is_refused_for_good_is_given_up_at_once(self):
        for reply, state in [("550 No such user", "given up"), ("451 Greylisted", "waiting")]:
            Mail.objects.all().delete()
            self.inbox.reply = reply
            mail = self.create()
            with self.assertLogs("booking.mail", "WARNING"):
                self.assertEqual(send_waiting(), Sent(0, 1))
            mail.refresh_from_db()
            self.assertEqual(mail.state, state)

    def test_sender_that_is_refused_is_tried_again(self):
        """The sender is a setting of the cinema, which can be corrected within the day."""
        mail = self.create()
        self.inbox.sender_reply = "550 Relaying denied"
        with self.assertLogs("booking.mail", "WARNING"):
            self.assertEqual(send_waiting(), Sent(0, 1))
        mail.refresh_from_db()
        self.assertEqual(mail.state, "waiting")
        self.assertIn("Relaying denied", mail.error)

    def test_connection_that_is_cut_while_a_mail_is_sent_is_tried_again(self):
        mail = self.create()
        self.inbox.is_cut = True
        with self.assertLogs("booking.mail", "WARNING"):
            self.assertEqual(send_waiting(), Sent(0, 1))
        self.inbox.is_cut = False
        Mail.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))
        self.assertEqual(send_waiting(), Sent(1, 0))
        [(_, _, message)] = self.inbox.messages
        self.assertTrue(message["Message-ID"].startswith(f"<{mail.pk}."))

    def test_addresses_of_other_alphabets_and_with_quotes_are_reached(self):
        recipients = {
            "zoe@exämple.de": "zoe@xn--exmple-cua.de",
            '"a@b"@example.com': '"a@b"@example.com',
            "o'neil+x@example.com": "o'neil+x@example.com",
        }
        for recipient in recipients:
            self.create(recipient=recipient)
        self.assertEqual(send_waiting(), Sent(3, 0))
        found = [envelope for _, [envelope], _ in self.inbox.messages]
        self.assertEqual(found, list(recipients.values()))
        self.assertEqual([message["To"] for _, _, message in self.inbox.messages], found)

    def test_worker_that_was_away_for_two_days_sends_what_waits(self):
        two_days_ago = timezone.now() - timedelta(days=2)
        self.create(created_at=two_days_ago, next_try_at=two_days_ago)
        self.create(
            kind=Mail.Kind.PASSWORD_RESET,
            user=None,
            created_at=two_days_ago,
            next_try_at=two_days_ago,
        )
        self.assertEqual(send_waiting(), Sent(2, 0))
        [token] = re.findall(r"\?token=(\S+)", text_of(self.inbox.messages[1][2]))
        accounts.reset_password(token=token, new_password="fresh-popcorn-1")

    def test_one_failure_does_not_stop_the_others(self):
        first = self.create(recipient="nobody@example.com")
        Mail.objects.filter(pk=first.pk).update(next_try_at=timezone.now() - timedelta(hours=1))
        self.inbox.reply = "550 No such user"
        with self.assertLogs("booking.mail", "WARNING"):
            send_waiting()
        self.inbox.reply = "250 OK"
        for number in range(3):
            self.create(recipient=f"c{number}@example.com")
        self.assertEqual(send_waiting(), Sent(3, 0))

    def test_mail_that_another_worker_sends_is_left_alone(self):
        mail = self.create()
        self.assertTrue(mail.claim())
        self.assertFalse(mail.claim())
        self.assertEqual(send_waiting(), Sent(0, 0))
        Mail.objects.update(leased_until=timezone.now() - timedelta(seconds=1))  # it has died
        self.assertEqual(send_waiting(), Sent(1, 0))

    def test_sent_again_it_has_the_same_kind_and_is_new(self):
        mail = self.create()
        send_waiting()
        mail.send_again()
        self.assertEqual(send_waiting(), Sent(1, 0))
        self.assertEqual(len(self.inbox.messages), 2)

    def test_sending_takes_four_queries_for_each_mail(self):
        """The next one, its lease, its user, and that it is sent."""
        for number in (1, 3):
            for _ in range(number):
                self.create()
            with self.assertNumQueries(4 * number + 1):
                send_waiting()

    def test_command_sends_once_and_says_how_many(self):
        self.create()
        self.create()
        out = StringIO()
        call_command("send_mail", stdout=out)
        self.assertEqual(out.getvalue(), "Sent 2, failed 0.\n")

    def test_command_without_a_mail_server_says_so(self):
        err = StringIO()
        with self.settings(EMAIL_BACKEND=NO_MAIL):
            call_command("send_mail", stderr=err)
        self.assertEqual(err.getvalue(), "EMAIL_URL is not set: no mail is sent.\n")

    def test_prune_deletes_old_mails_but_those_that_wait(self):
        old = timezone.now() - timedelta(days=31)
        waiting = self.create(created_at=old)
        self.create(created_at=old, sent_at=old)
        self.create(created_at=old, failed_at=old)
        recent = self.create(sent_at=timezone.now())
        out = StringIO()
        call_command("prune", stdout=out)
        self.assertIn("Deleted 2 old mails.", out.getvalue())
        self.assertEqual(set(Mail.objects.all()), {waiting, recent})

    def test_prune_without_a_mail_server_deletes_old_mails_that_wait(self):
        old = timezone.now() - timedelta(days=31)
        self.create(created_at=old)
        recent = self.create()
        with self.settings(EMAIL_BACKEND=NO_MAIL):
            call_command("prune", stdout=StringIO())
        self.assertEqual(list(Mail.objects.all()), [recent])

    def test_server_that_does_not_answer_counts_as_failed(self):
        self.create()
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            port = silent.getsockname()[1]
            with (
                self.settings(EMAIL_PORT=port, EMAIL_TIMEOUT=0.2),
                self.assertLogs("booking.mail", "WARNING"),
            ):
                self.assertEqual(send_waiting(), Sent(0, 1))
