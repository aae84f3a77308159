from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import InvalidToken


class JWTAuthentication(authentication.JWTAuthentication):
    """simplejwt's, to which a token that we have signed for a user who cannot be is our defect."""

    def get_user(self, validated_token):
        try:
            return super().get_user(validated_token)
        except (TypeError, ValueError, OverflowError):
            raise InvalidToken("Token contained no recognizable user identification") from None
