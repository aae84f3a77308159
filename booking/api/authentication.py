from rest_framework_simplejwt import authentication

from .. import jwt


class JWTAuthentication(authentication.JWTAuthentication):
    """simplejwt's authentication, with the user loaded by booking/jwt.py.

    `load_user` raises refusals, which api/errors.py maps to 401.
    """

    get_user = staticmethod(jwt.load_user)
