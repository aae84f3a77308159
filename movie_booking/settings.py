"""Settings. Everything that a deployment can choose is an environment variable.

Without any variable the project runs from a bare checkout, in development mode on a SQLite file.
docs/settings.md lists the variables.
"""

import os
import tempfile
from datetime import timedelta
from itertools import product
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.urls import get_script_prefix, reverse_lazy
from django.utils.functional import lazy
from psycopg import IsolationLevel

from movie_booking.database_urls import env_database, env_replica
from movie_booking.environment import (
    env,
    env_bool,
    env_choice,
    env_email,
    env_header,
    env_hosts,
    env_line,
    env_log_level,
    env_number,
    env_origins,
    env_path_prefix,
    env_rate,
    env_redis,
    env_time_zone,
    env_token,
    env_two_factor,
    looks_like_production,
    runs_for_development,
)
from movie_booking.sentry import start_sentry

BASE_DIR = Path(__file__).resolve().parent.parent
ONE_YEAR = 365 * 24 * 60 * 60  # seconds


# --- Secrets -------------------------------------------------------------------------------

DEBUG = env_bool("DEBUG", default=True)
if looks_like_production() and not runs_for_development():
    raise ImproperlyConfigured(
        "DEBUG is not set, but ALLOWED_HOSTS or DATABASE_URL is, as in production. Set DEBUG to "
        "false there; on your own computer set it to true."
    )

DEVELOPMENT_KEY = "insecure-key-for-development-only-never-for-a-real-cinema"


def env_key(name, default):
    """A signing key: in production at least 32 bytes (RFC 7518, 3.2) and not the default."""
    return check_key(name, env(name, default))


def check_key(name, key):
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


def env_keys(name):
    """Keys, separated by commas. An empty one would be a mistake: anybody can sign with it."""
    value = env(name)
    keys = [key.strip() for key in value.split(",")] if value else []
    if not all(keys):
        raise ImproperlyConfigured(f"{name} has an empty key: separate keys by one comma.")
    return [check_key(name, key) for key in keys]


DEFAULT_EXCEPTION_REPORTER = "movie_booking.error_reports.SecretsReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "movie_booking.error_reports.SecretsFilter"

SECRET_KEY = env_key("SECRET_KEY", default="")
SECRET_KEY_FALLBACKS = env_keys("SECRET_KEY_FALLBACKS")  # former keys, still accepted

# The first key signs tokens; all of them verify tokens, so that a new key logs nobody out.
JWT_SIGNING_KEYS = env_keys("JWT_SIGNING_KEYS")
if env("JWT_SIGNING_KEY"):
    JWT_SIGNING_KEYS = JWT_SIGNING_KEYS or [env_key("JWT_SIGNING_KEY", default="")]
    if JWT_SIGNING_KEYS[0] != env("JWT_SIGNING_KEY"):
        raise ImproperlyConfigured(
            "JWT_SIGNING_KEY is not the first of JWT_SIGNING_KEYS: set only JWT_SIGNING_KEYS."
        )
JWT_SIGNING_KEYS = JWT_SIGNING_KEYS or [SECRET_KEY, *SECRET_KEY_FALLBACKS]

# The first key signs tickets; all of them verify tickets, so that tickets sold remain good. Keys of
# their own: another SECRET_KEY makes no ticket worthless, and a leaked one forges none.
TICKET_KEYS = env_keys("TICKET_KEYS")
if not {SECRET_KEY, *SECRET_KEY_FALLBACKS, *JWT_SIGNING_KEYS}.isdisjoint(TICKET_KEYS):
    raise ImproperlyConfigured("TICKET_KEYS has a key of SECRET_KEY or JWT_SIGNING_KEYS.")
if not (TICKET_KEYS or DEBUG):
    raise ImproperlyConfigured(
        "DEBUG is off, so TICKET_KEYS must be set: a random text of at least 32 bytes, other than "
        "SECRET_KEY. It signs the tickets."
    )
TICKET_KEYS = TICKET_KEYS or [f"tickets-{DEVELOPMENT_KEY}"]

# --- Application ---------------------------------------------------------------------------

ALLOWED_HOSTS = env_hosts("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", allow_all=DEBUG)

