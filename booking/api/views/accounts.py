from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from ... import accounts, sessions
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
from ..throttling import CountsWrongPasswords, SignUpThrottle


class SignUpView(PublicMixin, APIView):
    throttle_classes = [SignUpThrottle]

    def post(self, request):
        user = accounts.sign_up(**validate(SignUp, request.data))
        return Response(AccountSerializer.read(user), status=201)


class LoginView(CountsWrongPasswords, PublicMixin, APIView):
    def post(self, request):
        session = accounts.log_in(**validate(LogIn, request.data))
        return Response(TokenPair(session).data)


class RefreshView(PublicMixin, APIView):
    def post(self, request):
        session = sessions.continue_session(**validate(Refresh, request.data))
        return Response(TokenPair(session).data)


class LogoutView(PublicMixin, APIView):
    def post(self, request):
        sessions.close_session(**validate(Refresh, request.data))
        return Response(status=204)


class MeView(CountsWrongPasswords, APIView):
    permission_classes = [IsAuthenticated]
    takes_password = ("DELETE",)

    def get(self, request):
        return Response(PersonSerializer.read(request.user))

    def patch(self, request):
        user = accounts.change(user=request.user, **validate(ChangeAccount, request.data))
        return Response(PersonSerializer.read(user))

    def delete(self, request):
        given = validate(EraseAccount, request.data)
        accounts.erase(user=request.user, **given)
        return Response(status=204)


class PasswordView(CountsWrongPasswords, APIView):
    permission_classes = [IsAuthenticated]
    password_field = "old_password"  # noqa: S105 the name of a field

    def post(self, request):
        given = validate(ChangePassword, request.data, user=request.user)
        session = accounts.change_password(user=request.user, **given)
        return Response(TokenPair(session).data)
