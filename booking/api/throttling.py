"""429 for whoever does something too often. booking/rates.py counts."""

from rest_framework.throttling import BaseThrottle

from ..callers import network_of
from ..rates import Rate, login_names


class Throttle(BaseThrottle):
    setting = None

    def allow_request(self, request, view):
        self.rate = Rate(self.setting)
        return self.rate.allows(self.names(request))

    def wait(self):
        return self.rate.wait

    def names(self, request):
        """What is counted, each with how many times the rate it may have."""
        raise NotImplementedError


class SignUpThrottle(Throttle):
    setting = "THROTTLE_SIGNUP"

    def names(self, request):
        return {network_of(request): 1}


class LoginThrottle(Throttle):
    """Wrong passwords; the view forgives the right ones."""

    setting = "THROTTLE_LOGIN"

    def names(self, request):
        user = request.user
        username = user.username if user.is_authenticated else _given(request, "username")
        return login_names(network_of(request), username or "")

    @classmethod
    def forgive(cls, request):
        Rate(cls.setting).forgive(cls().names(request))


class HoldThrottle(Throttle):
    setting = "THROTTLE_HOLD"

    def names(self, request):
        return {request.user.pk: 1} if _given(request, "hold") else {}


class UserThrottle(Throttle):
    """Everything that somebody does who is logged in.

    To ask the cache each time would cost more than many a request: each worker counts by itself
    and tells the others in steps of a fiftieth of the limit.
    """

    setting = "THROTTLE_USER"
    window = None
    untold, told = {}, {}  # by user: counted here, and by all when it was last told

    def allow_request(self, request, view):
        self.rate = Rate(self.setting)
        if self.rate.is_off or not request.user or not request.user.is_authenticated:
            return True
        self._begin_window()
        user = request.user.pk
        self.untold[user] = self.untold.get(user, 0) + 1
        if self.untold[user] >= max(1, self.rate.limit // 50):
            self.told[user] = self.rate.count(user, by=self.untold.pop(user))
        return self.untold.get(user, 0) + self.told.get(user, 0) <= self.rate.limit

    def _begin_window(self):
        window = self.rate.window
        if UserThrottle.window != window:
            UserThrottle.window = window
            self.untold.clear()
            self.told.clear()


def _given(request, field):
    return request.data.get(field) if isinstance(request.data, dict) else None
