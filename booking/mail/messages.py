"""Compose mails: subject, plain text and HTML."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from .. import accounts
from ..models import Mail, Profile
from ..models.mails import MailKind
from .reservations import mail_of_reservation

SUBJECTS = {
    Mail.Kind.PASSWORD_RESET: "Reset your password",
    Mail.Kind.STAFF_PASSWORD_RESET: "Reset your staff password",
    Mail.Kind.PASSWORD_CHANGED: "Your password was changed",
    Mail.Kind.EMAIL_CHANGED: "Your email address was changed",
    Mail.Kind.VERIFY_EMAIL: "Verify your email address",
}


def compose(mail: Mail, along: Sequence[Mail] = ()) -> EmailMultiAlternatives | None:
    """Compose the message from the current state; it replaces the mails `along` as well.

    None if there is no recipient, or the mail is no longer needed.
    """
    if not mail.reference:
        context = _context(mail)
        if context is None:
            return None
        subject = SUBJECTS[Mail.Kind(mail.kind)]
        return _message(mail, mail.recipient, subject, mail.kind, {"title": subject, **context})
    kinds = {MailKind(each.kind) for each in (mail, *along)}
    found = mail_of_reservation(mail.reference, kinds)
    if found is None:
        return None
    message = _message(mail, found.recipient, found.subject, "reservation", found.context)
    for attachment in found.attachments:
        message.attach(*attachment)
    return message


def _message(
    mail: Mail, recipient: str, subject: str, template: str, context: dict[str, Any]
) -> EmailMultiAlternatives:
    context = context | {
        "cinema": settings.CINEMA_NAME or "Your cinema",
        "address": settings.CINEMA_ADDRESS,
    }
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split()),  # a header is one line
        body=render_to_string(f"mail/{template}.txt", context),
        from_email=settings.MAIL_FROM,
        to=[recipient],
        headers={"Message-ID": message_id(mail), "Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(render_to_string(f"mail/{template}.html", context), "text/html")
    return message


def message_id(mail: Mail) -> str:
    """The same for each try, so that mail programs recognize a mail that was sent twice."""
    domain = settings.MAIL_FROM.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<{mail.pk}.{mail.created_at.timestamp():.0f}.booking@{domain}>"


def _context(mail: Mail) -> dict[str, Any] | None:
    is_staff = mail.kind == Mail.Kind.STAFF_PASSWORD_RESET
    if mail.kind == Mail.Kind.PASSWORD_RESET or is_staff:
        users = accounts.users_to_reset(mail.recipient, is_staff=is_staff)
        page = settings.STAFF_PASSWORD_RESET_URL if is_staff else settings.PASSWORD_RESET_URL
        links = [(user.username, link(page, accounts.reset_token(user))) for user in users]
        return {"links": links} if links else None
    user = mail.user
    if user is None or not user.is_active:
        return None
    if mail.kind == Mail.Kind.VERIFY_EMAIL:
        if user.email != mail.recipient or Profile.of(user).email_verified:
            return None  # changed again, or verified, in the meantime
        token = accounts.verification_token(user)
        return {"username": user.username, "link": link(settings.EMAIL_VERIFICATION_URL, token)}
    return {"username": user.username}


def link(page: str, token: str) -> str:
    separator = "&" if "?" in page else "?"
    return f"{page}{separator}{urlencode({'token': token})}"
