"""How often somebody may do something; counted over all workers, in the cache.

A rate such as `10/15m` means ten times in any quarter of an hour by the clock. The rates are
settings; an empty one means that there is no limit.
"""

import time
import unicodedata
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache
from django.utils.crypto import salted_hmac

SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}


class Rate:
    """Of a setting, such as Rate("THROTTLE_LOGIN")."""

    def __init__(self, setting):
        self.setting = setting
        often, _, period = getattr(settings, setting).partition("/")
        self.limit = int(often or 0)
        self.seconds = int(period[:-1] or 1) * SECONDS[period[-1]] if period else 1
        self.window = int(time.time() / self.seconds)

    @property
    def is_off(self):
        return not self.limit

    @property
    def wait(self):
        """Seconds until the next window begins."""
        return self.seconds - time.time() % self.seconds

    def count(self, name, by=1):
        """How often it was by now."""
        until = datetime.fromtimestamp((self.window + 1) * self.seconds, tz=UTC)
        return cache.count(f"{self.setting}:{name}:{self.window}", by, until)

    def allows(self, names):
        """Counts it under each of the names, which may have so many times the limit."""
        return self.is_off or all(
            self.count(name) <= times * self.limit for name, times in names.items()
        )

    def forgive(self, names):
        """It was none of those that are counted."""
        if not self.is_off:
            for name in names:
                self.count(name, by=-1)


def login_names(address, username):
    """What wrong passwords are counted under: all accounts from this address, and the one from it.
    An account is never locked for other addresses, or anybody could lock anybody out."""
    return {address: 10, f"{address}:{pseudonym(username)}": 1}


def pseudonym(username):
    """By which an account can be counted and found in the log. Not the name, nor what could be
    guessed from it: now and then somebody types their password in its place."""
    name = unicodedata.normalize("NFKC", str(username)).strip().lower()
    return salted_hmac("account", name.encode(errors="replace"), algorithm="sha256").hexdigest()
