from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from ... import accounts, tokens
from ...throttling import SignUpThrottle, ThrottlePasswordsMixin
from ..permissions import PublicMixin
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
    validate,
)


class SignUpView(PublicMixin, APIView):
    throttle_classes = [SignUpThrottle]

    def post(self, request):
        user = accounts.sign_up(**validate(SignUp, request.data))
        return Response(AccountSerializer.represent(user), status=201)


class LoginView(ThrottlePasswordsMixin, PublicMixin, APIView):
    def post(self, request):
        token = accounts.log_in(**validate(LogIn, request.data))
        return Response(TokenPair(token).data)


class RefreshView(PublicMixin, APIView):
    def post(self, request):
        token = tokens.continue_session(**validate(Refresh, request.data))
        return Response(TokenPair(token).data)


class LogoutView(PublicMixin, APIView):
    def post(self, request):
        tokens.close_session(**validate(Refresh, request.data))
        return Response(status=204)


class MeView(ThrottlePasswordsMixin, APIView):
    permission_classes = [IsAuthenticated]
    password_methods = ("DELETE",)

    def get(self, request):
        return Response(PersonSerializer.represent(request.user))

    def patch(self, request):
        user = accounts.update(user=request.user, **validate(ChangeAccount, request.data))
        return Response(PersonSerializer.represent(user))

    def delete(self, request):
        given = validate(EraseAccount, request.data)
        accounts.erase(user=request.user, **given)
        return Response(status=204)


class PasswordView(ThrottlePasswordsMixin, APIView):
    permission_classes = [IsAuthenticated]
    password_field = "old_password"  # noqa: S105 the name of a field

    def post(self, request):
        given = validate(ChangePassword, request.data, user=request.user)
        token = accounts.change_password(user=request.user, **given)
        return Response(TokenPair(token).data)
