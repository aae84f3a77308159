"""Rate limits of logins, sign-ups, holds, changes and API requests, as DRF throttles.

A rate such as `10/15m` allows 10 requests in each window of 15 minutes. The windows follow the
clock. Counters are in the cache, which all worker processes share. The rates are settings; an
empty one means no limit.
"""

from .passwords import LoginLimit, LoginThrottle, ThrottlePasswordsMixin
from .throttles import (
    ChangeThrottle,
    HoldThrottle,
    PasswordResetThrottle,
    SignUpThrottle,
    UserThrottle,
    VerificationThrottle,
    WaitingRoomThrottle,
)

__all__ = [
    "ChangeThrottle",
    "HoldThrottle",
    "LoginLimit",
    "LoginThrottle",
    "PasswordResetThrottle",
    "SignUpThrottle",
    "ThrottlePasswordsMixin",
    "UserThrottle",
    "VerificationThrottle",
    "WaitingRoomThrottle",
]
