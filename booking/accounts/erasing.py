"""Erase accounts, and let staff log a user out everywhere."""

from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY as ADMIN_SESSION_USER
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as AdminSession
from django.db import transaction
from django.utils.crypto import get_random_string

from .. import box_office, second_factor, tokens
from ..logging import security_log
from ..models import Booking, Mail, Profile
from ..text import is_same_address
from .changing import check_password
from .usernames import ERASED, users_by_email


def log_out_everywhere(*, user: User, by: User) -> None:
    """End all sessions of the user, those in the admin included."""
    tokens.close_all_sessions(user=user)
    for session in AdminSession.objects.all() if user.is_staff else ():
        if session.get_decoded().get(ADMIN_SESSION_USER) == str(user.pk):
            session.delete()
    security_log.info("event=sessions_ended_by_staff user=%s by=%s", user.pk, by.pk)


def erase(*, user: User, password: str) -> None:
    """Erase the personal data of the account. Raises WrongPassword.

    Bookings of future shows are cancelled. Past bookings stay, with an anonymous user row.
    """
    check_password(user, password)
    _erase(user, event=f"event=account_erased user={user.pk}")


def is_erased(user: User) -> bool:
    return not user.is_active and user.username.startswith(ERASED)


def erase_by_staff(*, user: User, by: User) -> None:
    """`erase` for a customer who asks the cinema to do it."""
    _erase(user, event=f"event=account_erased user={user.pk} by={by.pk}")


def _erase(user: User, *, event: str) -> None:
    _anonymize(user)
    security_log.info(event)  # before the next step, which may fail: the account is erased
    # Requests that were under way meanwhile may have booked. Later ones are refused: the user is
    # inactive.
    box_office.cancel_all(user=user)


@box_office.retry_transaction
def _anonymize(user: User) -> None:
    with transaction.atomic():
        box_office.cancel_all(user=user)
        box_office.forget_notes(user=user)
        tokens.close_all_sessions(user=user)
        email = user.email
        user.username = f"{ERASED}{get_random_string(20)}"
        user.email = user.first_name = user.last_name = ""
        user.last_login = None
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.save()
        second_factor.delete_devices(user)
        _delete_mails(user, email)  # after the row lock, so that no new mail is written
        Profile.objects.filter(user=user).delete()
        user.groups.clear()
        user.user_permissions.clear()
        log = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User))
        log.filter(object_id=str(user.pk)).update(object_repr=user.username)


def _delete_mails(user: User, email: str) -> None:
    """Delete mails of the account and its bookings, and to its address unless it is shared."""
    Mail.objects.filter(user=user).delete()
    references = Booking.objects.of_user(user.pk).values("reference")
    Mail.objects.exclude(reference="").filter(reference__in=references).delete()
    if email and not users_by_email(email):  # requests to reset a password name no account
        to_address = Mail.objects.filter(user=None, reference="", recipient__iexact=email)
        found = [mail.pk for mail in to_address if is_same_address(mail.recipient, email)]
        Mail.objects.filter(pk__in=found).delete()
