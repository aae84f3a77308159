"""Every change to a user account, except by staff in the admin."""

from contextlib import suppress
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import SESSION_KEY as ADMIN_SESSION_USER
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session as AdminSession
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.crypto import get_random_string
from django.utils.http import base36_to_int, int_to_base36
from rest_framework_simplejwt.tokens import RefreshToken

from movie_booking.hashers import AsTyped, password_forms

from . import box_office, jwt, tokens
from .db.errors import violates_unique
from .exceptions import (
    CustomerNotFound,
    NoActiveAccount,
    PasswordRequired,
    ReservedNameTaken,
    ResetTokenNotValid,
    UsernameTaken,
    WrongPassword,
)
from .logging import hash_account, security_log
from .models import Booking, Mail, Profile
from .models.mails import MailKind
from .text import search_words
from .tokens import UNKNOWN_CLIENT, Client


class CaseInsensitiveBackend(ModelBackend):
    """Log in regardless of the username's case: phones capitalize the first letter.

    It is unambiguous because usernames are unique regardless of case (migration 0004). A hash of
    a password in another form than NFC is replaced by one in NFC.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> Any:
        if username is None or password is None:
            return None
        user = users_by_name(username).first()
        if user is None or not user.has_usable_password():
            for _ in password_forms(password):  # as many hashes as for a wrong password
                User().set_password(password)
            return None
        if not (user.check_password(password) and self.user_can_authenticate(user)):
            return None
        nfc, *others = password_forms(password)
        if others and not user.check_password(AsTyped(nfc)):
            user.set_password(nfc)
            user.save(update_fields=["password"])
        return user


# ASCII only, so that no two usernames look alike.
validate_characters = ASCIIUsernameValidator(
    message="Use only letters without accents, digits and @ . + - _"
)

# Accounts of the cinema's own, for seats without an account of a customer. Nobody can log in.
WALK_IN = "walk-in"  # sold at the counter
HOUSE = "house"  # set aside
RESERVED_USERNAMES = (WALK_IN, HOUSE)

ERASED = "erased-"  # begin of the username of an erased account


def validate_username(username: str) -> None:
    validate_characters(username)
    if str(username).lower() in RESERVED_USERNAMES:  # the admin's form validates None as well
        raise ValidationError(UsernameTaken.message, code=UsernameTaken.code)


def reserved_account(username: str) -> User:
    """The account WALK_IN or HOUSE, created when it is first needed.

    Raises ReservedNameTaken if a customer has had the name since before it was reserved.
    """
    user = users_by_name(username).first()
    if user is None:
        user = User(username=username)
        user.set_unusable_password()
        with suppress(IntegrityError), transaction.atomic():  # another request has created it
            user.save()
        user = users_by_name(username).get()
    if user.has_usable_password() or not user.is_active:
        raise ReservedNameTaken(username=username)
    return user


def require_free_username(username: str) -> None:
    """Raise ValidationError if a user has the name, in any case."""
    if users_by_name(username).exists():
        raise ValidationError(UsernameTaken.message, code=UsernameTaken.code)


def users_by_name(username: str) -> QuerySet[User]:
    """At most one user, regardless of case.

    With accents, which only older names have, SQLite compares exactly.
    """
    is_named = Q(lower=username.lower()) | Q(username=username)
    return User.objects.alias(lower=Lower("username")).filter(is_named)


def search_users(text: str) -> QuerySet[User]:
    """Users whose username begins with the text, or whose email address it is, or whose name has
    all its words.
    """
    by_name = Q()
    for word in search_words(text):
        by_name &= Q(first_name__icontains=word) | Q(last_name__icontains=word)
    wanted = Q(username__istartswith=text) | Q(email__iexact=text)
    return User.objects.filter(wanted | by_name if by_name else wanted).order_by("username")


def sign_up(*, username: str, password: str, email: str = "") -> User:
    """Create a user; the username must be normalized. Raises UsernameTaken."""
    if users_by_name(username).exists():  # before the slow hash
        raise UsernameTaken
    user = User(username=username, email=email)
    user.set_password(password)  # slow, therefore outside of the transaction
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError as error:
        names = ("username", "one_account_per_name")  # the latter regardless of case
        if any(violates_unique(error, User, name) for name in names):
            raise UsernameTaken from None
        raise
    security_log.info("event=signed_up user=%s", user.pk)
    return user


def log_in(*, username: str, password: str, client: Client = UNKNOWN_CLIENT) -> RefreshToken:
    """The refresh token of a new session.

    Raises NoActiveAccount for a wrong password, an unknown username and an inactive account alike,
    and after the same time.
    """
    user = authenticate(username=username, password=password)
    if user is None:
        security_log.info("event=login_failed account=%s", hash_account(username=username))
        raise NoActiveAccount
    security_log.info(
        "event=logged_in user=%s account=%s", user.pk, hash_account(username=username)
    )
    return tokens.open_session(user=user, client=client)


def update(
    *, user: User, password: str = "", mail_bookings: bool | None = None, **fields: str
) -> Profile:
    """Change fields of the user and of the profile; another email address takes the password.

    Raises PasswordRequired, WrongPassword, or CustomerNotFound if the account has just been erased.
    """
    old_email = User.objects.normalize_email(user.email)
    has_new_email = fields.get("email", old_email) != old_email
    if has_new_email:
        if not password:
            raise PasswordRequired
        _check_password(user, password)
    active = User.objects.filter(pk=user.pk, is_active=True)
    with transaction.atomic():
        if fields and not active.update(**fields):
            raise CustomerNotFound
        if has_new_email:  # to the address that it had: its owner may not be who changed it
            mail_about_account(Mail.Kind.EMAIL_CHANGED, user, to=user.email)
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
    _check_password(user, old_password)
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


def users_to_reset(email: str) -> QuerySet[User]:
    """Customers with this address. Staff have their password changed by a superuser."""
    users = User.objects.filter(email__iexact=email, is_active=True, is_staff=False)
    return users.exclude(username__in=RESERVED_USERNAMES).order_by("username")


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
        mail_about_account(Mail.Kind.PASSWORD_CHANGED, user)
    security_log.info("event=password_reset user=%s", user.pk)


def mail_about_account(kind: MailKind, user: User, *, to: str | None = None) -> None:
    """Write the mail in the transaction of the change. Nobody without an address gets one."""
    recipient = user.email if to is None else to
    if recipient:
        Mail.objects.create(kind=kind, user=user, recipient=recipient)


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
    _check_password(user, password)
    _erase(user)
    security_log.info("event=account_erased user=%s", user.pk)


def is_erased(user: User) -> bool:
    return not user.is_active and user.username.startswith(ERASED)


def erase_by_staff(*, user: User, by: User) -> None:
    """`erase` for a customer who asks the cinema to do it."""
    _erase(user)
    security_log.info("event=account_erased user=%s by=%s", user.pk, by.pk)


def _erase(user: User) -> None:
    _anonymize(user)
    # A request that was already selling when the account was anonymized may have booked since.
    # From now on the box office refuses the inactive user.
    box_office.cancel_all(user=user)


@box_office.retry_transaction
def _anonymize(user: User) -> None:
    with transaction.atomic():
        box_office.cancel_all(user=user)
        box_office.forget_notes(user=user)
        _delete_mails(user)
        tokens.close_all_sessions(user=user)
        user.username = f"{ERASED}{get_random_string(20)}"
        user.email = user.first_name = user.last_name = ""
        user.last_login = None
        user.is_active = user.is_staff = user.is_superuser = False
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        user.user_permissions.clear()
        log = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User))
        log.filter(object_id=str(user.pk)).update(object_repr=user.username)


def _delete_mails(user: User) -> None:
    """Of the account and of its bookings: they have its address."""
    Mail.objects.filter(user=user).delete()
    references = Booking.objects.of_user(user.pk).values("reference")
    Mail.objects.exclude(reference="").filter(reference__in=references).delete()
    Profile.objects.filter(user=user).delete()


def _check_password(user: User, password: str) -> None:
    if not user.check_password(password):
        security_log.info("event=password_wrong user=%s", user.pk)
        raise WrongPassword
