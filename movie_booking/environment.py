"""Readers of environment variables, for settings.py. An invalid value stops the start."""

import os
import re
import sys
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured
from redis.connection import parse_url as parse_redis_url

from booking.roles import PERMISSIONS

# Names in lower case, as browsers send them; names of other scripts in Punycode.
HOST_NAME = r"[a-z0-9_-]+(\.[a-z0-9_-]+)*"
DEFAULT_PORTS = {"http": 80, "https": 443}


def env(name, default=""):
    """The variable's value, or the default if it is not set or empty."""
    return os.environ.get(name, "").strip() or default


def env_line(name, default="", most=200):
    """A line of text that people read."""
    value = env(name, default)
    if len(value) > most or not value.isprintable():
        raise ImproperlyConfigured(f"{name} must be one line of at most {most} characters.")
    return value


def env_two_factor(name, default):
    """`off`, `optional`, `required`, or names of roles, separated by commas."""
    value = env(name, default)
    if value.lower() in ("off", "optional", "required"):
        return value.lower()
    roles = {role.lower(): role for role in PERMISSIONS}
    named = [each.strip().lower() for each in value.split(",")]
    if not roles.keys() >= set(named):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to off, optional, required, or roles of staff such as "
            f"{', '.join(roles.values())}."
        )
    return ",".join(roles[each] for each in named)


def env_bool(name, default):
    """True or false. An empty variable is an error: `DEBUG=` does not mean `DEBUG=true`."""
    value = os.environ.get(name)
    if value is None:
        return default
    known = {"true": True, "1": True, "yes": True, "on": True}
    known |= {"false": False, "0": False, "no": False, "off": False}
    try:
        return known[value.strip().lower()]
    except KeyError:
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to one of {', '.join(known)}."
        ) from None


def env_number(name, default, least=0, most=100_000):
    value = env(name, str(default))
    if value.isascii() and value.isdigit() and len(value) <= 9 and least <= int(value) <= most:
        return int(value)
    raise ImproperlyConfigured(
        f"{name} is {value!r}: set it to a whole number from {least} to {most}."
    )


def env_header(name, default):
    """The name of a request header that has an IP address, or a list of them."""
    value = env(name, default)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", value):
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to a name such as X-Real-IP.")
    if value.lower() == "forwarded":
        raise ImproperlyConfigured(
            f"{name} is {value!r}, a header of name=value pairs: set it to one with IP addresses."
        )
    return value


def env_path_prefix(name):
    """A path such as /cinema, without the slash at its end. None: no prefix."""
    value = env(name).rstrip("/")
    if value and not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", value):
        raise ImproperlyConfigured(f"{name} is {env(name)!r}: set it to a path such as /cinema.")
    return value or None


def env_time_zone(name, default):
    value = env(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to a name such as Europe/Berlin."
        ) from None
    return value


