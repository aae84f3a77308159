"""Forgotten passwords: a link by mail."""

from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction
from django.utils.http import base36_to_int, int_to_base36

from .. import jwt, tokens
from ..exceptions import ResetTokenNotValid
from ..logging import hash_account, security_log
from ..models import Mail
from .mailing import mail_about_account
from .usernames import RESERVED_USERNAMES, users_by_email
from .verifying import mark_verified


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Django's tokens: void after an hour, and after a change of password or email address."""

    def __init__(self, key_salt: str) -> None:
        super().__init__()
        self.key_salt = key_salt


# A customer's token is void once the customer is staff, and the other way round.
GENERATORS = {
    False: ResetTokenGenerator("booking.accounts.reset_password"),
    True: ResetTokenGenerator("booking.accounts.reset_staff_password"),
}


def request_password_reset(*, email: str, is_staff: bool = False) -> None:
    """Mail a link to every customer, or member of staff, with this address, if there is one.

    The mail worker looks the accounts up, so the request does the same, and takes the same
    time, with or without an account.
    """
    kind = Mail.Kind.STAFF_PASSWORD_RESET if is_staff else Mail.Kind.PASSWORD_RESET
    Mail.objects.create(kind=kind, recipient=email)
    security_log.info("event=password_reset_requested account=%s", hash_account(username=email))


def users_to_reset(email: str, *, is_staff: bool = False) -> list[User]:
    """Customers, or members of staff, with this address."""
    users = [each for each in users_by_email(email) if each.is_active and each.is_staff == is_staff]
    if is_staff:  # only staff who log in by password
        return [user for user in users if user.has_usable_password()]
    return [user for user in users if user.username not in RESERVED_USERNAMES]


def reset_token(user: User) -> str:
    return f"{int_to_base36(user.pk)}-{GENERATORS[user.is_staff].make_token(user)}"


def user_of_reset_token(token: str, *, is_staff: bool = False) -> User:
    """Raises ResetTokenNotValid."""
    number, _, rest = token.partition("-")
    try:
        pk = base36_to_int(number)
    except ValueError:
        raise ResetTokenNotValid from None
    users = User.objects.filter(pk=min(pk, jwt.MAX_USER_ID), is_active=True, is_staff=is_staff)
    user = users.first()
    if user is None or not GENERATORS[is_staff].check_token(user, rest):
        raise ResetTokenNotValid
    return user


def reset_password(*, token: str, new_password: str, is_staff: bool = False) -> None:
    """Set the password of a token's user and end all sessions. Raises ResetTokenNotValid.

    The password must have been validated. Of two requests with one token the second is refused.
    """
    user = user_of_reset_token(token, is_staff=is_staff)
    old_hash = user.password
    user.set_password(new_password)
    unchanged = User.objects.filter(pk=user.pk, is_active=True, password=old_hash)
    with transaction.atomic():
        if not unchanged.update(password=user.password):
            raise ResetTokenNotValid
        tokens.close_all_sessions(user=user)  # sessions of the admin end with the old password
        mark_verified(user)  # a token is void after a change of the address
        mail_about_account(Mail.Kind.PASSWORD_CHANGED, user)
    security_log.info("event=password_reset user=%s", user.pk)
