from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from ... import accounts, tokens
from ...models import Profile
from ...throttling import (
    PasswordResetThrottle,
    SignUpThrottle,
    ThrottlePasswordsMixin,
    UserThrottle,
    VerificationThrottle,
)
from ...tokens import Client
from ..permissions import PublicMixin
from ..serializers import (
    AccountSerializer,
    ChangeAccount,
    ChangePassword,
    EraseAccount,
    LogIn,
    ProfileSerializer,
    Refresh,
    RequestPasswordReset,
    ResetPassword,
    SessionSerializer,
    SignUp,
    TokenPair,
    VerifyEmail,
    validate_new_password,
)


def client_of(request):
    return Client(ip=request.client_ip, user_agent=request.headers.get("User-Agent", ""))


class SignUpView(PublicMixin, APIView):
    throttle_classes = [SignUpThrottle]

    def post(self, request):
        serializer = SignUp(data=request.data)
        serializer.is_valid(raise_exception=True)
        user = accounts.sign_up(**serializer.validated_data)
        SignUpThrottle.count(request)
        return Response(AccountSerializer.represent(user), status=201)


class LoginView(ThrottlePasswordsMixin, PublicMixin, APIView):
    def post(self, request):
        serializer = LogIn(data=request.data)
        serializer.is_valid(raise_exception=True)
        token = accounts.log_in(**serializer.validated_data, client=client_of(request))
        return Response(TokenPair(token).data)


class RefreshView(PublicMixin, APIView):
    def post(self, request):
        serializer = Refresh(data=request.data)
        serializer.is_valid(raise_exception=True)
        token = tokens.continue_session(**serializer.validated_data, client=client_of(request))
        return Response(TokenPair(token).data)


class LogoutView(PublicMixin, APIView):
    def post(self, request):
        serializer = Refresh(data=request.data)
        serializer.is_valid(raise_exception=True)
        tokens.close_session(**serializer.validated_data)
        return Response(status=204)


class MeView(ThrottlePasswordsMixin, APIView):
    permission_classes = [IsAuthenticated]
    throttle_classes = [UserThrottle, VerificationThrottle]
    password_methods = ("DELETE", "PATCH")

    def get(self, request):
        return Response(ProfileSerializer.represent(Profile.of(request.user)))

    def patch(self, request):
        serializer = ChangeAccount(data=request.data)
        serializer.is_valid(raise_exception=True)
        profile = accounts.update(user=request.user, **serializer.validated_data)
        return Response(ProfileSerializer.represent(profile))

    def delete(self, request):
        serializer = EraseAccount(data=request.data)
        serializer.is_valid(raise_exception=True)
        accounts.erase(user=request.user, **serializer.validated_data)
        return Response(status=204)


class PasswordView(ThrottlePasswordsMixin, APIView):
    permission_classes = [IsAuthenticated]
    password_field = "old_password"  # noqa: S105 the name of a field

    def post(self, request):
        serializer = ChangePassword(data=request.data, context={"user": request.user})
        serializer.is_valid(raise_exception=True)
        token = accounts.change_password(
            user=request.user, **serializer.validated_data, client=client_of(request)
        )
        return Response(TokenPair(token).data)


class PasswordResetView(PublicMixin, APIView):
    throttle_classes = [PasswordResetThrottle]

    def post(self, request):
        serializer = RequestPasswordReset(data=request.data)
        serializer.is_valid(raise_exception=True)
        accounts.request_password_reset(**serializer.validated_data)
        return Response(status=204)


class ConfirmPasswordResetView(PublicMixin, APIView):
    throttle_classes = []  # a signed token cannot be guessed, and a wrong one costs no hash

    def post(self, request):
        serializer = ResetPassword(data=request.data)
        serializer.is_valid(raise_exception=True)
        given = serializer.validated_data
        user = accounts.user_of_reset_token(given["token"])
        validate_new_password("new_password", given["new_password"], user)
        accounts.reset_password(**given)
        return Response(status=204)


class VerifyEmailView(PublicMixin, APIView):
    throttle_classes = []  # nobody guesses a token

    def post(self, request):
        serializer = VerifyEmail(data=request.data)
        serializer.is_valid(raise_exception=True)
        accounts.verify_email(**serializer.validated_data)
        return Response(status=204)


class ResendVerificationView(APIView):
    permission_classes = [IsAuthenticated]
    throttle_classes = [UserThrottle, VerificationThrottle]

    def post(self, request):
        accounts.request_verification(user=request.user)
        return Response(status=204)


class MySessionsView(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        sessions = tokens.list_sessions(user=request.user, token=request.auth)
        return Response(SessionSerializer(sessions, many=True).data)


class MySessionView(APIView):
    permission_classes = [IsAuthenticated]

    def delete(self, request, pk):
        tokens.close_session_by_id(user=request.user, session_id=pk)
        return Response(status=204)
