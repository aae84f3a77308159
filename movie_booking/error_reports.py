"""Error reports without secrets: settings DEFAULT_EXCEPTION_REPORTER and its _FILTER.

Django's error page, shown with DEBUG on, hides settings and request headers by their names, but not
the passwords in URLs, nor local variables.
"""

import os
import re

from django.conf import settings
from django.utils.html import escape
from django.utils.regex_helper import _lazy_re_compile
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

HIDDEN = SafeExceptionReporterFilter.cleansed_substitute
PASSWORD_IN_URL = re.compile(r"(?<=://)[^\s/@]*:[^\s@]*@")


class SecretsFilter(SafeExceptionReporterFilter):
    """Hides connection URLs too, and local variables by their names, as keys of a dictionary."""

    hidden_settings = _lazy_re_compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + "|DATABASE_URL|REDIS_URL|LOCATION|CONNINFO|DSN",
        flags=re.IGNORECASE,
    )

    def get_traceback_frame_variables(self, request, tb_frame):
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self.cleanse_setting(name, value)) for name, value in variables]


class SecretsReporter(ExceptionReporter):
    """Hides secrets wherever else they are in the report, such as in the exception's message."""

    def get_traceback_html(self):
        return hide_secrets(super().get_traceback_html(), written=escape)

    def get_traceback_text(self):
        return hide_secrets(super().get_traceback_text(), written=str)


def hide_secrets(text, *, written):
    for secret in filter(None, secrets()):
        text = re.sub(rf"(?<!\w){re.escape(written(secret))}(?!\w)", HIDDEN, text)
    return PASSWORD_IN_URL.sub(f"{HIDDEN}@", text)


def secrets():
    yield os.environ.get("DATABASE_URL")
    yield settings.REDIS_URL
    yield os.environ.get("EMAIL_URL")
    yield settings.EMAIL_HOST_PASSWORD
    yield from [settings.PROBE_TOKEN, settings.METRICS_TOKEN, settings.SENTRY_DSN]
    yield from [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    yield from [*settings.JWT_SIGNING_KEYS, *settings.TICKET_KEYS]
    for database in settings.DATABASES.values():
        yield database.get("PASSWORD")
