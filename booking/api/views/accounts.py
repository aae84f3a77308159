from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from ... import accounts, exceptions, tokens
from ...throttling import SignUpThrottle, ThrottlePasswordsMixin
from ..permissions import PublicMixin
from ..schema import operation
from ..serializers import (
    AccountSerializer,
    ChangeAccount,
    ChangePassword,
    EraseAccount,
    LogIn,
    PersonSerializer,
    Refresh,
    SignUp,
    TokenPair,
    valid,
)


class SignUpView(PublicMixin, APIView):
    throttle_classes = [SignUpThrottle]

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
        return Response(AccountSerializer.represent(user), status=201)


class LoginView(ThrottlePasswordsMixin, PublicMixin, APIView):
    @operation(
        "logIn",
        "Get an access and a refresh token",
        tag="Accounts",
        takes=LogIn,
        gives=TokenPair,
        errors=[exceptions.NoActiveAccount],
    )
    def post(self, request):
        token = accounts.log_in(**valid(LogIn, request.data))
        return Response(TokenPair(token).data)


class RefreshView(PublicMixin, APIView):
    @operation(
        "refreshToken",
        "Get new tokens",
        tag="Accounts",
        description="A refresh token is good for one time: go on with the new one.",
        takes=Refresh,
        gives=TokenPair,
        errors=[exceptions.TokenNotValid],
    )
    def post(self, request):
        token = tokens.continue_session(**valid(Refresh, request.data))
        return Response(TokenPair(token).data)


class LogoutView(PublicMixin, APIView):
    @operation(
        "logOut",
        "End the session of a refresh token",
        tag="Accounts",
        description="The access token is good until it expires: forget it. Doing it again "
        "does no harm.",
        takes=Refresh,
        status=204,
        errors=[exceptions.TokenNotValid],
    )
    def post(self, request):
        tokens.close_session(**valid(Refresh, request.data))
        return Response(status=204)


class MeView(ThrottlePasswordsMixin, APIView):
    permission_classes = [IsAuthenticated]
    password_methods = ("DELETE",)

    @operation("getMe", "My account", tag="Accounts", gives=PersonSerializer)
    def get(self, request):
        return Response(PersonSerializer.represent(request.user))

    @operation(
        "changeMe",
        "Change my account",
        tag="Accounts",
        takes=ChangeAccount,
        gives=PersonSerializer,
    )
    def patch(self, request):
        user = accounts.update(user=request.user, **valid(ChangeAccount, request.data))
        return Response(PersonSerializer.represent(user))

    @operation(
        "eraseMe",
        "Erase my account",
        tag="Accounts",
        description="With the password. What is booked for shows to come is cancelled; past "
        "bookings stay, without a person.",
        takes=EraseAccount,
        status=204,
        errors=[exceptions.WrongPassword],
    )
    def delete(self, request):
        given = valid(EraseAccount, request.data)
        accounts.erase(user=request.user, **given)
        return Response(status=204)


class PasswordView(ThrottlePasswordsMixin, APIView):
    permission_classes = [IsAuthenticated]
    password_field = "old_password"  # noqa: S105 the name of a field

    @operation(
        "changePassword",
        "Change my password",
        tag="Accounts",
        description="Ends all sessions and answers the tokens of a new one.",
        takes=ChangePassword,
        gives=TokenPair,
        errors=[exceptions.WrongPassword],
    )
    def post(self, request):
        given = valid(ChangePassword, request.data, user=request.user)
        token = accounts.change_password(user=request.user, **given)
        return Response(TokenPair(token).data)