def env_token(name):
    """A bearer token, or an empty text. The error message does not contain it."""
    value = env(name)
    if value and not re.fullmatch(r"[A-Za-z0-9._~+/=-]{16,200}", value):
        raise ImproperlyConfigured(
            f"{name} must be 16 to 200 ASCII letters, digits or characters of ._~+/=-, such as "
            'the output of: python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
    return value


def env_choice(name, default, known):
    value = env(name, default).lower()
    if value not in known:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to one of {', '.join(known)}.")
    return value


def env_log_level(name, default):
    value = env(name, default).upper()
    known = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    if value not in known:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to one of {', '.join(known)}.")
    return value


def env_rate(name, default):
    """A rate such as 10/15m. An empty variable means no limit."""
    value = os.environ.get(name, default).strip()
    if value and not re.fullmatch(r"[1-9][0-9]{0,5}/([1-9][0-9]{0,3})?[smhd]", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to a rate such as 10/15m, or to nothing for no limit."
        )
    return value


def env_list(name, default=""):
    return [item.strip() for item in env(name, default).split(",") if item.strip()]


def looks_like_production():
    """True if DEBUG is not set, but a variable is that development does not need."""
    database = env("DATABASE_URL", "sqlite:")
    return "DEBUG" not in os.environ and bool(
        env("ALLOWED_HOSTS") or not database.startswith("sqlite:")
    )


def runs_for_development():
    """True in `manage.py runserver`, `python -m django runserver`, their `test`, and pytest."""
    program, *arguments = [*sys.argv, ""]
    is_django = Path(program).name in ("manage.py", "django-admin", "__main__.py")
    return "pytest" in sys.modules or (is_django and arguments[0] in ("runserver", "test"))


def has_thread_per_request():
    """True under ASGI and runserver: a connection that outlives its request is not used again."""
    return "movie_booking.asgi" in sys.modules or sys.argv[1:2] == ["runserver"]


def env_hosts(name, default, *, allow_all):
    """Host names as in Django's ALLOWED_HOSTS; `*` only if `allow_all`."""
    hosts = env_list(name, default)
    for host in hosts:
        is_name = re.fullmatch(rf"\.?{HOST_NAME}", host.lower()) or _is_ipv6_in_brackets(host)
        if not is_name and not (host == "*" and allow_all):
            raise ImproperlyConfigured(
                f"{name} has {host!r}: set it to names such as tickets.example or .example.com, "
                "without scheme, port and path."
            )
    return hosts


def env_origins(name):
    """Origins as browsers send them: scheme, host, and a port that is not the scheme's own."""
    origins = env_list(name)
    for origin in origins:
        if not _is_origin(origin):
            raise ImproperlyConfigured(
                f"{name} has {origin!r}: set it to origins as browsers send them, such as "
                "https://cinema.example or http://localhost:5173: in lower case, without a path, "
                "a slash at the end, `*`, and the default port."
            )
    return origins


def _is_origin(text):
    match = re.fullmatch(rf"([a-z][a-z0-9+.-]*)://({HOST_NAME}|\[[0-9a-f:.]+\])(:[0-9]+)?", text)
    if not match:
        return False
    try:
        port = urlsplit(text).port
    except ValueError:  # beyond 65535, or no IPv6 address
        return False
    is_canonical = not match[4] or match[4] == f":{port}"
    return is_canonical and port != 0 and port != DEFAULT_PORTS.get(match[1], -1)


def _is_ipv6_in_brackets(host):
    try:
        return host == f"[{host[1:-1]}]" and ip_address(host[1:-1]).version == 6
    except ValueError:
        return False


MAIL_SCHEMES = {  # Django's settings and default port of a mail server, by the scheme of its URL
    "smtp": ({}, 25),
    "smtp+tls": ({"EMAIL_USE_TLS": True}, 587),
    "smtps": ({"EMAIL_USE_SSL": True}, 465),
}
NO_MAIL = "django.core.mail.backends.dummy.EmailBackend"
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"


def env_email(name, default):
    """Django's settings of outgoing mail. Error messages do not contain the password."""
    url = env(name, default)
    if not url:
        return {"EMAIL_BACKEND": NO_MAIL}
    if url == "console:":
        return {"EMAIL_BACKEND": "booking.mail.backends.ConsoleBackend"}
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return {
            "EMAIL_BACKEND": "booking.mail.backends.FileBackend",
            "EMAIL_FILE_PATH": unquote(parts.path),
        }
    if parts.scheme in MAIL_SCHEMES and parts.hostname and parts.path in ("", "/"):
        options, default_port = MAIL_SCHEMES[parts.scheme]
        return {
            "EMAIL_BACKEND": SMTP_BACKEND,
            "EMAIL_HOST": parts.hostname,
            "EMAIL_PORT": port or default_port,
            "EMAIL_HOST_USER": unquote(parts.username or ""),
            "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
            "EMAIL_TIMEOUT": 20,  # seconds
            **options,
        }
    raise ImproperlyConfigured(
        f"{name} is not understood. It looks like smtp+tls://user:password@host:587, smtps://…, "
        "console: or file:///folder."
    )


def env_redis(name):
    """The URL of a Redis server. Error messages do not contain the password."""
    url = env(name)
    if not url:
        return url
    try:
        parts = urlsplit(url)
        parse_redis_url(url)  # raises for a scheme or an option that it does not know
        is_server = (
            bool(parts.path)
            if parts.scheme == "unix"
            else parts.hostname and parts.port != 0 and re.fullmatch("(/[0-9]*)?", parts.path)
        )
    except ValueError:
        is_server = False
    if not is_server or re.search(r"[\s,;]", url):  # Django takes a list with , or ; for servers
        raise ImproperlyConfigured(
            f"{name} is not understood. It looks like redis://:password@host:6379/0."
        )
    return url
