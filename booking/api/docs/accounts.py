"""Accounts, login and sessions."""

from ...exceptions import (
    AlreadyVerified,
    NoActiveAccount,
    NoEmailAddress,
    PasswordRequired,
    ResetTokenNotValid,
    SessionNotFound,
    TokenNotValid,
    VerificationTokenNotValid,
    WrongPassword,
)
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
)
from ..views.accounts import (
    ConfirmPasswordResetView,
    LoginView,
    LogoutView,
    MeView,
    MySessionsView,
    MySessionView,
    PasswordResetView,
    PasswordView,
    RefreshView,
    ResendVerificationView,
    SignUpView,
    VerifyEmailView,
)
from .operation import Operation

OPERATIONS = {
    SignUpView: {
        "post": Operation(
            id="signUp",
            summary="Open an account",
            tag="Accounts",
            request=SignUp,
            response=AccountSerializer,
            status=201,
        ),
    },
    LoginView: {
        "post": Operation(
            id="logIn",
            summary="Get an access and a refresh token",
            tag="Accounts",
            request=LogIn,
            response=TokenPair,
            errors=(NoActiveAccount,),
        ),
    },
    RefreshView: {
        "post": Operation(
            id="refreshToken",
            summary="Get new tokens",
            tag="Accounts",
            description="A refresh token works once: use the new one next time. Using it again "
            "ends the session, except within 30 seconds, if the response was lost: then it "
            "returns the same new refresh token.",
            request=Refresh,
            response=TokenPair,
            errors=(TokenNotValid,),
        ),
    },
    LogoutView: {
        "post": Operation(
            id="logOut",
            summary="End the session of a refresh token",
            tag="Accounts",
            description="Ends its access tokens as well. A used or expired refresh token of the "
            "session will do, and logging out twice is fine.",
            request=Refresh,
            status=204,
            errors=(TokenNotValid,),
        ),
    },
    MeView: {
        "get": Operation(
            id="getMe", summary="My account", tag="Accounts", response=ProfileSerializer
        ),
        "patch": Operation(
            id="changeMe",
            summary="Change my account",
            tag="Accounts",
            description="Another email address requires the password. Omitted fields are kept.",
            request=ChangeAccount,
            response=ProfileSerializer,
            errors=(PasswordRequired, WrongPassword),
        ),
        "delete": Operation(
            id="eraseMe",
            summary="Erase my account",
            tag="Accounts",
            description="Needs the password. Bookings of future shows are cancelled; past bookings "
            "are kept without personal data.",
            request=EraseAccount,
            status=204,
            errors=(WrongPassword,),
        ),
    },
    PasswordView: {
        "post": Operation(
            id="changePassword",
            summary="Change my password",
            tag="Accounts",
            description="Ends all sessions and returns the tokens of a new one.",
            request=ChangePassword,
            response=TokenPair,
            errors=(WrongPassword,),
        ),
    },
    PasswordResetView: {
        "post": Operation(
            id="requestPasswordReset",
            summary="Mail a link to reset a forgotten password",
            tag="Accounts",
            description="The response is the same, after the same time, whether or not there is "
            "an account with this address.",
            request=RequestPasswordReset,
            status=204,
        ),
    },
    ConfirmPasswordResetView: {
        "post": Operation(
            id="resetPassword",
            summary="Set a new password, with the token of the mail",
            tag="Accounts",
            description="A token works once, for an hour. Ends all sessions.",
            request=ResetPassword,
            status=204,
            errors=(ResetTokenNotValid,),
        ),
    },
    VerifyEmailView: {
        "post": Operation(
            id="verifyEmail",
            summary="Verify an email address, with the token of the mail",
            tag="Accounts",
            description="A token works for three days, until the address changes. Using it again "
            "is fine.",
            request=VerifyEmail,
            status=204,
            errors=(VerificationTokenNotValid,),
        ),
    },
    ResendVerificationView: {
        "post": Operation(
            id="resendVerification",
            summary="Mail the link to verify my email address again",
            tag="Accounts",
            status=204,
            errors=(NoEmailAddress, AlreadyVerified),
        ),
    },
    MySessionsView: {
        "get": Operation(
            id="listMySessions",
            summary="Where I am logged in, newest first",
            tag="Accounts",
            description="At most 20: another login ends the oldest.",
            response=SessionSerializer(many=True),
        ),
    },
    MySessionView: {
        "delete": Operation(
            id="endMySession",
            summary="End one of my sessions",
            tag="Accounts",
            description="Its tokens stop working at once.",
            status=204,
            errors=(SessionNotFound,),
        ),
    },
}
