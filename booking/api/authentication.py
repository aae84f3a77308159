from types import SimpleNamespace

from django.contrib.auth import get_user_model
from django.db import Error
from rest_framework.exceptions import APIException
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import InvalidToken

from ..exceptions import TokenNotValid
from ..models.prepared import prepared
from ..sessions import Bearer
from .idempotency import is_repeatable
from .throttling import UserThrottle

User = get_user_model()


class JWTAuthentication(authentication.JWTAuthentication):
    """simplejwt's, to which a token that we have signed for a user who cannot be is our defect."""

    def __init__(self):
        super().__init__()
        self.user_model = USERS

    def get_user(self, validated_token):
        try:
            return super().get_user(validated_token)
        except (TypeError, ValueError, OverflowError):
            raise InvalidToken("Token contained no recognizable user identification") from None


@prepared
def users(user_id):
    return User.objects.filter(pk=user_id)


def user_of_token(*, id):
    found = users(int(id))
    if not found:
        raise User.DoesNotExist
    return found[0]


# What simplejwt asks its model for, by a question that is prepared: every request asks it.
USERS = SimpleNamespace(objects=SimpleNamespace(get=user_of_token), DoesNotExist=User.DoesNotExist)


class BearerAuthentication(JWTAuthentication):
    """For what the box office does, which looks at the account itself, after the lock: that saves a
    statement. An answer that is given again does not get there, so here its account is asked
    for."""

    def authenticate(self, request):
        view = request.parser_context["view"]
        self.asks_now = view.action not in view.sells or is_repeatable(request)
        return super().authenticate(request)

    def get_user(self, validated_token):
        if not self.asks_now:
            try:
                return Bearer(validated_token)
            except TokenNotValid:
                pass  # which is said in the words of all others
        return super().get_user(validated_token)


class AccountsByBoxOffice:
    """For views: those of the actions named in `sells` know their user as a bearer.

    A refusal must not tell more to whom there would be no answer at all: before it is given, the
    account is asked for. Nor may a token that is not good any more use up what its owner may do.
    """

    authentication_classes = [BearerAuthentication]
    sells = ()

    def handle_exception(self, exc):
        if isinstance(getattr(self.request, "_user", None), Bearer):
            try:
                JWTAuthentication().get_user(self.request.auth)
            except (APIException, Error) as refusal:
                UserThrottle.forgive(self.request)
                exc = refusal
        return super().handle_exception(exc)