# Behind a proxy that terminates TLS. It must overwrite X-Forwarded-Proto in every request.
BEHIND_TLS_PROXY = env_bool("BEHIND_TLS_PROXY", default=False)
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# How many proxies in front append to the header with the client's IP address. With 0 the header is
# ignored, because clients can send any value.
NUM_PROXIES = env_number("NUM_PROXIES", 0, most=10)
CLIENT_IP_HEADER = env_header("CLIENT_IP_HEADER", "X-Forwarded-For")
if BEHIND_TLS_PROXY and not env("NUM_PROXIES"):
    raise ImproperlyConfigured(
        "BEHIND_TLS_PROXY is on, so NUM_PROXIES must be set: 1, or how many proxies there are. "
        "Without it all customers would have the proxy's IP address, and share one rate limit."
    )
if env("CLIENT_IP_HEADER") and not NUM_PROXIES:
    raise ImproperlyConfigured(
        "CLIENT_IP_HEADER is set, so NUM_PROXIES must be at least 1. With 0 the header is ignored."
    )

# The path below which a proxy serves the application and which it removes, such as /cinema. Servers
# that pass the prefix on as SCRIPT_NAME do not need it.
FORCE_SCRIPT_NAME = env_path_prefix("FORCE_SCRIPT_NAME")

# Cookies are limited to the prefix: other applications of the host do not get them, and cannot
# overwrite them with cookies of the same name.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = lazy(get_script_prefix, str)()
SESSION_ENGINE = "booking.session_store"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no other cookie

# In production only HTTPS, with HSTS. Pages redirect plain HTTP to HTTPS; the API responds with 403
# (booking/middleware.py).
HTTPS = env_bool("HTTPS", default=not DEBUG)
if HTTPS:
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_REDIRECT_EXEMPT = [r"(^|/)api(/|$)"]  # below a path prefix, too
    SECURE_HSTS_SECONDS = env_number("HSTS_SECONDS", ONE_YEAR, most=2 * ONE_YEAR)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = env_bool("HSTS_INCLUDE_SUBDOMAINS", default=False)
    SECURE_HSTS_PRELOAD = env_bool("HSTS_PRELOAD", default=False)
    if SECURE_HSTS_PRELOAD and not (
        SECURE_HSTS_INCLUDE_SUBDOMAINS and SECURE_HSTS_SECONDS >= ONE_YEAR
    ):
        raise ImproperlyConfigured(
            "HSTS_PRELOAD is on, so HSTS_INCLUDE_SUBDOMAINS must be on and HSTS_SECONDS at least "
            f"{ONE_YEAR}: browsers preload no other domains."
        )
