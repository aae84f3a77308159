"""Settings: one file, every choice of a deployment an environment variable.

With none of them set it runs from a bare checkout: development mode on a SQLite file.
README.md lists the variables.
"""

import os
import re
import tempfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from psycopg import IsolationLevel

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name, default=""):
    """The variable's text; set but empty counts as not set."""
    return os.environ.get(name, "").strip() or default


def env_bool(name, default):
    """Set but empty is refused: whoever wrote `DEBUG=` did not mean `DEBUG=true`."""
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
    if value.isascii() and value.isdigit() and len(value) <= 6 and least <= int(value) <= most:
        return int(value)
    raise ImproperlyConfigured(
        f"{name} is {value!r}: set it to a whole number from {least} to {most}."
    )


def env_time_zone(name, default):
    value = env(name, default)
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to a name such as Europe/Berlin."
        ) from None
    return value


def env_log_level(name, default):
    value = env(name, default).upper()
    known = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
    if value not in known:
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to one of {', '.join(known)}.")
    return value


def env_rate(name, default):
    value = os.environ.get(name, default).strip()
    if value and not re.fullmatch(r"[1-9][0-9]{0,5}/([1-9][0-9]{0,3})?[smhd]", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}: set it to a rate such as 10/15m, or to nothing for no limit."
        )
    return value


def env_list(name, default=""):
    return [item.strip() for item in env(name, default).split(",") if item.strip()]


# --- Secrets -------------------------------------------------------------------------------

DEBUG = env_bool("DEBUG", default=True)

DEVELOPMENT_KEY = "insecure-key-for-development-only-never-for-a-real-cinema"


def env_key(name, default):
    """A signing key, refused in production unless it is a real one (RFC 7518 §3.2: 32 bytes)."""
    key = env(name, default)
    if DEBUG:
        return key or DEVELOPMENT_KEY
    if not key or key == DEVELOPMENT_KEY:
        raise ImproperlyConfigured(
            f"DEBUG is off, so {name} must be set: a random text of at least 32 bytes, such as "
            'the output of: python -c "import secrets; print(secrets.token_urlsafe(48))"'
        )
    if len(key.encode()) < 32:
        raise ImproperlyConfigured(
            f"{name} has {len(key.encode())} bytes: with DEBUG off it must have at least 32."
        )
    return key


SECRET_KEY = env_key("SECRET_KEY", default="")
JWT_SIGNING_KEY = env_key("JWT_SIGNING_KEY", default=SECRET_KEY)

# --- Application ---------------------------------------------------------------------------

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

