from types import SimpleNamespace

from django.contrib.auth import get_user_model
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import InvalidToken

from ..models.prepared import prepared

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
