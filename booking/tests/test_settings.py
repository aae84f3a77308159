import os
import runpy
import subprocess
import sys
from datetime import timedelta
from unittest import mock, skipUnless

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.db.backends.signals import connection_created
from django.test import SimpleTestCase, TestCase, TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils.crypto import get_random_string
from psycopg import IsolationLevel

from booking.tests.environment import lift_time_limits

ON_SQLITE = connection.vendor == "sqlite"
KEY = "k" * 32


def load(**environment):
    """The settings with exactly these environment variables."""
    with mock.patch.dict(os.environ, environment, clear=True):
        return runpy.run_path(settings.BASE_DIR / "movie_booking" / "settings.py")


class SettingsTests(SimpleTestCase):
    def test_defaults_are_development_mode_on_sqlite(self):
        bare = load()
        database = bare["DATABASES"]["default"]
        self.assertEqual(
            (bare["DEBUG"], database["ENGINE"], database["NAME"], bare["TIME_ZONE"]),
            (
                True,
                "django.db.backends.sqlite3",
                str(settings.BASE_DIR / "db.sqlite3"),
                "UTC",
            ),
        )
        self.assertGreaterEqual(len(bare["SECRET_KEY"]), 32)

    def test_production_variables_are_read(self):
        real = load(
            DEBUG="False",
            SECRET_KEY=KEY,
            DATABASE_URL="postgres://box:office@db.example/cinema",
            ALLOWED_HOSTS="tickets.example, www.tickets.example",
            TIME_ZONE="Europe/Berlin",
            SALES_CLOSE_AFTER_START_MINUTES="25",
        )
        database = real["DATABASES"]["default"]
        self.assertEqual(real["ALLOWED_HOSTS"], ["tickets.example", "www.tickets.example"])
        self.assertEqual(real["SALES_CLOSE_AFTER_START"], timedelta(minutes=25))
        self.assertEqual((real["DEBUG"], real["SECRET_KEY"]), (False, KEY))
        self.assertEqual(real["SIMPLE_JWT"]["SIGNING_KEY"], KEY)
        self.assertEqual((database["HOST"], database["NAME"]), ("db.example", "cinema"))
        self.assertTrue(database["CONN_HEALTH_CHECKS"])
        self.assertEqual(database["OPTIONS"]["isolation_level"], IsolationLevel.READ_COMMITTED)

    def test_jwt_signing_key_can_differ_from_secret_key(self):
        own = load(DEBUG="0", SECRET_KEY=KEY, JWT_SIGNING_KEY="j" * 32)
        self.assertEqual(own["SIMPLE_JWT"]["SIGNING_KEY"], "j" * 32)

    def test_options_in_database_url_take_precedence(self):
        options = load(DATABASE_URL="postgres://h/d?options=-c%20lock_timeout%3D9s")["DATABASES"][
            "default"
        ]["OPTIONS"]
        self.assertEqual(options["options"], "-c lock_timeout=9s")

    def test_tls_proxy_requires_num_proxies(self):
        behind = load(BEHIND_TLS_PROXY="yes", NUM_PROXIES="1")
        self.assertEqual(behind["NUM_PROXIES"], 1)
        with self.assertRaisesMessage(ImproperlyConfigured, "NUM_PROXIES must be set"):
            load(BEHIND_TLS_PROXY="yes")
        self.assertEqual(behind["SECURE_PROXY_SSL_HEADER"], ("HTTP_X_FORWARDED_PROTO", "https"))
        self.assertNotIn("SECURE_PROXY_SSL_HEADER", load())

    def test_client_ip_header_can_be_chosen_behind_a_proxy(self):
        self.assertEqual(load()["CLIENT_IP_HEADER"], "X-Forwarded-For")
        chosen = load(CLIENT_IP_HEADER="CF-Connecting-IP", NUM_PROXIES="1")
        self.assertEqual(chosen["CLIENT_IP_HEADER"], "CF-Connecting-IP")

    def test_path_prefix_ends_without_slash(self):
        for given, expected in (
            *(("", None), ("/", None), ("/cinema", "/cinema"), ("/cinema/", "/cinema")),
            ("/north/cinema-1.0", "/north/cinema-1.0"),
        ):
            with self.subTest(given):
                self.assertEqual(load(FORCE_SCRIPT_NAME=given)["FORCE_SCRIPT_NAME"], expected)

    def test_production_uses_https_and_all_middleware(self):
        """`check --deploy` does not notice a missing middleware."""
        real = load(DEBUG="off", SECRET_KEY=KEY)
        for name in (
            "SECURE_SSL_REDIRECT",
            "SESSION_COOKIE_SECURE",
            "CSRF_COOKIE_SECURE",
            "SECURE_HSTS_INCLUDE_SUBDOMAINS",
            "SECURE_HSTS_PRELOAD",
        ):
            self.assertIs(real[name], True, name)
            self.assertNotIn(name, load())
            self.assertNotIn(name, load(DEBUG="off", SECRET_KEY=KEY, HTTPS="off"))
        self.assertEqual(real["SECURE_HSTS_SECONDS"], 31_536_000)
        self.assertEqual(real["SECURE_REDIRECT_EXEMPT"], [r"(^|/)api(/|$)"])
        self.assertNotIn("CORS_ALLOWED_ORIGIN_REGEXES", real)
        self.assertEqual(real["SECURE_REFERRER_POLICY"], "same-origin")
        self.assertEqual(real["X_FRAME_OPTIONS"], "DENY")
        self.assertEqual(
            real["MIDDLEWARE"],
            [
                "booking.middleware.RequestContextMiddleware",
                "django.middleware.security.SecurityMiddleware",
                "booking.middleware.ContentSecurityPolicyMiddleware",
                "whitenoise.middleware.WhiteNoiseMiddleware",
                "corsheaders.middleware.CorsMiddleware",
                "booking.middleware.ApiMiddleware",
                "booking.middleware.PageMiddleware",
                "django.middleware.csrf.CsrfViewMiddleware",
                "django.middleware.clickjacking.XFrameOptionsMiddleware",
            ],
        )

    def test_check_deploy_finds_no_issues(self):
        environment = {
            "DEBUG": "off",
            "SECRET_KEY": get_random_string(50),
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            capture_output=True,
            text=True,
            cwd=settings.BASE_DIR,
            env=environment,
        )
        expected = "System check identified no issues (0 silenced).\n"
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, expected, ""))

    def test_rate_is_validated(self):
        self.assertEqual(load()["THROTTLE_LOGIN"], "10/15m")
        self.assertEqual(load(THROTTLE_LOGIN="")["THROTTLE_LOGIN"], "")
        self.assertEqual(load(THROTTLE_LOGIN="5/h")["THROTTLE_LOGIN"], "5/h")
        for rate in ("10", "10/", "0/m", "10/0m", "ten/m", "10/15w", "-1/m", "10/15m/h"):
            with self.subTest(rate), self.assertRaises(ImproperlyConfigured):
                load(THROTTLE_LOGIN=rate)

    def test_default_cache_is_shared_by_worker_processes(self):
        self.assertEqual(
            load()["CACHES"]["default"]["BACKEND"], "booking.cache.DatabaseCounterCache"
        )
        redis = load(REDIS_URL="redis://localhost:6379/1")["CACHES"]["default"]
        self.assertEqual(redis["BACKEND"], "booking.cache.RedisCounterCache")
        self.assertEqual(redis["LOCATION"], "redis://localhost:6379/1")
        self.assertEqual(redis["OPTIONS"], {"socket_connect_timeout": 1, "socket_timeout": 1})
        with self.assertRaisesMessage(ImproperlyConfigured, "redis://host"):
            load(REDIS_URL="localhost:6379")

    def test_each_worker_process_has_a_local_cache(self):
        for environment in ({}, {"REDIS_URL": "redis://localhost:6379/1"}):
            local = load(**environment)["CACHES"]["local"]
            self.assertEqual(local, {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"})

    def test_fast_paths_can_be_switched_off(self):
        self.assertIs(load()["FAST_PATHS"], True)
        self.assertIs(load(FAST_PATHS="off")["FAST_PATHS"], False)

    def test_boolean_variables_accept_usual_spellings(self):
        for text in ["True", "true", "1", "yes", "ON", " true "]:
            self.assertIs(load(DEBUG=text)["DEBUG"], True)
        for text in ["False", "false", "0", "no", "OFF"]:
            self.assertIs(load(DEBUG=text, SECRET_KEY=KEY)["DEBUG"], False)

    def test_invalid_variable_stops_the_start(self):
        missing = "DEBUG is off, so SECRET_KEY must be set: a random text of at least 32 bytes"
        cases = [
            ({"DEBUG": "off"}, missing),
            ({"DEBUG": "off", "SECRET_KEY": ""}, missing),
            ({"DEBUG": "off", "SECRET_KEY": load()["SECRET_KEY"]}, missing),
            ({"DEBUG": "off", "SECRET_KEY": "k" * 31}, "SECRET_KEY has 31 bytes: with DEBUG off"),
            (
                {"DEBUG": "off", "SECRET_KEY": KEY, "JWT_SIGNING_KEY": "short"},
                "JWT_SIGNING_KEY has 5 bytes",
            ),
            ({"DEBUG": "maybe"}, "DEBUG is 'maybe': set it to one of true, 1, yes, on, false"),
            ({"DEBUG": ""}, "DEBUG is '': set it to one of"),
            ({"DATABASE_URL": "mysql://h/d"}, "only SQLite and PostgreSQL are supported"),
            ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not understood"),
            ({"TIME_ZONE": "Mars/Olympus"}, "TIME_ZONE is 'Mars/Olympus': set it to a name"),
            ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'LOUD': set it to one of DEBUG, INFO"),
            ({"HOLD_MINUTES": "0"}, "HOLD_MINUTES is '0': set it to a whole number from 1 to 30."),
            ({"HOLD_MINUTES": "10", "HOLD_AT_MOST_MINUTES": "5"}, "HOLD_MINUTES is '10': set it"),
            ({"MAX_SEATS_PER_RESERVATION": "21"}, "set it to a whole number from 1 to 20."),
            *(
                ({"CLIENT_IP_HEADER": name, "NUM_PROXIES": "1"}, f"CLIENT_IP_HEADER is {name!r}")
                for name in ("X_Real_IP", "X Real", "X-Real-IP:", "-X", "X--Y", "é", "Forwarded")
            ),
            ({"CLIENT_IP_HEADER": "X-Real-IP"}, "NUM_PROXIES must be at least 1"),
            ({"CLIENT_IP_HEADER": "X-Real-IP", "NUM_PROXIES": "0"}, "must be at least 1"),
            *(
                ({"FORCE_SCRIPT_NAME": path}, f"FORCE_SCRIPT_NAME is {path!r}: set it to a path")
                for path in ("cinema", "//cinema", "/a//b", "/a/../b", "/a b", "/a?b", "/%63", "/é")
            ),
            ({"MAX_SEATS_PER_CUSTOMER": "٣"}, "MAX_SEATS_PER_CUSTOMER is '٣': set it"),
            (
                {"SALES_CLOSE_AFTER_START_MINUTES": "ten"},
                "SALES_CLOSE_AFTER_START_MINUTES is 'ten': set it to a whole number from 0 to",
            ),
        ]
        for environment, sentence in cases:
            with self.subTest(environment), self.assertRaises(ImproperlyConfigured) as caught:
                load(**environment)
            self.assertIn(sentence, str(caught.exception))

    def test_database_url_error_does_not_contain_the_password(self):
        with self.assertRaises(ImproperlyConfigured) as caught:
            load(DATABASE_URL="postgres://box:hunter2[@db/cinema")
        self.assertNotIn("hunter2", str(caught.exception))

    def test_manage_py_prints_configuration_error_in_one_line(self):
        done = subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DEBUG": "maybe"},
            capture_output=True,
            text=True,
        )
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr),
            (
                1,
                "",
                "Not configured: DEBUG is 'maybe': set it to one of true, 1, yes, on, false, 0, "
                "no, off.\n",
            ),
        )