# `check --deploy` should not advise it: it binds the whole domain, other sites included.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Origins of web pages that may call the API (CORS). They authenticate with tokens, not cookies.
CORS_ALLOWED_ORIGINS = env_origins("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"/api(/|\Z)"
if DEBUG:  # pages of a development server, on any port
    CORS_ALLOWED_ORIGIN_REGEXES = [r"http://(localhost|127\.0\.0\.1|\[::1\])(:[0-9]+)?\Z"]
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = ["ETag", "Idempotency-Replayed", "Link", "Retry-After", "X-Request-ID"]

CACHE_MOVIES = True  # for a second, in local memory (booking/api/caching.py); off in tests
MAX_BODY_BYTES = 64 * 1024  # of any request, those of the admin included

# Compiled queries, the PostgreSQL pipeline backend and fast serializers (booking/db,
# booking/api/serializers/read_only.py). Off: stock Django and DRF.
FAST_PATHS = env_bool("FAST_PATHS", default=True)

# `booking` comes before the packages whose templates it overrides.
INSTALLED_APPS = [
    "booking",
    "booking.apps.StaffAdminConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "corsheaders",
    "drf_yasg",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]

MIDDLEWARE = [
    "booking.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "booking.middleware.ResponseHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "booking.middleware.ApiMiddleware",
    "booking.middleware.PageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
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
# Bookings of one show queue at BEGIN on SQLite and at the show's row lock on PostgreSQL;
# see docs/correctness.md.

SQLITE_OPTIONS = {
    # Writers queue at BEGIN. With SQLite's default, DEFERRED, a transaction that reads and then
    # writes fails at once with "database is locked" if another one has written in between.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,  # seconds that BEGIN waits for the write lock
    # FULL: in WAL mode, NORMAL can lose the last committed bookings in a power failure.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
}

POSTGRESQL_OPTIONS = {
    # Whatever the server's default is: after the wait for a show's row lock the next statement
    # must see what other transactions have committed. A REPEATABLE READ snapshot would be older.
    "isolation_level": IsolationLevel.READ_COMMITTED,
    "server_side_binding": True,
    # Frequent statements are prepared by the compiled queries. If psycopg prepared others as well,
    # it would deallocate all prepared statements after each ROLLBACK.
    "prepare_threshold": None,
    # Give up an unreachable server after seconds, not minutes.
    "connect_timeout": 3,
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}

# Django's own pool of each worker, with `?pool=true` in DATABASE_URL. It waits for a connection as
# long as a pooler would (deploy/pgbouncer.ini); its default is 30 seconds.
DJANGO_POOL = {"timeout": 5}

# PostgreSQL's settings of a connection. Through a pooler, `manage.py tune_database` writes them to
# the role instead.
SESSION_SETTINGS = {
    "lock_timeout": "3s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    # Plan each prepared statement once, not for each set of values: PostgreSQL needs half the time
    # for a booking. And prefer indexes, as on SSDs a random read costs little more.
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
}


# Between the application and PostgreSQL is a pooler, which may hand each transaction to another
# server process: nothing is prepared, and no setting is sent at the start of a connection.
DATABASE_POOLER = env_bool("DATABASE_POOLER", False)

# A server with fsync off loses bookings in a crash.
REQUIRE_FSYNC = not DEBUG and not runs_for_development()

# Seconds after which a statement or COMMIT that the server does not answer is given up. More than
# the server's own limits of a request; 0: never.
DATABASE_DEADLINE = env_number("DATABASE_DEADLINE_SECONDS", 15, most=3600) or None


# Replica: public data of anonymous requests. Short limits, because the primary can answer.
REPLICA_DEADLINE = 1  # seconds; of a statement
REPLICA_OPTIONS = {"connect_timeout": 2}  # psycopg's least
REPLICA_MAX_LAG = env_number("REPLICA_MAX_LAG_SECONDS", 5, least=2, most=3600)


def database(config):
    # Options in the URL take precedence.
    given = config.get("OPTIONS", {})
    if config["ENGINE"].endswith("postgresql"):
        startup = [f"-c {name}={value}" for name, value in SESSION_SETTINGS.items()]
        # Of two with the same name the later one counts.
        startup = [*([] if DATABASE_POOLER else startup), given.get("options", "")]
        config["OPTIONS"] = POSTGRESQL_OPTIONS | given | {"options": " ".join(startup).strip()}
        if given.get("pool") is True:
            config["OPTIONS"]["pool"] = DJANGO_POOL
        # Not only with DATABASE_POOLER, which stays off behind PgBouncer as recommended: in
        # transaction mode the next FETCH may reach a server process without the cursor.
        config["DISABLE_SERVER_SIDE_CURSORS"] = True
        if FAST_PATHS:
            config["ENGINE"] = "booking.db"  # Django's backend, with fewer round trips
    else:
        config["OPTIONS"] = SQLITE_OPTIONS | given
        # A file, because threads cannot use one in-memory database at the same time.
        file = Path(tempfile.gettempdir()) / f"movie-booking-test-{os.getpid()}.sqlite3"
        config["TEST"] = {"NAME": str(file)}
    return config


SQLITE_FILE = quote((BASE_DIR / "db.sqlite3").as_posix(), safe="/:")
primary = env_database("DATABASE_URL", f"sqlite:///{SQLITE_FILE}")
replica = env_replica("DATABASE_REPLICA_URL", primary=primary)
DATABASES = {"default": database(primary)}
if replica:
    replica["OPTIONS"] = REPLICA_OPTIONS | replica.get("OPTIONS", {})
    DATABASES["replica"] = database(replica) | {"TEST": {"MIRROR": "default"}}
    DATABASE_ROUTERS = ["booking.db.replica.ReplicaRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# "default": counters of the throttles, shared by all worker processes, in a database table or in
# Redis. "local": responses in the memory of each worker process.
REDIS_URL = env_redis("REDIS_URL")
LOCAL_CACHE = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "booking.cache.RedisCounterCache",
            "LOCATION": REDIS_URL,
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},  # seconds
        },
        "local": LOCAL_CACHE,
    }
else:
    CACHES = {
        "default": {"BACKEND": "booking.cache.DatabaseCounterCache", "LOCATION": "counters"},
        "local": LOCAL_CACHE,
    }

# --- The box office ------------------------------------------------------------------------

# How long after a show's start its seats are still sold, for latecomers.
SALES_CLOSE_AFTER_START = timedelta(minutes=env_number("SALES_CLOSE_AFTER_START_MINUTES", 10))
# Between two shows on one screen, after the running time.
CLEANING_TIME = timedelta(minutes=env_number("CLEANING_MINUTES", 15, most=24 * 60))

# How long before a show's start its tickets are checked in.
DOORS_OPEN = timedelta(minutes=env_number("DOORS_OPEN_MINUTES", 60, most=24 * 60))

