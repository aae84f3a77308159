"""Usernames and email addresses: allowed names, and users by name."""

from contextlib import suppress

from django.contrib.auth.models import User
from django.contrib.auth.validators import ASCIIUsernameValidator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Case, Q, QuerySet, When
from django.db.models.functions import Lower

from ..exceptions import ReservedNameTaken, UsernameTaken
from ..text import is_same_address, search_words

# ASCII only, so that no two usernames look alike.
validate_characters = ASCIIUsernameValidator(
    message="Use only letters without accents, digits and @ . + - _"
)


# Accounts without a password, for seats that belong to no customer's account.
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


def is_named(username: str) -> Q:
    return Q(lower=username.lower()) | Q(username=username)


def users_by_name(username: str) -> QuerySet[User]:
    """At most one user, regardless of case.

    With accents, which only older names have, SQLite compares exactly.
    """
    return User.objects.alias(lower=Lower("username")).filter(is_named(username))


def has_address(email: str) -> Q:
    return Q(lower_email=email.lower()) | Q(email=email)


def users_by_email(email: str) -> list[User]:
    """By an index, ordered by username."""
    users = User.objects.alias(lower_email=Lower("email")).filter(has_address(email))
    return [user for user in users.order_by("username") if is_same_address(user.email, email)]


def find_user(name: str) -> User | None:
    """The user of a username or else of an email address, by one query.

    Of several active accounts with the address, the one that has verified it: otherwise a stranger
    could block the owner's login by signing up with it. None if none or several have.
    """
    if not may_be_address(name):
        return users_by_name(name).first()
    users = User.objects.alias(lower=Lower("username"), lower_email=Lower("email"))
    is_verified = Case(When(lower_email=Lower("profile__verified_email"), then=True), default=False)
    users = users.annotate(is_named=is_named(name), is_verified=is_verified)
    users = users.filter(is_named(name) | has_address(name))
    found = list(users.order_by("-is_named", "-is_active", "-is_verified", "pk")[:3])
    if found and found[0].is_named:
        return found[0]
    active = [user for user in found if user.is_active and is_same_address(user.email, name)]
    owners = [user for user in active if user.is_verified] or active
    return owners[0] if len(owners) == 1 else None


def account_name(name: str) -> str:
    """The username, if the name is an email address to log in by."""
    user = find_user(name) if may_be_address(name) else None
    return user.username if user else name


def may_be_address(name: str) -> bool:
    return "@" in name and name.isprintable()


def search_users(text: str) -> QuerySet[User]:
    """Users whose username begins with the text, or whose email address it is, or whose name has
    all its words.
    """
    by_name = Q()
    for word in search_words(text):
        by_name &= Q(first_name__icontains=word) | Q(last_name__icontains=word)
    wanted = Q(username__istartswith=text) | Q(email__iexact=text)
    return User.objects.filter(wanted | by_name if by_name else wanted).order_by("username")