class ConnectionTests(TestCase):
    """Options of a connection as the database reports them."""

    def ask(self, sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    @skipUnless(ON_SQLITE, "the other database has its own test")
    def test_sqlite_connection_has_our_options(self):
        self.assertEqual(self.ask("PRAGMA journal_mode"), "wal")
        self.assertEqual(self.ask("PRAGMA synchronous"), 2)  # FULL
        self.assertEqual(self.ask("PRAGMA busy_timeout"), 20_000)

    @skipUnless(not ON_SQLITE, "the other database has its own test")
    def test_postgresql_connection_has_our_options(self):
        """On a new connection; those of tests have fewer time limits (environment.py)."""
        connection_created.disconnect(lift_time_limits, dispatch_uid="tests")
        self.addCleanup(connection_created.connect, lift_time_limits, dispatch_uid="tests")
        production = connection.copy()
        self.addCleanup(production.close)
        with production.cursor() as cursor:
            for name, value in {
                "transaction_isolation": "read committed",
                "lock_timeout": "3s",
                "statement_timeout": "5s",
                "idle_in_transaction_session_timeout": "10s",
            }.items():
                cursor.execute(f"SHOW {name}")
                self.assertEqual(cursor.fetchone()[0], value, name)


class TransactionTests(TransactionTestCase):
    @skipUnless(ON_SQLITE, "PostgreSQL locks rows")
    def test_sqlite_transaction_begins_immediate(self):
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            pass
        self.assertEqual([each["sql"] for each in queries], ["BEGIN IMMEDIATE", "COMMIT"])
