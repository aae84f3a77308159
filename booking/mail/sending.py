"""Sending of waiting mails, by any number of workers at the same time."""

import logging
import smtplib
from collections.abc import Iterator
from typing import NamedTuple

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from ..models import Mail
from .messages import compose

log = logging.getLogger(__name__)

TRANSIENT = 400  # SMTP replies from 400 to 499 (RFC 5321, 4.2.1)


class Sent(NamedTuple):
    sent: int
    failed: int  # failed tries: the mails are tried again, or given up


def send_waiting() -> Sent:
    """Send the mails that are due, the oldest first, over one connection.

    A mail is leased before it is sent, so no two workers send it at the same moment. If a
    worker dies after sending a mail and before recording it, the lease expires and the mail is sent
    twice, with the same Message-ID.
    """
    sent = failed = 0
    connection = get_connection()
    try:
        for mail in _claimed():
            if _send(mail, connection):
                sent += 1
            else:
                failed += 1
                connection.close()  # it may be in any state
    finally:
        connection.close()
    return Sent(sent, failed)


def _claimed() -> Iterator[Mail]:
    while True:
        mail = Mail.objects.due().order_by("next_try_at", "pk").first()
        if mail is None:
            return
        if mail.claim():
            yield mail


def _send(mail: Mail, connection: BaseEmailBackend) -> bool:
    try:
        along = mail.sent_along()
        message = compose(mail, along)
        if message is None:
            mail.note_nobody(along)
            return True
        message.connection = connection
        connection.open()
        message.send()
    except Exception as error:  # noqa: BLE001 the other mails are still sent
        mail.note_failure(f"{type(error).__name__}: {error}", is_final=_is_final(error))
        log.warning("mail %s was not sent: %s", mail.pk, type(error).__name__)
        return False
    mail.note_sent(along, to=message.to[0])
    return True


def _is_final(error: Exception) -> bool:
    """True if the server has refused the recipient permanently."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= TRANSIENT + 100 for code, _ in error.recipients.values())
    return False
