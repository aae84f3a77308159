from rest_framework_simplejwt import authentication

from .. import tokens


class JWTAuthentication(authentication.JWTAuthentication):
    """simplejwt's authentication, with the user loaded by booking/tokens.py.

    `load_user` raises refusals, which api/errors.py maps to 401.
    """

    get_user = staticmethod(tokens.load_user)
