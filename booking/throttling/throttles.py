"""DRF throttles of sign-ups, mails, holds, changes, API requests and sales of a busy show."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from .. import waiting_room
from ..exceptions import NotYourTurn
from ..logging import hash_account
from .rates import Keys, Rate, get_client_network, get_field, parse_rate

RESETS_PER_NETWORK = 10  # times THROTTLE_PASSWORD_RESET


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
        return self.keys_of(request, str(get_field(request, "email") or ""))

    @staticmethod
    def keys_of(request: HttpRequest, email: str) -> Keys:
        keys: Keys = {get_client_network(request): RESETS_PER_NETWORK}
        if email:
            keys[hash_account(username=email.strip())] = 1
        return keys

    @classmethod
    def wait_of(cls, request: HttpRequest, email: str) -> float:
        """Count a request of a page outside of the API. Return the seconds to wait, or 0."""
        rate = Rate(cls.setting)
        return 0 if rate.allows(cls.keys_of(request, email)) else rate.seconds_left()


class VerificationThrottle(Throttle):
    """Mails to verify an address, for one user, whatever the address."""

    setting = "THROTTLE_VERIFY_EMAIL"

    def get_keys(self, request: Request) -> Keys:
        user = request.user
        if request.method != "POST":
            email = get_field(request, "email")
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

    Without a limit, booking and cancelling fill the table of bookings, and moves and extensions
    fill the table of idempotency keys.
    """

    setting = "THROTTLE_CANCEL"

    def get_keys(self, request: Request) -> Keys:
        action = request.parser_context["view"].action
        return {f"{action}:{request.user.pk}": 1}


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
    """Waiting room for requests that book or hold seats of a show. Raises NotYourTurn, a 503.

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
