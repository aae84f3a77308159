from rest_framework_simplejwt import authentication

from .. import tokens


class JWTAuthentication(authentication.JWTAuthentication):
    """simplejwt's authentication, with the user loaded by booking/tokens.py.

    `load_user` raises refusals, which api/errors.py maps to 401.
    """

    def get_user(self, validated_token):
        return tokens.load_user(token=validated_token)
