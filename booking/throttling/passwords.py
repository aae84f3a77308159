"""Limit of wrong passwords, for logins and for requests that take the current password."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from ..accounts import account_name, users_by_name
from ..exceptions import NoActiveAccount, WrongPassword
from ..logging import hash_account, security_log
from .rates import Rate, get_client_network, get_field

if TYPE_CHECKING:  # what a mixin of views can rely on
    from rest_framework.views import APIView as ViewBase
else:
    ViewBase = object

LOGINS_PER_NETWORK = 10  # times THROTTLE_LOGIN, of all accounts together


class LoginLimit:
    """Limit of wrong passwords: for one account from one network, and for all from the network.

    An account is never locked for all networks: anybody could lock out its owner. Nor does a
    network over its limit lock out an account that has not failed from there in this window:
    others behind the same address have. Names without an account then leave no counters.
    """

    def __init__(self, request: HttpRequest, *, username: object) -> None:
        self.rate = Rate("THROTTLE_LOGIN")
        # Of an email address, the username of its account: attempts by both count together.
        self.username = account_name(User.normalize_username(str(username).strip()))
        self.account = hash_account(username=self.username)
        network = get_client_network(request)
        self.keys = [network, f"{network}:{self.account}"]

    def allows_attempt(self) -> bool:
        """True if a password may be checked. Nothing is counted yet."""
        if not self.rate.limit:
            return True
        of_network, of_account = self.rate.read(self.keys)
        exceeded = of_account and of_network >= self.rate.limit * LOGINS_PER_NETWORK
        if exceeded:
            make_password("")  # as slow as for a name without an account, which has no counter
        return self._log_unless(of_account < self.rate.limit and not exceeded)

    def count_wrong_password(self) -> bool:
        """True if it was within the limit: others may have been counted since `allows_attempt`."""
        if not self.rate.limit:
            return True
        network_key, account_key = self.keys
        exceeded = self.rate.increment(network_key) > self.rate.limit * LOGINS_PER_NETWORK
        if exceeded and not self._is_account():
            return self._log_unless(False)
        of_account = self.rate.increment(account_key)
        return self._log_unless(of_account <= self.rate.limit and not exceeded)

    def _is_account(self) -> bool:
        return users_by_name(self.username).exists()

    def _log_unless(self, allowed: bool) -> bool:
        if not allowed:
            security_log.info("event=login_throttled account=%s", self.account)
        return allowed


class LoginThrottle(BaseThrottle):
    """Logins, and other requests with the user's own password; see ThrottlePasswordsMixin."""

    def allow_request(self, request: Request, view: Any) -> bool:
        user = request.user
        username = user.username if user.is_authenticated else get_field(request, "username")
        self.limit = LoginLimit(request, username=username or "")
        if request.method == "PATCH" and not get_field(request, "password"):
            return True
        return self.limit.allows_attempt()

    def wait(self) -> float:
        return self.limit.rate.seconds_left()


class ThrottlePasswordsMixin(ViewBase):
    """View mixin that limits wrong passwords. Requests with the right one are not counted."""

    password_methods = ("POST",)  # those whose body has a password

    def get_throttles(self) -> list[BaseThrottle]:
        if self.request.method in self.password_methods:
            self.login_throttle = LoginThrottle()
            return [*super().get_throttles(), self.login_throttle]
        return super().get_throttles()

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, (NoActiveAccount, WrongPassword)):
            throttle = self.login_throttle
            if not throttle.limit.count_wrong_password():
                exc = Throttled(throttle.wait())
        return super().handle_exception(exc)
