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

    key_salt = "booking.accounts.reset_password"


reset_token_generator = ResetTokenGenerator()


def request_password_reset(*, email: str) -> None:
    """Mail a link to every customer with this address, if there is one.

    Whether there is one is looked up by who sends the mail: so the request does the same, and
    takes the same time, in both cases.
    """
    Mail.objects.create(kind=Mail.Kind.PASSWORD_RESET, recipient=email)
    security_log.info("event=password_reset_requested account=%s", hash_account(username=email))


def users_to_reset(email: str) -> list[User]:
    """Customers with this address. Staff have their password changed by a superuser."""
    users = [user for user in users_by_email(email) if user.is_active and not user.is_staff]
    return [user for user in users if user.username not in RESERVED_USERNAMES]


def reset_token(user: User) -> str:
    return f"{int_to_base36(user.pk)}-{reset_token_generator.make_token(user)}"


def user_of_reset_token(token: str) -> User:
    """Raises ResetTokenNotValid."""
    number, _, rest = token.partition("-")
    try:
        pk = base36_to_int(number)
    except ValueError:
        raise ResetTokenNotValid from None
    user = User.objects.filter(pk=min(pk, jwt.MAX_USER_ID), is_active=True, is_staff=False).first()
    if user is None or not reset_token_generator.check_token(user, rest):
        raise ResetTokenNotValid
    return user


def reset_password(*, token: str, new_password: str) -> None:
    """Set the password of a token's user and end all sessions. Raises ResetTokenNotValid.

    The password must have been validated. Of two requests with one token the second is refused.
    """
    user = user_of_reset_token(token)
    old_hash = user.password
    user.set_password(new_password)
    unchanged = User.objects.filter(pk=user.pk, is_active=True, password=old_hash)
    with transaction.atomic():
        if not unchanged.update(password=user.password):
            raise ResetTokenNotValid
        tokens.close_all_sessions(user=user)
        mark_verified(user)  # a token is void after a change of the address
        mail_about_account(Mail.Kind.PASSWORD_CHANGED, user)
    security_log.info("event=password_reset user=%s", user.pk)
