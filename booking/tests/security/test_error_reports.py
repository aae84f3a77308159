"""Django's error page, which is shown with DEBUG on, has no secrets."""

import os
import sys
from unittest import mock

from django.conf import settings
from django.test import RequestFactory, SimpleTestCase, override_settings
from django.views.debug import technical_404_response, technical_500_response

SECRETS = {
    "database password": "hunter2-of-the-database",
    "Redis password": "hunter2-of-redis",
    "signing key": "hunter2-of-the-signing-key",
    "former signing key": "hunter2-of-the-former-signing-key",
    "former secret key": "hunter2-of-the-former-secret-key",
    "password of a replica": "hunter2-of-a-replica",
    "another password": "hunter2&of-another",
}
DATABASE_URL = f"postgres://box:{SECRETS['database password']}@db.example/cinema"
REDIS_URL = f"redis://:{SECRETS['Redis password']}@redis.example:6379/0"


@override_settings(
    DEBUG=True,
    SECRET_KEY=SECRETS["signing key"],
    SECRET_KEY_FALLBACKS=[SECRETS["former secret key"]],
    JWT_SIGNING_KEYS=[SECRETS["signing key"], SECRETS["former signing key"]],
    REDIS_URL=REDIS_URL,
    CACHES={"default": {"BACKEND": "booking.cache.RedisCounterCache", "LOCATION": REDIS_URL}},
)
class ErrorPageTests(SimpleTestCase):
    def setUp(self):
        databases = {"default": {"HOST": "db.example", "PASSWORD": SECRETS["database password"]}}
        for patch in (
            mock.patch.dict(os.environ, DATABASE_URL=DATABASE_URL),
            mock.patch.dict(settings.DATABASES, databases, clear=True),
        ):
            patch.start()
            self.addCleanup(patch.stop)

    def error_page(self, accept="text/html", *, message="It failed."):
        """The page, with the environment in META, as runserver has it."""
        request = RequestFactory().get("/admin/", headers={"accept": accept}, **os.environ)
        try:
            fail(message)
        except RuntimeError:
            response = technical_500_response(request, *sys.exc_info())
        page = response.content.decode()
        self.assertIn("db.example", page)  # it shows settings and variables
        return page

    def assertNoSecrets(self, page):
        for name, secret in SECRETS.items():
            # Not assertNotIn, which would print the whole page, with the environment.
            self.assertFalse(secret in page or secret.replace("&", "&amp;") in page, name)

    def test_error_page_has_no_secrets(self):
        for accept in ("text/html", "text/plain"):
            with self.subTest(accept):
                page = self.error_page(accept)
                self.assertNoSecrets(page)
                settings_of_page = page[page.rindex("ABSOLUTE_URL_OVERRIDES") :]
                self.assertFalse("redis.example" in settings_of_page)

    def test_message_of_the_exception_has_no_secrets(self):
        keys = [f"no {each!r}" for name, each in SECRETS.items() if name.endswith(" key")]
        for message in (DATABASE_URL, *keys, f"{REDIS_URL}/x"):
            for accept in ("text/html", "text/plain"):
                with self.subTest(message, accept=accept):
                    self.assertNoSecrets(self.error_page(accept, message=message))

    def test_page_of_unknown_url_has_no_secrets(self):
        request = RequestFactory().get("/nothing/", **os.environ)
        response = technical_404_response(request, Exception())
        self.assertNoSecrets(response.content.decode())


def fail(message):
    """Raise RuntimeError, with secrets in local variables, as in the frames of psycopg."""
    variables = {
        "conn_params": {"host": "db.example", "password": SECRETS["password of a replica"]},
        "text": f"host=db.example password={SECRETS['database password']}",
        "servers": [REDIS_URL],
        "mirror": f"https://me:{SECRETS['another password']}@mirror.example/",
    }
    raise RuntimeError(f"{message}{len(variables)}")
