"""Signing up, and changes by the user."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from rest_framework_simplejwt.tokens import RefreshToken

from .. import tokens
from ..db.errors import violates_unique
from ..exceptions import CustomerNotFound, PasswordRequired, UsernameTaken, WrongPassword
from ..logging import security_log
from ..models import Mail, Profile
from ..tokens import UNKNOWN_CLIENT, Client
from .mailing import mail_about_account
from .usernames import users_by_name


def sign_up(*, username: str, password: str, email: str = "") -> User:
    """Create a user; the username must be normalized. Raises UsernameTaken."""
    if users_by_name(username).exists():  # before the slow hash
        raise UsernameTaken
    user = User(username=username, email=email)
    user.set_password(password)  # slow, therefore outside of the transaction
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            mail_about_account(Mail.Kind.VERIFY_EMAIL, user)
    except IntegrityError as error:
        names = ("username", "one_account_per_name")  # the latter regardless of case
        if any(violates_unique(error, User, name) for name in names):
            raise UsernameTaken from None
        raise
    security_log.info("event=signed_up user=%s", user.pk)
    return user


def update(
    *, user: User, password: str = "", mail_bookings: bool | None = None, **fields: str
) -> Profile:
    """Change fields of the user and of the profile; another email address requires the password.

    Raises PasswordRequired, WrongPassword, or CustomerNotFound if the account has just been erased.
    """
    old_email = User.objects.normalize_email(user.email)
    has_new_email = fields.get("email", old_email) != old_email
    if has_new_email:
        if not password:
            raise PasswordRequired
        check_password(user, password)
    active = User.objects.filter(pk=user.pk, is_active=True)
    with transaction.atomic():
        if fields and not active.update(**fields):
            raise CustomerNotFound
        if has_new_email:  # to the old address: a stranger may have changed it
            mail_about_account(Mail.Kind.EMAIL_CHANGED, user, to=user.email)
            mail_about_account(Mail.Kind.VERIFY_EMAIL, user, to=fields["email"])
        if mail_bookings is not None:
            Profile.objects.update_or_create(user=user, defaults={"mail_bookings": mail_bookings})
    for name, value in fields.items():
        setattr(user, name, value)
    if has_new_email:
        security_log.info("event=email_changed user=%s", user.pk)
    return Profile.of(user)


def change_password(
    *, user: User, old_password: str, new_password: str, client: Client = UNKNOWN_CLIENT
) -> RefreshToken:
    """Close every session and return the refresh token of a new one. Raises WrongPassword."""
    check_password(user, old_password)
    old_hash = user.password
    user.set_password(new_password)
    unchanged = User.objects.filter(pk=user.pk, is_active=True, password=old_hash)
    with transaction.atomic():
        if not unchanged.update(password=user.password):  # another request has changed it
            raise WrongPassword
        tokens.close_all_sessions(user=user)
        token = tokens.open_session(user=user, client=client)
        mail_about_account(Mail.Kind.PASSWORD_CHANGED, user)
    security_log.info("event=password_changed user=%s", user.pk)
    return token


def check_password(user: User, password: str) -> None:
    if not user.check_password(password):
        security_log.info("event=password_wrong user=%s", user.pk)
        raise WrongPassword