# How long a hold lasts; and how long a customer can hold seats of one show in all, with
# extensions and further holds, in each window of time.
HOLD_AT_MOST_MINUTES = env_number("HOLD_AT_MOST_MINUTES", 30, least=1)
HOLD_AT_MOST = timedelta(minutes=HOLD_AT_MOST_MINUTES)
HOLD_FOR = timedelta(minutes=env_number("HOLD_MINUTES", 10, least=1, most=HOLD_AT_MOST_MINUTES))
HOLD_WINDOW = timedelta(
    minutes=env_number(
        "HOLD_WINDOW_MINUTES", max(60, HOLD_AT_MOST_MINUTES), least=HOLD_AT_MOST_MINUTES
    )
)

# The search for the best seats takes much longer with more seats, and holds the show's row lock.
MAX_SEATS_PER_RESERVATION = env_number("MAX_SEATS_PER_RESERVATION", 10, least=1, most=20)
MAX_SEATS_PER_CUSTOMER = env_number("MAX_SEATS_PER_CUSTOMER", 10, least=1)  # for one show
MAX_SEATS_PER_CUSTOMER_IN_ALL = env_number(  # for all shows to come
    "MAX_SEATS_PER_CUSTOMER_IN_ALL", max(50, MAX_SEATS_PER_CUSTOMER), least=MAX_SEATS_PER_CUSTOMER
)

# Customers of one show let in each second; further ones wait (booking/waiting_room.py).
QUEUE_ABOVE = env_number("QUEUE_ABOVE", 0)

# --- Passwords and tokens ------------------------------------------------------------------

PASSWORD_HASHERS = [
    "movie_booking.hashers.OwaspArgon2Hasher",
    "movie_booking.hashers.ImportedPBKDF2Hasher",
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

AUTHENTICATION_BACKENDS = ["booking.accounts.CaseInsensitiveBackend"]

# The second factor of staff in the admin; see booking/second_factor.py.
STAFF_TWO_FACTOR = env_two_factor("STAFF_TWO_FACTOR", "off")

SESSION_DAYS = env_number("SESSION_DAYS", 30, least=1)  # from login, with all refreshes

SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=env_number("ACCESS_TOKEN_MINUTES", 60, least=1)),
    "REFRESH_TOKEN_LIFETIME": timedelta(hours=env_number("REFRESH_TOKEN_HOURS", 24, least=1)),
    "SIGNING_KEY": JWT_SIGNING_KEYS[0],
    "LEEWAY": timedelta(seconds=30),  # the clocks of two hosts differ by a few seconds
    "CHECK_REVOKE_TOKEN": True,  # a password change revokes all tokens
    "AUTH_TOKEN_CLASSES": ["booking.jwt.AccessToken"],
    # Upper and lower case do not matter (RFC 9110, 11.1), but simplejwt compares literally.
    # The first is "Bearer".
    "AUTH_HEADER_TYPES": ["".join(each) for each in product(*zip("Bearer", "bEARER", strict=True))],
}

PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds that a link is good for

# --- Mail ----------------------------------------------------------------------------------

# `manage.py send_mail` sends what requests have written (booking/mail).
vars().update(env_email("EMAIL_URL", "console:" if DEBUG else ""))
MAIL_FROM = env_line("MAIL_FROM", "tickets@localhost" if DEBUG else "")
# The cinema's page, or ours below the address of this site; `?token=` is added to it.
PASSWORD_RESET_URL = env_line(
    "PASSWORD_RESET_URL", "http://127.0.0.1:8000/password-reset/" if DEBUG else ""
)
EMAIL_VERIFICATION_URL = env_line(
    "EMAIL_VERIFICATION_URL", "http://127.0.0.1:8000/verify-email/" if DEBUG else ""
)
# The page below the admin's URL. Without it, only a superuser resets passwords of staff.
STAFF_PASSWORD_RESET_URL = env_line(
    "STAFF_PASSWORD_RESET_URL", "http://127.0.0.1:8000/admin/reset/" if DEBUG else ""
)
if env("EMAIL_URL") and not (MAIL_FROM and PASSWORD_RESET_URL and EMAIL_VERIFICATION_URL):
    raise ImproperlyConfigured(
        "EMAIL_URL is set, so MAIL_FROM, PASSWORD_RESET_URL and EMAIL_VERIFICATION_URL must be "
        "set: the sender's address, and pages such as https://tickets.example/password-reset/ "
        "and https://tickets.example/verify-email/."
    )

