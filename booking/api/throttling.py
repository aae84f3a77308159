"""429 for whoever does something too often. booking/rates.py counts."""

from rest_framework.exceptions import Throttled
from rest_framework.serializers import BooleanField
from rest_framework.throttling import BaseThrottle

from ..callers import network_of
from ..exceptions import NoActiveAccount, WrongPassword
from ..rates import Rate, login_names


class Throttle(BaseThrottle):
    """Counts what is sent to do something, under the `names` of who sends it."""

    setting = None

    def allow_request(self, request, view):
        self.rate, self.counted = Rate(self.setting), {}
        if request.method not in ("POST", "DELETE"):
            return True
        self.counted = self.names(request)
        return self.rate.allows(self.counted)

    def wait(self):
        return self.rate.wait

    def names(self, request):
        """What is counted, each with how many times the rate it may have."""
        raise NotImplementedError


class SignUpThrottle(Throttle):
    setting = "THROTTLE_SIGNUP"

    def names(self, request):
        return {network_of(request): 1}


class HoldThrottle(Throttle):
    setting = "THROTTLE_HOLD"

    def names(self, request):
        hold = _given(request, "hold")
        wanted = isinstance(hold, str | int) and hold in BooleanField.TRUE_VALUES
        return {request.user.pk: 1} if wanted else {}


class LoginThrottle(Throttle):
    setting = "THROTTLE_LOGIN"

    def names(self, request):
        user = request.user
        username = user.username if user.is_authenticated else _given(request, "username")
        return login_names(network_of(request), username or "")


class CountsWrongPasswords:
    """A view that takes a password; nothing but a wrong one is counted."""

    takes_password = ("POST",)  # methods
    attempt = None
    was_wrong = False

    def get_throttles(self):
        if self.request.method in self.takes_password:
            self.attempt = LoginThrottle()
            return [*super().get_throttles(), self.attempt]
        return super().get_throttles()

    def handle_exception(self, exc):
        self.was_wrong = isinstance(exc, (NoActiveAccount, WrongPassword, Throttled))
        return super().handle_exception(exc)

    def finalize_response(self, request, response, *args, **kwargs):
        if self.attempt and not self.was_wrong:
            self.attempt.rate.forgive(self.attempt.counted)
        return super().finalize_response(request, response, *args, **kwargs)


class UserThrottle(Throttle):
    """Everything that somebody does who is logged in.

    To ask the cache each time would cost more than many a request: each worker counts by itself
    and tells the others in steps of a twentieth of the limit.
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
        untold, told = self.untold.get(user, 0) + 1, self.told.get(user, 0)
        if untold >= max(1, self.rate.limit // 20):
            untold, told = 0, self.rate.count(user, by=untold)
        self.untold[user], self.told[user] = untold, told
        return untold + told <= self.rate.limit

    @classmethod
    def forgive(cls, request):
        """Do not count what was asked just now."""
        user = request.user.pk
        if user in cls.untold:
            cls.untold[user] -= 1

    def _begin_window(self):
        window = self.rate.window
        if UserThrottle.window != window:
            UserThrottle.window = window
            self.untold.clear()
            self.told.clear()


def _given(request, field):
    return request.data.get(field) if isinstance(request.data, dict) else None
