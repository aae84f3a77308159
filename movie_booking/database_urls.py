"""Readers of the environment variables that name databases. An invalid value stops the start."""

import re
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from movie_booking.environment import env, has_thread_per_request

EXAMPLES = "It looks like postgres://user:password@host/name or sqlite:///path/to/file.sqlite3."
SUPPORTED = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
HOST_AND_PORT = r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]*)(?::([0-9]+))?"


def env_database(name, default):
    """Django's settings of the primary database.

    Error messages do not contain the password.
    """
    config = _parse(name, env(name, default))
    if "," in config["HOST"]:  # otherwise a standby that answers first would be used
        options = config.setdefault("OPTIONS", {})
        options.setdefault("target_session_attrs", "read-write")
    return config


def env_replica(name, *, primary):
    """Django's settings of the read replica; None without one."""
    url = env(name)
    if not url:
        return None
    config = _parse(name, url)
    if not (config["ENGINE"] == primary["ENGINE"] == "django.db.backends.postgresql"):
        raise ImproperlyConfigured(
            f"{name} is set, so it and DATABASE_URL must name PostgreSQL: a streaming replica and "
            "its primary."
        )
    return config


def _parse(name, url):
    try:
        url, hosts = _split_hosts(url)
        port = urlsplit(url).port
        config = dj_database_url.parse(url, conn_health_checks=True)
    except ValueError:
        port, config = 0, {}
    if port == 0 or not config:
        raise ImproperlyConfigured(f"{name} is not understood. {EXAMPLES}") from None
    if config["ENGINE"] not in SUPPORTED:
        raise ImproperlyConfigured(
            f"{name} names {config['ENGINE']}: only SQLite and PostgreSQL are "
            "supported, because only they are tested never to sell a seat twice."
        )
    if config["NAME"] in ("", ":memory:") and "service" not in config.get("OPTIONS", {}):
        raise ImproperlyConfigured(f"{name} names no database. {EXAMPLES}")
    options = config.get("OPTIONS", {})
    if options.get("pool") and not find_spec("psycopg_pool"):
        raise ImproperlyConfigured(f"{name} has a pool, which needs: pip install 'psycopg[pool]'")
    # Django's pool keeps connections itself, and refuses that anything else does.
    is_kept_by_us = not (has_thread_per_request() or options.get("pool"))
    age = str(options.pop("conn_max_age", 600 if is_kept_by_us else 0))
    if not (age.isascii() and age.isdigit() and len(age) <= 6):
        raise ImproperlyConfigured(
            f"{name} has conn_max_age={age}: set it to a number of seconds; 0 closes the "
            "connection after each request."
        )
    config["CONN_MAX_AGE"] = int(age)
    if hosts:
        config["HOST"] = ",".join(host for host, _ in hosts)
        config["PORT"] = ",".join(port for _, port in hosts)
    return config


def _split_hosts(url):
    """The URL with its first host only, and (host, port) of each if there are several.

    libpq's form for several servers, `a:5432,b:5432`, is not valid in RFC 3986. Raises ValueError.
    """
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    if "," not in hosts:
        return url, []
    found = []
    for each in hosts.split(","):
        match = re.fullmatch(HOST_AND_PORT, each)
        if not match or not match[1] or (match[2] and not 0 < int(match[2]) < 65_536):
            raise ValueError(each)
        found.append((unquote(match[1].strip("[]")), match[2] or "5432"))
    [first, *_] = hosts.split(",")
    return parts._replace(netloc=user + at + first).geturl(), found
