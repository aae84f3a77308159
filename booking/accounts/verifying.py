"""Verifying an email address: a link by mail."""

from django.contrib.auth.models import User
from django.core.signing import BadSignature, TimestampSigner
from django.db import transaction
from django.utils.http import base36_to_int, int_to_base36

from .. import jwt
from ..exceptions import AlreadyVerified, NoEmailAddress, VerificationTokenNotValid
from ..logging import security_log
from ..models import Mail, Profile
from .mailing import mail_about_account

TOKEN_AGE = 3 * 24 * 60 * 60  # seconds that a link is good for
SALT = "booking.accounts.verify_email"


def _signer(user: User) -> TimestampSigner:
    """The address is part of the salt: a new address voids the token, and no token shows it."""
    return TimestampSigner(salt=f"{SALT}:{user.email}", sep=".")


def verification_token(user: User) -> str:
    return _signer(user).sign(int_to_base36(user.pk))


def verify_email(*, token: str) -> None:
    """Mark the address of a token's user as verified. Raises VerificationTokenNotValid.

    A token may be used again: mail programs and impatient people do.
    """
    try:
        pk = base36_to_int(token.partition(".")[0])
    except ValueError:
        raise VerificationTokenNotValid from None
    with transaction.atomic():
        users = User.objects.filter(pk=min(pk, jwt.MAX_USER_ID), is_active=True)
        user = users.select_for_update().first()  # row lock: the address stays until the commit
        if user is None or not user.email:
            raise VerificationTokenNotValid
        try:
            _signer(user).unsign(token, max_age=TOKEN_AGE)
        except BadSignature:
            raise VerificationTokenNotValid from None
        mark_verified(user)
    security_log.info("event=email_verified user=%s", user.pk)


def mark_verified(user: User) -> None:
    """Record that the user has read a mail to the address."""
    Profile.objects.update_or_create(user=user, defaults={"verified_email": user.email})


def request_verification(*, user: User) -> None:
    """Mail the link again. Raises NoEmailAddress or AlreadyVerified."""
    if not user.email:
        raise NoEmailAddress
    if Profile.of(user).email_verified:
        raise AlreadyVerified
    mail_about_account(Mail.Kind.VERIFY_EMAIL, user)
