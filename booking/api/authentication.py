from rest_framework_simplejwt import authentication
from rest_framework_simplejwt.exceptions import AuthenticationFailed

from .. import tokens
from ..exceptions import Refusal


class JWTAuthentication(authentication.JWTAuthentication):
    """simplejwt's authentication; the user is loaded by booking/tokens.py.

    No exception of that query is taken for an invalid token.
    """

    def get_user(self, validated_token):
        try:
            return tokens.load_user(token=validated_token)
        except Refusal as refusal:
            raise AuthenticationFailed(str(refusal), code=refusal.code) from None