# Behind a proxy that ends TLS, which must set X-Forwarded-Proto itself on every request.
BEHIND_TLS_PROXY = env_bool("BEHIND_TLS_PROXY", default=False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# How many proxies in front add to X-Forwarded-For; with none, what a client writes there is not
# believed.
NUM_PROXIES = env_number("NUM_PROXIES", 0, most=10)
if BEHIND_TLS_PROXY and not env("NUM_PROXIES"):
    raise ImproperlyConfigured(
        "BEHIND_TLS_PROXY is on, so NUM_PROXIES must be set: 1, or how many proxies there are. "
        "Without it all customers would seem to have one address, and be throttled together."
    )

# In production everything goes over HTTPS, and browsers are told to remember that for a year. Pages
# are redirected; the API refuses instead (booking/api/middleware.py).
HTTPS = env_bool("HTTPS", default=not DEBUG)
if HTTPS:
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_REDIRECT_EXEMPT = [r"^api/", r"^api$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Web pages of other origins that may call the API; none unless they are named. They send tokens,
# not cookies.
CORS_ALLOWED_ORIGINS = env_list("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = ["ETag", "Idempotency-Replayed", "Link", "Retry-After", "X-Request-ID"]

KEEP_FILMS = True  # answers about films, for a second (booking/api/caching.py)
LARGEST_BODY = 64 * 1024  # bytes, of a request to the API

# `booking` stands before the packages whose templates it overrides.
INSTALLED_APPS = [
    "booking",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "corsheaders",
    "drf_yasg",
]

MIDDLEWARE = [
    "booking.callers.CallerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "booking.api.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "booking.api.middleware.ApiMiddleware",
    "booking.pages.SessionMiddleware",
    "booking.pages.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "booking.pages.AuthenticationMiddleware",
    "booking.pages.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "movie_booking.urls"
WSGI_APPLICATION = "movie_booking.wsgi.application"
TEST_RUNNER = "booking.tests.runner.TestRunner"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Database ------------------------------------------------------------------------------
# The two queues in which seats are sold; README.md, "How a seat is never sold twice".

SQLITE_OPTIONS = {
    # Writers queue at BEGIN. With SQLite's default, a transaction that first reads and then
    # writes fails at once with "database is locked" when another one wrote in between.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,  # seconds a writer waits for its turn
    # FULL: under WAL, NORMAL may lose the last acknowledged bookings when the power fails.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
}

POSTGRESQL_OPTIONS = {
    # Said explicitly, whatever the server's default is: after the wait for a show's lock the
    # next statement must see what the others committed; a REPEATABLE READ snapshot is older.
    "isolation_level": IsolationLevel.READ_COMMITTED,
    "server_side_binding": True,
    # What is asked often is prepared in booking/models/prepared.py. If psycopg prepared the rest,
    # each ROLLBACK would make it forget all of them, and those as well.
    "prepare_threshold": None,
    # A server that does not answer is given up after seconds, not minutes.
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "options": (
        "-c lock_timeout=3s -c statement_timeout=5s -c idle_in_transaction_session_timeout=10s "
        # A plan is made once, whatever the values: that costs a booking half of what it would cost
        # PostgreSQL otherwise. And by indexes, because no disk turns any more.
        "-c plan_cache_mode=force_generic_plan -c random_page_cost=1.1"
    ),
}


def database(url):
    try:
        config = dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True)
    except ValueError:  # whose message may repeat the password
        raise ImproperlyConfigured(
            "DATABASE_URL is not understood. It looks like postgres://user:password@host/name "
            "or sqlite:///path/to/file.sqlite3."
        ) from None
    options = {
        "django.db.backends.sqlite3": SQLITE_OPTIONS,
        "django.db.backends.postgresql": POSTGRESQL_OPTIONS,
    }.get(config["ENGINE"])
    if options is None:
        raise ImproperlyConfigured(
            f"DATABASE_URL asks for {config['ENGINE']}: only SQLite and PostgreSQL are "
            "supported, because only for them it is proved that no seat is sold twice."
        )
    # What the URL itself says (?options=…) wins.
    config["OPTIONS"] = options | config.get("OPTIONS", {})
    if config["ENGINE"].endswith("postgresql"):
        config["ENGINE"] = "movie_booking.postgresql"  # Django's, with fewer journeys
    else:
        # A file, because threads cannot race for seats in a database in memory.
        file = Path(tempfile.gettempdir()) / f"movie-booking-test-{os.getpid()}.sqlite3"
        config["TEST"] = {"NAME": str(file)}
    return config


SQLITE_FILE = quote((BASE_DIR / "db.sqlite3").as_posix(), safe="/:")
DATABASES = {"default": database(env("DATABASE_URL", f"sqlite:///{SQLITE_FILE}"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What throttles count, over all workers: in a table of the database, or in Redis.
REDIS_URL = env("REDIS_URL")
if REDIS_URL:
    if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured("REDIS_URL looks like redis://host:6379/0.")
    CACHES = {
        "default": {
            "BACKEND": "booking.counters.RedisCounters",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # seconds
        }
    }
else:
    CACHES = {"default": {"BACKEND": "booking.counters.DatabaseCounters", "LOCATION": "counters"}}

# --- The box office ------------------------------------------------------------------------

# How long after a show's start seats are still sold, for those who come late.
SALES_CLOSE_AFTER_START = timedelta(minutes=env_number("SALES_CLOSE_AFTER_START_MINUTES", 10))

# How long a hold lasts; how long at most, however often it is extended; and how soon somebody
# whose hold has lapsed may hold the same seats for a second time.
HOLD_AT_MOST_MINUTES = env_number("HOLD_AT_MOST_MINUTES", 30, least=1)
HOLD_AT_MOST = timedelta(minutes=HOLD_AT_MOST_MINUTES)
HOLD_FOR = timedelta(minutes=env_number("HOLD_MINUTES", 10, least=1, most=HOLD_AT_MOST_MINUTES))
HOLD_AGAIN_AFTER = timedelta(seconds=env_number("HOLD_AGAIN_AFTER_SECONDS", 60))

# The ways to split a party grow fast with its size; they are tried while others wait.
MAX_SEATS_PER_RESERVATION = env_number("MAX_SEATS_PER_RESERVATION", 10, least=1, most=20)
MAX_SEATS_PER_CUSTOMER = env_number("MAX_SEATS_PER_CUSTOMER", 10, least=1)  # of one show

# --- Passwords and tokens ------------------------------------------------------------------

PASSWORD_HASHERS = [
    "movie_booking.hashers.OwaspArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # hashes brought from elsewhere
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

AUTHENTICATION_BACKENDS = ["booking.accounts.AnyCaseBackend"]

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env_number("ACCESS_TOKEN_MINUTES", 60, least=1)),
    "REFRESH_TOKEN_LIFETIME": timedelta(hours=env_number("REFRESH_TOKEN_HOURS", 24, least=1)),
    "SIGNING_KEY": JWT_SIGNING_KEY,
    "CHECK_REVOKE_TOKEN": True,  # a token is good for the password that it was given for
}

# --- API -----------------------------------------------------------------------------------

# How often, as in 10/15m (s, m, h, d); set but empty switches one off. booking/api/throttling.py
# says of what.
THROTTLE_LOGIN = env_rate("THROTTLE_LOGIN", "10/15m")
THROTTLE_SIGNUP = env_rate("THROTTLE_SIGNUP", "20/1h")
THROTTLE_HOLD = env_rate("THROTTLE_HOLD", "30/10m")
THROTTLE_USER = env_rate("THROTTLE_USER", "600/1m")

REST_FRAMEWORK = {
    "DEFAULT_THROTTLE_CLASSES": ["booking.api.throttling.UserThrottle"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["booking.api.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["booking.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "booking.api.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "booking.api.negotiation.Negotiation",
    "EXCEPTION_HANDLER": "booking.api.errors.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

SCHEMA = reverse_lazy("schema", kwargs={"format": "json"})
REDOC_SETTINGS = {"SPEC_URL": SCHEMA}
SWAGGER_USE_COMPAT_RENDERERS = False
SWAGGER_SETTINGS = {
    "DEFAULT_GENERATOR_CLASS": "booking.api.schema.generator.SchemaGenerator",
    "DEFAULT_AUTO_SCHEMA_CLASS": "booking.api.schema.inspector.AutoSchema",
    "DEFAULT_INFO": "booking.api.schema.generator.INFO",
    "SPEC_URL": SCHEMA,
    "VALIDATOR_URL": None,  # do not send the document to an online validator
    "USE_SESSION_AUTH": False,
    "SECURITY_DEFINITIONS": {
        "Bearer": {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "Paste the `access` token from logging in.",
        }
    },
    "PERSIST_AUTH": True,
    "DEEP_LINKING": True,
    "DISPLAY_OPERATION_ID": False,
    "DEFAULT_MODEL_RENDERING": "example",
}

# --- Language, time, static files, log -----------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
# Where the cinema stands: what a day is in `?date=`, and the admin's clock.
TIME_ZONE = env_time_zone("TIME_ZONE", "UTC")

# WhiteNoise serves the packages' static files from where they are installed, so that no
# deployment needs `collectstatic`; STATIC_ROOT is for those who put a file server in front.
STATIC_URL = "static/"
STATIC_ROOT = env("STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} [{request_id} {address}]: {message}",
            "style": "{",
        }
    },
    "filters": {"caller": {"()": "booking.callers.CallerFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["caller"],
        }
    },
    "root": {"handlers": ["console"], "level": env_log_level("LOG_LEVEL", "INFO")},
    "loggers": {
        # Django's own handlers mail errors to nobody; let the root's console have them.
        "django": {"handlers": [], "propagate": True},
        # A refusal is the box office at work, not worth a warning for each.
        "django.request": {"level": "ERROR"},
    },
}
