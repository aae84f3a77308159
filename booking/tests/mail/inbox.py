"""An SMTP server whose mails are parsed as a mail program would."""

import email
import socket
from email.policy import default

from aiosmtpd.controller import Controller
from django.test import SimpleTestCase, override_settings

SMTP = "django.core.mail.backends.smtp.EmailBackend"


class Inbox:
    """Handler of an SMTP server that keeps what it accepts, and answers `reply` to a recipient.

    `before_reply` is called when a mail was accepted, before the reply to its sender. With `is_cut`
    the connection ends while a mail is sent.
    """

    def __init__(self):
        self.messages, self.reply, self.sender_reply = [], "250 OK", "250 OK"
        self.before_reply, self.is_cut = None, False

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.sender_reply.startswith("250"):
            envelope.mail_from = address
        return self.sender_reply

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.reply

    async def handle_DATA(self, server, session, envelope):
        if self.is_cut:
            server.transport.abort()
            return "451 cut"
        message = email.message_from_bytes(envelope.content, policy=default)
        self.messages.append((envelope.mail_from, envelope.rcpt_tos, message))
        if self.before_reply:
            self.before_reply()
        return "250 Accepted"


@override_settings(
    EMAIL_BACKEND=SMTP,
    EMAIL_HOST="127.0.0.1",
    EMAIL_TIMEOUT=2,
    MAIL_FROM="Kino Babylon <tickets@kino.example>",
    CINEMA_NAME="Kino Babylon",
    CINEMA_ADDRESS="Platz 1, Berlin",
)
class InboxMixin(SimpleTestCase):
    """Sends mail to `self.inbox`."""

    databases = "__all__"

    def setUp(self):
        super().setUp()
        self.inbox = Inbox()
        with socket.socket() as any_socket:
            any_socket.bind(("127.0.0.1", 0))
            self.port = any_socket.getsockname()[1]
        self.server = Controller(self.inbox, hostname="127.0.0.1", port=self.port)
        self.server.start()
        self.addCleanup(self.stop)
        self.enterContext(self.settings(EMAIL_PORT=self.port))

    def stop(self):
        if self.server is not None:
            self.server.stop()
            self.server = None


def text_of(message):
    return message.get_body(["plain"]).get_content().replace("\r\n", "\n")
