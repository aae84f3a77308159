"""How often somebody may do something; counted over all workers, in the cache.

A rate such as `10/15m` means ten times in any quarter of an hour by the clock. Whoever is over it
hears when the next one begins. The rates are settings; an empty one switches its throttle off.
"""

import time
from datetime import datetime, timezone
from hashlib import sha256
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from rest_framework.throttling import BaseThrottle

from .callers import address_of
from .serializers.incoming import UsernameField

SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}


def parse_rate(rate):
    """(how often, in how many seconds), or None if there is no limit. The settings have seen to it
    that it is a rate."""
    if not rate:
        return None
    often, _, period = rate.partition("/")
    return int(often), int(period[:-1] or 1) * SECONDS[period[-1]]


class Throttle(BaseThrottle):
    """Counts requests under whatever names `whose` gives, with a limit for each."""

    setting = None

    def allow_request(self, request, view):
        rate = parse_rate(getattr(settings, self.setting))
        if rate is None:
            return True
        limit, seconds = rate
        self.seconds = seconds
        return all(
            self.count(name, limit=times * limit) <= times * limit
            for name, times in self.whose(request, view)
        )

    def wait(self):
        """Seconds until the next window begins."""
        return self.seconds - time.time() % self.seconds

    def whose(self, request, view):
        """Pairs of a name that is counted and how many times the rate it may have."""
        raise NotImplementedError

    def count(self, name, limit, by=1):
        window = int(time.time() / self.seconds)
        until = datetime.fromtimestamp((window + 1) * self.seconds, tz=timezone.utc)
        return cache.count(f"{self.setting}:{name}:{window}", by, until)

    def address(self, request):
        """Where it came from; who has one IPv6 address has 2⁶⁴ of them."""
        try:
            address = ip_address(address_of(request))
        except ValueError:
            return "unknown"
        return str(ip_network((address, 64), strict=False) if address.version == 6 else address)


class SignUpThrottle(Throttle):
    setting = "THROTTLE_SIGNUP"

    def whose(self, request, view):
        yield self.address(request), 1


class LoginThrottle(Throttle):
    """Wrong passwords: of one account from one address, and of all accounts from it. An account is
    never locked for other addresses, or anybody could lock anybody out."""

    setting = "THROTTLE_LOGIN"

    def whose(self, request, view):
        address = self.address(request)
        yield f"{address}:{self.account(request)}", 1
        yield address, 10

    def account(self, request):
        if request.user and request.user.is_authenticated:
            name = request.user.username
        else:
            name = request.data.get("username") if isinstance(request.data, dict) else ""
        name = UsernameField.normalised(str(name)).lower()
        return sha256(name.encode(errors="replace")).hexdigest()

    def forgive(self, request):
        """It was the right password: it was not one of those that are counted."""
        if rate := parse_rate(settings.THROTTLE_LOGIN):
            self.seconds = rate[1]
            for name, _ in self.whose(request, None):
                self.count(name, limit=0, by=-1)


class HoldThrottle(Throttle):
    setting = "THROTTLE_HOLD"

    def whose(self, request, view):
        if isinstance(request.data, dict) and request.data.get("hold") not in (None, False):
            yield request.user.pk, 1


class UserThrottle(Throttle):
    """Everything that somebody does who is logged in.

    To ask the cache each time would cost more than many a request: each worker counts by itself
    and tells the others in steps of a fiftieth of the limit.
    """

    setting = "THROTTLE_USER"
    mine = {}  # name: [counted here and not yet told, counted by all when this was last told]

    def whose(self, request, view):
        if request.user and request.user.is_authenticated:
            yield request.user.pk, 1

    def count(self, name, limit, by=1):
        window = int(time.time() / self.seconds)
        known = self.mine.get(name)
        if known is None or known[0] != window:
            known = self.mine[name] = [window, 0, 0]
        known[1] += by
        if known[1] >= max(1, limit // 50):
            known[2] = super().count(name, limit, known[1])
            known[1] = 0
        return known[1] + known[2]
