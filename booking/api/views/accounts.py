from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from ... import accounts
from ..permissions import PublicMixin
from ..schema import BAD_TOKEN, documented, operation
from ..serializers import AccessToken, AccountSerializer, LogIn, Refresh, SignUp, TokenPair, valid


class SignUpView(PublicMixin, APIView):
    @operation(
        "signUp",
        "Open an account",
        tag="Accounts",
        takes=SignUp,
        gives=AccountSerializer,
        status=201,
    )
    def post(self, request):
        user = accounts.sign_up(**valid(SignUp, request.data))
        return Response(AccountSerializer(user).data, status=201)


@documented(
    post=operation(
        "logIn",
        "Get an access token for an hour, and a refresh token for a day",
        tag="Accounts",
        takes=LogIn,
        gives=TokenPair,
        errors=[(401, "no_active_account", "Username and password do not belong to an account.")],
    )
)
class LoginView(TokenObtainPairView):
    serializer_class = LogIn


@documented(
    post=operation(
        "refreshToken",
        "Get a new access token",
        tag="Accounts",
        takes=Refresh,
        gives=AccessToken,
        errors=[BAD_TOKEN, (401, "no_active_account", "The user has been deactivated.")],
    )
)
class RefreshView(TokenRefreshView):
    serializer_class = Refresh
