"""Rate limits of logins, sign-ups, holds, changes and API requests, as DRF throttles.

A rate such as `10/15m` allows 10 requests in each window of 15 minutes. The windows follow the
clock. Counters are in the cache, which all worker processes share. The rates are settings; an
empty one means no limit.
"""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache as cache_results
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from . import waiting_room
from .accounts import account_name, users_by_name
from .exceptions import NoActiveAccount, NotYourTurn, WrongPassword
from .logging import hash_account, security_log

if TYPE_CHECKING:  # what a mixin of views can rely on
    from rest_framework.views import APIView as ViewBase
else:
    ViewBase = object

SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}
RESETS_PER_NETWORK = 10  # times THROTTLE_PASSWORD_RESET
LOGINS_PER_NETWORK = 10  # times THROTTLE_LOGIN, of all accounts together

Keys = dict[Any, int]  # what to count a request under: key -> how many times the limit it may use


@cache_results
def parse_rate(rate: str) -> tuple[int, int]:
    """Limit, 0 for none, and seconds of a window."""
    limit, _, period = rate.partition("/")
    seconds = int(period[:-1] or 1) * SECONDS_PER_UNIT[period[-1]] if period else 1
    return int(limit or 0), seconds


class Rate:
    """A rate limit from the settings in its current window: `Rate("THROTTLE_LOGIN")`."""

    def __init__(self, setting: str) -> None:
        self.setting = setting
        self.limit, self.period = parse_rate(getattr(settings, setting))
        self.window = int(time.time() / self.period)

    def seconds_left(self) -> float:
        """Seconds until the next window begins."""
        return self.period - time.time() % self.period

    def increment(self, key: Any, *, by: int = 1) -> int:
        """Add to the key's counter for this window and return its new value."""
        end = datetime.fromtimestamp((self.window + 1) * self.period, tz=UTC)
        return cache.increment(self._name(key), by=by, expires_at=end)  # type: ignore[attr-defined]

    def read(self, keys: Sequence[Any]) -> list[int]:
        """The values of the keys' counters for this window. It creates none."""
        return cache.read_counters([self._name(key) for key in keys])  # type: ignore[attr-defined]

    def _name(self, key: Any) -> str:
        return f"{self.setting}:{key}:{self.window}"

    def allows(self, keys: Keys) -> bool:
        """Count a request under each key. False, and stop counting, at the first over its limit."""
        return not self.limit or all(
            self.increment(key) <= factor * self.limit for key, factor in keys.items()
        )


def get_client_network(request: HttpRequest) -> str:
    """The IPv4 address or the IPv6 /64 network of the client, or "unknown".

    A customer with one IPv6 address usually has the whole /64 network of it.
    """
    text: str = request.client_ip  # type: ignore[attr-defined]  # set by RequestContextMiddleware
    if match := re.fullmatch(r"\[(.*)\]:\d+|([^:]*):\d+", text):  # some proxies add a port
        text = match[1] or match[2]
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


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


class Throttle(BaseThrottle):
    """Base of the throttles that count changing requests, each under its `get_keys`."""

    setting: str

    def allow_request(self, request: Request, view: Any) -> bool:
        self.rate = Rate(self.setting)
        self.keys: Keys = {}
        if request.method in ("POST", "PATCH", "DELETE"):
            self.keys = self.get_keys(request)
        return self.rate.allows(self.keys)

    def wait(self) -> float:
        return self.rate.seconds_left()

    def get_keys(self, request: Request) -> Keys:
        raise NotImplementedError


class SignUpThrottle(BaseThrottle):
    """Sign-ups from one network that succeeded; the view calls `count`."""

    setting = "THROTTLE_SIGNUP"

    def allow_request(self, request: Request, view: Any) -> bool:
        self.rate = Rate(self.setting)
        if not self.rate.limit or request.method != "POST":
            return True
        [succeeded] = self.rate.read([get_client_network(request)])
        return succeeded < self.rate.limit

    def wait(self) -> float:
        return self.rate.seconds_left()

    @classmethod
    def count(cls, request: Request) -> None:
        rate = Rate(cls.setting)
        if rate.limit:
            rate.increment(get_client_network(request))