# Hours before the start at which customers are reminded; 0 for no reminders.
REMINDER_BEFORE = timedelta(hours=env_number("REMINDER_HOURS", 0, most=7 * 24))
# Mail about bookings to addresses that their users have verified only.
MAIL_ONLY_VERIFIED = env_bool("MAIL_ONLY_VERIFIED", default=False)

# --- API -----------------------------------------------------------------------------------

# Rate limits, such as 10/15m (s, m, h, d); empty for no limit. See booking/throttling.
THROTTLE_LOGIN = env_rate("THROTTLE_LOGIN", "10/15m")
THROTTLE_SIGNUP = env_rate("THROTTLE_SIGNUP", "20/1h")
THROTTLE_HOLD = env_rate("THROTTLE_HOLD", "30/10m")
THROTTLE_PASSWORD_RESET = env_rate("THROTTLE_PASSWORD_RESET", "5/1h")
THROTTLE_VERIFY_EMAIL = env_rate("THROTTLE_VERIFY_EMAIL", "5/1h")
THROTTLE_CANCEL = env_rate("THROTTLE_CANCEL", "60/1h")
THROTTLE_USER = env_rate("THROTTLE_USER", "600/1m")

REST_FRAMEWORK = {
    "DEFAULT_THROTTLE_CLASSES": ["booking.throttling.UserThrottle"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["booking.api.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["booking.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "booking.api.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
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
            "description": "Paste the `access` token of the login response.",
        }
    },
    "PERSIST_AUTH": True,
    "DEEP_LINKING": True,
    "DISPLAY_OPERATION_ID": False,
    "DEFAULT_MODEL_RENDERING": "example",
}

# --- Probes and metrics --------------------------------------------------------------------

PROBE_TOKEN = env_token("PROBE_TOKEN")  # for details of /readyz
METRICS_TOKEN = env_token("METRICS_TOKEN")  # for /metrics; 404 without it

# Read by prometheus-client when it is imported. It reports an impossible folder at the first count.
PROMETHEUS_MULTIPROC_DIR = env("PROMETHEUS_MULTIPROC_DIR")
if PROMETHEUS_MULTIPROC_DIR and not os.access(PROMETHEUS_MULTIPROC_DIR, os.W_OK | os.X_OK):
    raise ImproperlyConfigured(
        f"PROMETHEUS_MULTIPROC_DIR is {PROMETHEUS_MULTIPROC_DIR!r}: set it to a folder that the "
        "workers can write to, empty when the server starts."
    )

# --- Language, time, static files, log -----------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = False
FORMAT_MODULE_PATH = ["movie_booking.formats"]
USE_TZ = True
# On tickets.
CINEMA_NAME = env_line("CINEMA_NAME")
OTP_TOTP_ISSUER = CINEMA_NAME or "Movie booking"  # in the app of the second factor
CINEMA_ADDRESS = env_line("CINEMA_ADDRESS")

# The cinema's time zone: for days in `?date=`, and for all times in the admin.
TIME_ZONE = env_time_zone("TIME_ZONE", "UTC")

# WhiteNoise serves static files from the installed packages, so `collectstatic` is not necessary.
# STATIC_ROOT is for deployments where a web server serves them.
STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "movie_booking.static_files.StaticFilesStorage"},
}
STATIC_ROOT = env("STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = True
WHITENOISE_STATIC_PREFIX = "/static/"  # of the path without a prefix

LOG_FORMAT = env_choice("LOG_FORMAT", "plain", ("plain", "json"))
ACCESS_LOG = env_bool("ACCESS_LOG", default=False)
SLOW_REQUEST_MS = env_number("SLOW_REQUEST_MS", 0)  # 0: no warnings of slow requests

SENTRY_DSN = env("SENTRY_DSN")
if SENTRY_DSN:
    start_sentry(SENTRY_DSN)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": "booking.logging.LineFormatter",
            "format": "{asctime} {levelname} {name} [{request_id} {client_ip}]: {message}",
            "style": "{",
        },
        "json": {"()": "booking.logging.JsonFormatter"},
    },
    "filters": {"request_context": {"()": "booking.logging.RequestContextFilter"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["request_context"],
        }
    },
    "root": {"handlers": ["console"], "level": env_log_level("LOG_LEVEL", "INFO")},
    "loggers": {
        # Only the console handler, without Django's own handlers (mail to ADMINS).
        "django": {"handlers": [], "propagate": True},
        # No warning for each 4xx response: a refused booking is normal.
        "django.request": {"level": "ERROR"},
        "booking.security": {"level": "INFO"},  # whatever LOG_LEVEL is
        "booking.access": {"level": "INFO"},
    },
}
