"""Mails in development: as text in the console, or as files."""

import email
import tempfile
from email.policy import default
from io import StringIO
from pathlib import Path
from unittest import mock

from django.core import checks
from django.core.mail import EmailMultiAlternatives, get_connection
from django.test import SimpleTestCase

from booking.apps import log_warnings_at_start

MAIL = "booking.mail.backends"


class BackendTests(SimpleTestCase):
    def message(self, message_id="<7.123.booking@localhost>"):
        message = EmailMultiAlternatives(
            "Your tickets", "Hello Zoë\n", "a@localhost", ["z@localhost"], headers={}
        )
        message.extra_headers["Message-ID"] = message_id
        message.attach_alternative("<p>Hello Zoë</p>", "text/html")
        message.attach("tickets.pdf", b"%PDF" * 5000, "application/pdf")
        message.attach("show.ics", "BEGIN", "text/calendar")
        return message

    def test_console_shows_text_and_names_of_attachments(self):
        out = StringIO()
        backend = get_connection(f"{MAIL}.ConsoleBackend", stream=out)
        self.assertEqual(backend.send_messages([self.message()]), 1)
        self.assertEqual(
            out.getvalue(),
            "To: z@localhost\nSubject: Your tickets\nAttached: tickets.pdf (20 kB)\n"
            f"Attached: show.ics (1 kB)\n\nHello Zoë\n{'-' * 79}\n",
        )

    def test_each_mail_is_a_file_that_a_mail_program_opens(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "new", "mails")
            with self.settings(EMAIL_FILE_PATH=str(path)):
                messages = [self.message(), self.message("<../../8@localhost>")]
                self.assertEqual(get_connection(f"{MAIL}.FileBackend").send_messages(messages), 2)
            names = sorted(file.name for file in path.iterdir())
            self.assertEqual(names, [".._.._8_localhost.eml", "7.123.booking_localhost.eml"])
            content = (path / "7.123.booking_localhost.eml").read_bytes()
        parsed = email.message_from_bytes(content, policy=default)
        self.assertEqual((parsed["To"], parsed["Subject"]), ("z@localhost", "Your tickets"))
        self.assertEqual(
            [each.get_filename() for each in parsed.iter_attachments()],
            ["tickets.pdf", "show.ics"],
        )


class WarningTests(SimpleTestCase):
    def test_start_without_mail_server_says_that_no_mail_is_sent(self):
        with (
            self.settings(EMAIL_BACKEND="django.core.mail.backends.dummy.EmailBackend"),
            self.assertLogs("booking", "WARNING") as logged,
        ):
            log_warnings_at_start()
            [warning] = checks.run_checks(tags=["mail"])
        self.assertEqual([each.message for each in logged.records], [warning.msg])
        self.assertEqual(warning.msg, "EMAIL_URL is not set: no mail is sent.")

    def test_start_with_mail_server_says_nothing(self):
        with (
            self.settings(EMAIL_BACKEND=f"{MAIL}.ConsoleBackend"),
            mock.patch("booking.apps.log.warning") as warning,
        ):
            log_warnings_at_start()
        warning.assert_not_called()
