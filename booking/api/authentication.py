from django.contrib.auth.models import User
from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken

from .. import sessions
from ..db.compiled import compiled
from ..exceptions import TokenNotValid


@compiled
def users_by_id(user_id):
    return User.objects.filter(pk=user_id)


class JWTAuthentication(authentication.JWTAuthentication):
    def get_user(self, validated_token):
        try:
            user_id = sessions._user_id(validated_token)
        except TokenNotValid:
            raise InvalidToken("Token contained no recognizable user identification") from None
        users = users_by_id(user_id)
        if not users:
            raise AuthenticationFailed("User not found", code="user_not_found")
        [user] = users
        if not user.is_active:
            raise AuthenticationFailed("User is inactive", code="user_inactive")
        if not sessions._knows_password(validated_token, user.password):
            raise AuthenticationFailed(
                "The user's password has been changed.", code="password_changed"
            )
        return user
