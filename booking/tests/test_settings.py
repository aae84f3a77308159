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

from booking.db.replica import ReplicaRouter
from booking.tests.environment import lift_time_limits, only_once

ON_SQLITE = connection.vendor == "sqlite"
KEY = "k" * 32
TICKET_KEY = "t" * 32


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
            TICKET_KEYS=TICKET_KEY,
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
        own = load(DEBUG="0", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY, JWT_SIGNING_KEY="j" * 32)
        self.assertEqual(own["SIMPLE_JWT"]["SIGNING_KEY"], "j" * 32)

    def test_signing_keys_are_the_first_and_those_still_accepted(self):
        old, j, k = "o" * 32, "j" * 32, "k" * 32
        for environment, keys in (
            ({}, [KEY]),
            ({"SECRET_KEY_FALLBACKS": f"{old}, {j}"}, [KEY, old, j]),
            ({"JWT_SIGNING_KEY": j}, [j]),
            ({"JWT_SIGNING_KEY": j, "SECRET_KEY_FALLBACKS": old}, [j]),
            ({"JWT_SIGNING_KEYS": f"{j},{k}"}, [j, k]),
            ({"JWT_SIGNING_KEYS": f"{j},{k}", "JWT_SIGNING_KEY": j}, [j, k]),
        ):
            with self.subTest(environment):
                real = load(DEBUG="0", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY, **environment)
                self.assertEqual(real["JWT_SIGNING_KEYS"], keys)
                self.assertEqual(real["SIMPLE_JWT"]["SIGNING_KEY"], keys[0])
        real = load(
            DEBUG="0", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY, SECRET_KEY_FALLBACKS=f"{old},{j}"
        )
        self.assertEqual(real["SECRET_KEY_FALLBACKS"], [old, j])

    def test_security_log_does_not_depend_on_the_log_level(self):
        script = (
            "import django; django.setup(); from booking.logging import security_log, logging;"
            "security_log.info('event=x'); logging.getLogger('booking').warning('event=y')"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            cwd=settings.BASE_DIR,
            env={
                "PATH": os.environ["PATH"],
                "DJANGO_SETTINGS_MODULE": "movie_booking.settings",
                "LOG_LEVEL": "CRITICAL",
            },
            capture_output=True,
            text=True,
        )
        self.assertRegex(done.stderr, r"\A\S+ \S+ INFO booking.security \[- -\]: event=x\n\Z")

    def test_options_in_database_url_take_precedence(self):
        options = load(DATABASE_URL="postgres://h/d?options=-c%20lock_timeout%3D9s")["DATABASES"][
            "default"
        ]["OPTIONS"]
        self.assertEqual(
            options["options"],
            "-c lock_timeout=3s -c statement_timeout=5s "
            "-c idle_in_transaction_session_timeout=10s -c plan_cache_mode=force_generic_plan "
            "-c random_page_cost=1.1 -c lock_timeout=9s",
        )

    def test_pooler_gets_no_startup_options(self):
        url = "postgres://h/d"
        for given, options in [(url, ""), (f"{url}?options=-c%20x%3D1", "-c x=1")]:
            database = load(DATABASE_URL=given, DATABASE_POOLER="on")["DATABASES"]["default"]
            self.assertEqual(database["OPTIONS"]["options"], options)

    def test_server_side_cursors_are_off_with_and_without_database_pooler(self):
        """Behind PgBouncer with `DATABASE_POOLER` off, admin forms with choices were a 500."""
        for pooler in ("on", "off"):
            databases = load(DATABASE_URL="postgres://h/d", DATABASE_POOLER=pooler)["DATABASES"]
            self.assertIs(databases["default"]["DISABLE_SERVER_SIDE_CURSORS"], True)

    def test_pool_of_django_keeps_the_connections_and_is_waited_for_briefly(self):
        with mock.patch.dict(sys.modules, {"psycopg_pool": mock.Mock(__spec__=mock.Mock())}):
            database = load(DATABASE_URL="postgres://h/d?pool=true")["DATABASES"]["default"]
        self.assertEqual(database["CONN_MAX_AGE"], 0)
        self.assertEqual(database["OPTIONS"]["pool"], {"timeout": 5})
        with (
            mock.patch.dict(sys.modules, {"psycopg_pool": None}),
            self.assertRaisesMessage(ImproperlyConfigured, "pip install 'psycopg[pool]'"),
        ):
            load(DATABASE_URL="postgres://h/d?pool=true")

    def test_connection_is_kept_unless_each_request_has_a_thread(self):
        def age(url="postgres://h/d"):
            database = load(DATABASE_URL=url, DEBUG="true")["DATABASES"]["default"]
            self.assertNotIn("conn_max_age", database["OPTIONS"])
            return database["CONN_MAX_AGE"]

        modules = mock.patch.dict(sys.modules)
        modules.start()
        self.addCleanup(modules.stop)
        sys.modules.pop("movie_booking.asgi", None)  # other tests use it
        self.assertEqual(age(), 600)
        self.assertEqual(age("postgres://h/d?conn_max_age=60"), 60)
        self.assertEqual(age("sqlite:////tmp/db?conn_max_age=5"), 5)
        with mock.patch.object(sys, "argv", ["manage.py", "runserver"]):
            self.assertEqual(age(), 0)
            self.assertEqual(age("postgres://h/d?conn_max_age=60"), 60)
        with mock.patch.dict(sys.modules, {"movie_booking.asgi": None}):
            self.assertEqual(age(), 0)
        for wrong in ("-1", "1.5", "x", "1000000000"):
            with self.assertRaisesMessage(ImproperlyConfigured, "conn_max_age="):
                age(f"postgres://h/d?conn_max_age={wrong}")

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
        real = load(DEBUG="off", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY)
        for name in (
            "SECURE_SSL_REDIRECT",
            "SESSION_COOKIE_SECURE",
            "CSRF_COOKIE_SECURE",
        ):
            self.assertIs(real[name], True, name)
            self.assertNotIn(name, load())
            self.assertNotIn(
                name, load(DEBUG="off", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY, HTTPS="off")
            )
        self.assertEqual(real["SECURE_REDIRECT_EXEMPT"], [r"(^|/)api(/|$)"])
        self.assertNotIn("CORS_ALLOWED_ORIGIN_REGEXES", real)
        self.assertEqual(real["SECURE_REFERRER_POLICY"], "same-origin")
        self.assertEqual(real["X_FRAME_OPTIONS"], "DENY")
        self.assertEqual(
            real["MIDDLEWARE"],
            [
                "booking.middleware.RequestContextMiddleware",
                "django.middleware.security.SecurityMiddleware",
                "booking.middleware.ResponseHeadersMiddleware",
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
            "TICKET_KEYS": get_random_string(50),
            "EMAIL_URL": "smtp://mail.example",
            "MAIL_FROM": "tickets@kino.example",
            "PASSWORD_RESET_URL": "https://kino.example/password-reset/",
            "EMAIL_VERIFICATION_URL": "https://kino.example/verify-email/",
            "PATH": os.environ["PATH"],
        }
        done = subprocess.run(
            [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
            capture_output=True,
            text=True,
            cwd=settings.BASE_DIR,
            env=environment,
        )
        expected = "System check identified no issues (2 silenced).\n"
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, expected, ""))

    def test_hsts_binds_subdomains_only_if_asked_for(self):
        def hsts(**environment):
            real = load(DEBUG="off", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY, **environment)
            names = ("SECONDS", "INCLUDE_SUBDOMAINS", "PRELOAD")
            return tuple(real[f"SECURE_HSTS_{name}"] for name in names)

        year, day = 31_536_000, 86_400
        self.assertEqual(hsts(), (year, False, False))
        self.assertEqual(hsts(HSTS_SECONDS="86400"), (day, False, False))
        self.assertEqual(hsts(HSTS_INCLUDE_SUBDOMAINS="on"), (year, True, False))
        both = {"HSTS_INCLUDE_SUBDOMAINS": "on", "HSTS_PRELOAD": "on"}
        self.assertEqual(hsts(**both), (year, True, True))
        for incomplete in ({"HSTS_PRELOAD": "on"}, {**both, "HSTS_SECONDS": "86400"}):
            with self.assertRaisesMessage(ImproperlyConfigured, "HSTS_PRELOAD is on, so"):
                hsts(**incomplete)
        self.assertNotIn("SECURE_HSTS_SECONDS", load())

    def test_mail_server_is_read_from_its_url(self):
        def mail(**environment):
            names = ("BACKEND", "HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
            found = load(**environment)
            backend, *rest = (found.get(f"EMAIL_{name}") for name in names)
            return [backend.removeprefix("django.core.mail.backends."), *rest]

        none = [None] * 6
        self.assertEqual(mail(), ["booking.mail.backends.ConsoleBackend", *none])
        self.assertEqual(
            mail(DEBUG="off", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY), ["dummy.EmailBackend", *none]
        )
        self.assertEqual(
            mail(EMAIL_URL="smtp+tls://u%40x:p%3A%2F@mail.example"),
            ["smtp.EmailBackend", "mail.example", 587, "u@x", "p:/", True, None],
        )
        self.assertEqual(
            mail(EMAIL_URL="smtps://mail.example:466/"),
            ["smtp.EmailBackend", "mail.example", 466, "", "", None, True],
        )
        self.assertEqual(
            mail(EMAIL_URL="smtp://[::1]"), ["smtp.EmailBackend", "::1", 25, "", "", None, None]
        )
        folder = load(EMAIL_URL="file:///var/mail%20out")
        self.assertEqual(folder["EMAIL_FILE_PATH"], "/var/mail out")

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
            self.assertIs(load(DEBUG=text, SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY)["DEBUG"], False)

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
            (
                {"DEBUG": "off", "SECRET_KEY": KEY, "SECRET_KEY_FALLBACKS": f"{KEY},short"},
                "SECRET_KEY_FALLBACKS has 5 bytes",
            ),
            ({"JWT_SIGNING_KEYS": f"{KEY},"}, "JWT_SIGNING_KEYS has an empty key"),
            ({"SECRET_KEY_FALLBACKS": ","}, "SECRET_KEY_FALLBACKS has an empty key"),
            (
                {"JWT_SIGNING_KEY": KEY, "JWT_SIGNING_KEYS": f"{'j' * 32},{KEY}"},
                "JWT_SIGNING_KEY is not the first of JWT_SIGNING_KEYS",
            ),
            ({"DEBUG": "off", "SECRET_KEY": KEY}, "DEBUG is off, so TICKET_KEYS must be set"),
            (
                {"DEBUG": "off", "SECRET_KEY": KEY, "TICKET_KEYS": "short"},
                "TICKET_KEYS has 5 bytes",
            ),
            ({"TICKET_KEYS": f"{TICKET_KEY},,"}, "TICKET_KEYS has an empty key"),
            *(
                ({name: KEY, "TICKET_KEYS": f"{TICKET_KEY},{KEY}"}, "TICKET_KEYS has a key of")
                for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS", "JWT_SIGNING_KEYS")
            ),
            *(
                ({"EMAIL_URL": url}, "EMAIL_URL is not understood.")
                for url in (
                    *("nonsense", "smtp://", "smtp://h:x", "smtp://h/path", "http://h", "file:x"),
                    *("file://host/x", "smtp://h:99999", "smtp+ssl://h"),
                )
            ),
            (
                {
                    "DEBUG": "off",
                    "SECRET_KEY": KEY,
                    "TICKET_KEYS": TICKET_KEY,
                    "EMAIL_URL": "smtp://h",
                    "MAIL_FROM": "a@example.com",
                },
                "EMAIL_URL is set, so MAIL_FROM, PASSWORD_RESET_URL and EMAIL_VERIF",
            ),
            ({"DOORS_OPEN_MINUTES": "-1"}, "DOORS_OPEN_MINUTES is '-1': set it to a whole number"),
            ({"STAFF_TWO_FACTOR": "Managers"}, "STAFF_TWO_FACTOR is 'Managers': set it to off,"),
            ({"STAFF_TWO_FACTOR": "Door,"}, "STAFF_TWO_FACTOR is 'Door,': set it to off,"),
            ({"CINEMA_NAME": "a\nb"}, "CINEMA_NAME must be one line of at most 200 characters."),
            ({"CINEMA_ADDRESS": "x" * 201}, "CINEMA_ADDRESS must be one line of at most 200"),
            ({"SESSION_DAYS": "0"}, "SESSION_DAYS is '0': set it to a whole number from 1"),
            ({"DEBUG": "maybe"}, "DEBUG is 'maybe': set it to one of true, 1, yes, on, false"),
            ({"DEBUG": ""}, "DEBUG is '': set it to one of"),
            ({"DATABASE_URL": "mysql://h/d"}, "only SQLite and PostgreSQL are supported"),
            ({"DATABASE_URL": "nonsense"}, "DATABASE_URL is not understood"),
            ({"TIME_ZONE": "Mars/Olympus"}, "TIME_ZONE is 'Mars/Olympus': set it to a name"),
            ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'LOUD': set it to one of DEBUG, INFO"),
            ({"HOLD_MINUTES": "0"}, "HOLD_MINUTES is '0': set it to a whole number from 1 to 30."),
            ({"HOLD_MINUTES": "10", "HOLD_AT_MOST_MINUTES": "5"}, "HOLD_MINUTES is '10': set it"),
            ({"HOLD_WINDOW_MINUTES": "29"}, "HOLD_WINDOW_MINUTES is '29': set it to a whole"),
            (
                {"HOLD_AT_MOST_MINUTES": "90", "HOLD_WINDOW_MINUTES": "60"},
                "HOLD_WINDOW_MINUTES is '60': set it to a whole number from 90 to",
            ),
            (
                {"MAX_SEATS_PER_CUSTOMER_IN_ALL": "9"},
                "MAX_SEATS_PER_CUSTOMER_IN_ALL is '9': set it to a whole number from 10 to",
            ),
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

    def assertRefused(self, name, values, sentence):
        for value in values:
            with self.subTest(value), self.assertRaisesMessage(ImproperlyConfigured, sentence):
                load(**{name: value})

    def test_allowed_hosts_are_host_names(self):
        good = "tickets.example,.Example.com,127.0.0.1,[::1],xn--kino-mnchen-klb.example"
        self.assertEqual(load(ALLOWED_HOSTS=good)["ALLOWED_HOSTS"], good.split(","))
        self.assertRefused(
            "ALLOWED_HOSTS",
            [
                "https://tickets.example",
                "tickets.example:443",
                "tickets.example/",
                "tickets example",
                "a.example,b.example:80",
                "tickets.example.",
                "*.example.com",
                "kino-münchen.example",
                "::1",
                "[::1]:80",
                "[tickets]",
            ],
            "without scheme, port and path",
        )

    def test_any_host_is_allowed_only_in_development(self):
        self.assertEqual(load(ALLOWED_HOSTS="*")["ALLOWED_HOSTS"], ["*"])
        with self.assertRaisesMessage(ImproperlyConfigured, "ALLOWED_HOSTS has '*'"):
            load(ALLOWED_HOSTS="*", DEBUG="off", SECRET_KEY=KEY, TICKET_KEYS=TICKET_KEY)

    def test_cors_origins_are_written_as_browsers_send_them(self):
        good = (
            "https://cinema.example,http://localhost:5173,http://[::1]:3000,capacitor://localhost"
        )
        origins = load(CORS_ALLOWED_ORIGINS=good)["CORS_ALLOWED_ORIGINS"]
        self.assertEqual(origins, good.split(","))
        self.assertRefused(
            "CORS_ALLOWED_ORIGINS",
            [
                "https://Cinema.example",
                "HTTPS://cinema.example",
                "*",
                "https://*.cinema.example",
                "https://cinema.example/",
                "https://cinema.example/app",
                "cinema.example",
                "https://cinema.example:443",
                "https://cinema.example:99999",
                "https://cinema.example:05173",
                "https://cinema.example:",
                "https://me@cinema.example",
                "null",
            ],
            "set it to origins as browsers send them",
        )

    def test_redis_url_names_a_server(self):
        for url in ("redis://:secret@h:6379/1", "rediss://h", "unix:///run/redis.sock?db=1"):
            self.assertEqual(load(REDIS_URL=url)["REDIS_URL"], url)
        self.assertRefused(
            "REDIS_URL",
            [
                "localhost:6379",
                "http://h",
                "redis://h:99999",
                "redis://h:port",
                "redis://h:0",
                "redis://",
                "redis:///0",
                "redis://h/zero",
                "redis://h?socket_timeout=soon",
                "redis://h,redis://i",
                "redis://h i",
                "unix://",
            ],
            "REDIS_URL is not understood.",
        )

    def test_database_url_names_a_database(self):
        for url in ("postgres:///cinema", "postgres://[::1]:5432/cinema", "sqlite:///db.sqlite3"):
            self.assertTrue(load(DATABASE_URL=url)["DATABASES"]["default"]["NAME"])
        ports = [f"postgres://h:{port}/cinema" for port in ("99999", "-1", "0", "port")]
        self.assertRefused("DATABASE_URL", ports, "DATABASE_URL is not understood.")
        nameless = ["postgres://h", "postgres://h/", "sqlite://", "sqlite://db.sqlite3"]
        self.assertRefused("DATABASE_URL", nameless, "DATABASE_URL names no database.")

    def test_database_url_may_name_several_hosts(self):
        for url, host, port in [
            ("postgres://u:p%40@a:5432,b:5433/cinema", "a,b", "5432,5433"),
            ("postgres://u:p%40@a,b/cinema", "a,b", "5432,5432"),
            ("postgres://u:p%40@[::1]:6000,%2Ftmp%2Fx/cinema", "::1,/tmp/x", "6000,5432"),
        ]:
            database = load(DATABASE_URL=url, DEBUG="true")["DATABASES"]["default"]
            found = [database[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
            self.assertEqual(found, ["u", "p@", host, port, "cinema"])
            self.assertEqual(database["OPTIONS"]["target_session_attrs"], "read-write")
        chosen = "postgres://a,b/cinema?target_session_attrs=primary"
        database = load(DATABASE_URL=chosen, DEBUG="true")["DATABASES"]["default"]
        self.assertEqual(database["OPTIONS"]["target_session_attrs"], "primary")
        alone = load(DATABASE_URL="postgres://a/cinema", DEBUG="true")["DATABASES"]["default"]
        self.assertNotIn("target_session_attrs", alone["OPTIONS"])
        wrong = [
            f"postgres://{each}/cinema" for each in ("a,", ",b", "a:0,b", "a:99999,b", "a,b:x")
        ]
        self.assertRefused("DATABASE_URL", wrong, "DATABASE_URL is not understood.")

    def test_replica_is_given_up_sooner_and_never_migrated_or_tested_on(self):
        url = "postgres://a/cinema"
        loaded = load(DATABASE_URL=url, DATABASE_REPLICA_URL="postgres://b/cinema", DEBUG="true")
        replica = loaded["DATABASES"]["replica"]
        self.assertEqual((replica["HOST"], replica["OPTIONS"]["connect_timeout"]), ("b", 2))
        self.assertEqual(replica["TEST"], {"MIRROR": "default"})
        self.assertEqual(loaded["DATABASE_ROUTERS"], ["booking.db.replica.ReplicaRouter"])
        self.assertFalse(ReplicaRouter().allow_migrate("replica", "booking"))
        self.assertTrue(ReplicaRouter().allow_migrate("default", "booking"))
        alone = load(DATABASE_URL=url, DEBUG="true")
        self.assertEqual(list(alone["DATABASES"]), ["default"])
        self.assertNotIn("DATABASE_ROUTERS", alone)

    def test_replica_is_refused_unless_both_are_postgresql(self):
        sentence = "DATABASE_REPLICA_URL is set, so it and DATABASE_URL must name PostgreSQL"
        for replica, primary in (
            ("postgres://b/cinema", "sqlite:///db.sqlite3"),
            ("sqlite:///db.sqlite3", "postgres://a/cinema"),
            ("postgres://b/cinema", ""),
        ):
            with self.assertRaisesMessage(ImproperlyConfigured, sentence):
                load(DATABASE_REPLICA_URL=replica, DATABASE_URL=primary, DEBUG="true")

    def test_errors_of_urls_do_not_contain_the_password(self):
        for name, url in {
            "DATABASE_URL": "postgres://box:hunter2[@db/cinema",
            "REDIS_URL": "redis://:hunter2@h:port",
        }.items():
            with self.assertRaises(ImproperlyConfigured) as caught:
                load(**{name: url})
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


@only_once
class HalfConfiguredTests(SimpleTestCase):
    """Without DEBUG, as on a developer's computer, but with what only production has."""

    REFUSED = (
        "DEBUG is not set, but ALLOWED_HOSTS or DATABASE_URL is, as in production. Set DEBUG to "
        "false there; on your own computer set it to true."
    )
    HOSTS = {"ALLOWED_HOSTS": "tickets.example"}
    POSTGRESQL = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/cinema"}

    def start(self, *arguments, **environment):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=settings.BASE_DIR,
            env={"PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
        )

    def test_half_configured_production_does_not_start(self):
        for environment in (self.HOSTS, self.POSTGRESQL):
            for command in ("check", "migrate", "demo"):
                done = self.start("manage.py", command, **environment)
                expected = (1, "", f"Not configured: {self.REFUSED}\n")
                self.assertEqual((done.returncode, done.stdout, done.stderr), expected)
            for module in ("wsgi", "asgi"):
                done = self.start("-c", f"import movie_booking.{module}", **environment)
                self.assertEqual(done.returncode, 1)
                self.assertTrue(done.stderr.endswith(f"ImproperlyConfigured: {self.REFUSED}\n"))

    def test_development_starts_without_debug(self):
        print_debug = "from django.conf import settings; print(settings.DEBUG)"
        bare = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'movie_booking.settings'; "
        cases = [
            ({}, "import movie_booking.wsgi"),
            ({"DATABASE_URL": "sqlite:///db.sqlite3"}, bare),
            (self.HOSTS | {"DEBUG": "true"}, bare),
            (self.POSTGRESQL | {"DEBUG": "true"}, bare),
            (self.POSTGRESQL, "import sys; sys.argv = ['manage.py', 'runserver']; " + bare),
            (self.HOSTS, "import sys; sys.argv = ['./manage.py', 'test']; " + bare),
            (self.POSTGRESQL | self.HOSTS, "import pytest; " + bare),
        ]
        for environment, statement in cases:
            with self.subTest(environment, statement=statement):
                done = self.start("-c", f"{statement}\n{print_debug}", **environment)
                self.assertEqual((done.stdout, done.stderr), ("True\n", ""))


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


@skipUnless(not ON_SQLITE, "SQLite stores every character")
class EncodingTests(TransactionTestCase):
    def connection_to(self, encoding):
        """A connection to a new database with this encoding."""
        name = f"{connection.settings_dict['NAME']}_{encoding.lower()}"
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
            )
            self.addCleanup(self.drop, name)
        other = connection.copy()
        other.settings_dict = other.settings_dict | {"NAME": name}
        self.addCleanup(other.close)
        return other

    def drop(self, name):
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name}")

    def test_database_that_is_not_utf8_is_refused_at_every_connect(self):
        for encoding in ("LATIN1", "SQL_ASCII"):
            other = self.connection_to(encoding)
            for _ in range(2):
                with self.assertRaisesMessage(ImproperlyConfigured, f"the encoding {encoding}."):
                    other.ensure_connection()
                self.assertIsNone(other.connection)

    def test_utf8_database_is_accepted(self):
        other = self.connection_to("UTF8")
        with other.cursor() as cursor:
            cursor.execute("SELECT 'Ágora'")
            self.assertEqual(cursor.fetchone(), ("Ágora",))


class TransactionTests(TransactionTestCase):
    @skipUnless(ON_SQLITE, "PostgreSQL locks rows")
    def test_sqlite_transaction_begins_immediate(self):
        with CaptureQueriesContext(connection) as queries, transaction.atomic():
            pass
        self.assertEqual([each["sql"] for each in queries], ["BEGIN IMMEDIATE", "COMMIT"])
