"""Context of the current request for every log line; JSON lines; access and security log."""

import json
import logging
import re
import unicodedata
from contextvars import ContextVar
from datetime import UTC, datetime

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.functional import SimpleLazyObject

MAX_LOGGED_CHARACTERS = 200

# Set by middleware.RequestContextMiddleware; "-" outside of a request.
current_request_id: ContextVar[str] = ContextVar("request_id", default="-")
current_client_ip: ContextVar[str] = ContextVar("client_ip", default="-")

current_traceparent: ContextVar[str] = ContextVar("traceparent", default="")  # not validated

security_log = logging.getLogger("booking.security")
access_log = logging.getLogger("booking.access")

# W3C Trace Context, version 00 and those after it.
TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)
EXTRA_FIELDS = ("user", "method", "path", "route", "status", "milliseconds", "sqlstate")


class RequestContextFilter:
    """Add `request_id` and `client_ip` to each log record, for the formatter."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request_id.get()
        record.client_ip = sanitize(current_client_ip.get())
        return True


class LineFormatter(logging.Formatter):
    """Plain text. A message with line breaks, such as a client's text, stays one line."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 its name in logging
        return re.sub(
            r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", " ", super().formatMessage(record)
        )


class JsonFormatter(logging.Formatter):
    """One JSON object a line. ASCII only, so that nothing a client sends can break the line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id.get(),
            "client_ip": sanitize(current_client_ip.get()),
        }
        if traceparent := valid_traceparent(current_traceparent.get()):
            fields["traceparent"] = traceparent
        for name in EXTRA_FIELDS:
            if (value := record.__dict__.get(name)) is not None:
                fields[name] = value
        if record.exc_info and record.exc_info[1]:
            fields["exception"] = self.formatException(record.exc_info)
            state = getattr(record.exc_info[1].__cause__, "sqlstate", None)
            if state:
                fields["sqlstate"] = state
        return json.dumps(fields, default=str)


def valid_traceparent(value: str) -> str:
    """The header `traceparent` if it is well-formed, else an empty text."""
    return value if TRACEPARENT.fullmatch(value) else ""


def log_access(request: HttpRequest, status: int, seconds: float, *, is_slow: bool) -> None:
    """Access log line, WARNING if slow; without the query string, which may have tokens."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):  # of a page: reading it may run a query
        user = getattr(request, "_cached_user", None)
    match = request.resolver_match
    fields = {
        "method": sanitize(request.method or ""),
        "path": sanitize(request.path),
        "route": match.view_name if match else "unknown",
        "status": status,
        "milliseconds": round(seconds * 1000, 1),
        "user": getattr(user, "pk", None),
    }
    access_log.log(
        logging.WARNING if is_slow else logging.INFO,
        "%s%s",
        "slow request: " if is_slow else "",
        " ".join(f"{name}={value}" for name, value in fields.items()),
        extra=fields,
    )


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
