"""Mails about an account, written in the transaction of its change."""

from django.contrib.auth.models import User

from ..models import Mail
from ..models.mails import MailKind


def mail_about_account(kind: MailKind, user: User, *, to: str | None = None) -> None:
    """Write the mail in the transaction of the change. Users without an address get none."""
    recipient = user.email if to is None else to
    if recipient:
        Mail.objects.create(kind=kind, user=user, recipient=recipient)
