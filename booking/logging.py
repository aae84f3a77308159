"""Request ID and client IP of the current request for every log line, and the security log."""

import logging
import re
import unicodedata
from contextvars import ContextVar

from django.utils.crypto import salted_hmac

MAX_LOGGED_CHARACTERS = 200

# Set by middleware.RequestContextMiddleware; "-" outside of a request.
current_request_id: ContextVar[str] = ContextVar("request_id", default="-")
current_client_ip: ContextVar[str] = ContextVar("client_ip", default="-")

security_log = logging.getLogger("booking.security")


class RequestContextFilter:
    """Add `request_id` and `client_ip` to each log record, for the formatter."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        record.client_ip = sanitize(current_client_ip.get())
        return True


def sanitize(text: str) -> str:
    """Text of a client for a log line: printable ASCII without spaces or newlines, cut off."""
    return re.sub(r"[^!-~]", "?", text)[:MAX_LOGGED_CHARACTERS] or "-"


def hash_account(*, username: object) -> str:
    """Keyed hash of a username, for log lines and throttle keys.

    Not the username itself, because users sometimes type their password into its field; and keyed,
    so that a log does not help to guess it.
    """
    name = unicodedata.normalize("NFKC", str(username)).strip().lower()
    return salted_hmac("account", name.encode(errors="replace"), algorithm="sha256").hexdigest()