class PasswordResetThrottle(Throttle):
    """Requests to reset a password: for one email address, and more of them from one network."""

    setting = "THROTTLE_PASSWORD_RESET"

    def get_keys(self, request: Request) -> Keys:
        return self.keys_of(request, str(_get_field(request, "email") or ""))

    @staticmethod
    def keys_of(request: HttpRequest, email: str) -> Keys:
        keys: Keys = {get_client_network(request): RESETS_PER_NETWORK}
        if email:
            keys[hash_account(username=email.strip())] = 1
        return keys

    @classmethod
    def wait_of(cls, request: HttpRequest, email: str) -> float:
        """For a page outside of the API: count the request; seconds to wait, or 0."""
        rate = Rate(cls.setting)
        return 0 if rate.allows(cls.keys_of(request, email)) else rate.seconds_left()


class VerificationThrottle(Throttle):
    """Mails to verify an address that one user has sent, to the same address or to others."""

    setting = "THROTTLE_VERIFY_EMAIL"

    def get_keys(self, request: Request) -> Keys:
        user = request.user
        if request.method != "POST":
            email = _get_field(request, "email")
            if request.method != "PATCH" or not email or email == getattr(user, "email", ""):
                return {}
        return {user.pk: 1}


class HoldThrottle(Throttle):
    """For requests that hold seats; the view decides which do, by the validated input.

    Requests are counted before the transaction: a refusal would take the count back. The stored
    response to an earlier request is repeated even over the limit.
    """

    setting = "THROTTLE_HOLD"

    def get_keys(self, request: Request) -> Keys:
        return {request.user.pk: 1}

    def allow_request(self, request: Request, view: Any) -> bool:
        return super().allow_request(request, view) or view.has_stored_response()


class ChangeThrottle(Throttle):
    """Cancellations, moves and extensions of one user, each counted for itself.

    Booking and cancelling again and again would fill the table of bookings, the others with an
    Idempotency-Key its table.
    """

    setting = "THROTTLE_CANCEL"

    def get_keys(self, request: Request) -> Keys:
        action = request.parser_context["view"].action
        return {f"{action}:{request.user.pk}": 1}


class LoginThrottle(BaseThrottle):
    """Logins, and other requests with the user's own password; see ThrottlePasswordsMixin."""

    def allow_request(self, request: Request, view: Any) -> bool:
        user = request.user
        username = user.username if user.is_authenticated else _get_field(request, "username")
        self.limit = LoginLimit(request, username=username or "")
        if request.method == "PATCH" and not _get_field(request, "password"):
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


class UserThrottle(BaseThrottle):
    """All API requests of a user.

    Each worker process counts in memory and adds its count to the cache once it is a twentieth of
    the limit, because a cache query costs more than many a request. So a user can exceed the limit
    by a twentieth for each worker.
    """

    setting = "THROTTLE_USER"
    window: int | None = None  # the one that the counts are of
    local_counts: dict[Any, int] = {}  # by user: requests that are not yet in the cache
    shared_counts: dict[Any, int] = {}  # by user: requests of all workers, when last added to

    def allow_request(self, request: Request, view: Any) -> bool:
        limit, period = parse_rate(getattr(settings, self.setting))
        if not limit or not request.user.is_authenticated:
            return True
        window = int(time.time() / period)
        if UserThrottle.window != window:
            UserThrottle.window = window
            self.local_counts.clear()
            self.shared_counts.clear()
        user = request.user.pk
        local = self.local_counts.get(user, 0) + 1
        if local >= max(1, limit // 20):
            self.shared_counts[user] = Rate(self.setting).increment(user, by=local)
            local = 0
        self.local_counts[user] = local
        return local + self.shared_counts.get(user, 0) <= limit

    def wait(self) -> float:
        return Rate(self.setting).seconds_left()


class WaitingRoomThrottle(BaseThrottle):
    """For requests that buy or hold seats of a show. It raises NotYourTurn, a 503.

    Staff do not wait, nor do stored responses to earlier requests.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        if settings.QUEUE_ABOVE and request.method == "POST" and not request.user.is_staff:
            user_id: Any = request.user.pk  # permissions come before throttles
            try:
                waiting_room.enter(show_id=view.kwargs["pk"], user_id=user_id)
            except NotYourTurn:
                if not view.has_stored_response():
                    raise
        return True


def _get_field(request: Request, field: str) -> Any:
    return request.data.get(field) if isinstance(request.data, dict) else None
