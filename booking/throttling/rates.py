"""Rates from the settings, their counters, and what a request is counted under."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache as cache_results
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from rest_framework.request import Request

SECONDS_PER_UNIT = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60}

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


def get_field(request: Request, field: str) -> Any:
    return request.data.get(field) if isinstance(request.data, dict) else None
