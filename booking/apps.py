import logging

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps
from django.core import checks
from django.db import connections
from django.db.backends.signals import connection_created

from movie_booking.environment import NO_MAIL

from .db.guards import missing_guards, require_guards

log = logging.getLogger(__name__)


class StaffAdminConfig(admin_apps.AdminConfig):
    default = False  # of the app booking
    default_site = "booking.admin_site.StaffSite"


class BookingConfig(AppConfig):
    name = "booking"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        connection_created.connect(require_guards, dispatch_uid="require_guards")
        checks.register(check_guards, checks.Tags.database)
        checks.register(check_mail, "mail")


def check_guards(databases=None, **kwargs):
    """System check of the databases, in `manage.py migrate` and `check --database default`."""
    return [
        checks.Warning(sentence, id="booking.W001")
        for alias in databases or ()
        for sentence in missing_guards(connections[alias])
    ]


def check_mail(app_configs=None, **kwargs):
    if settings.EMAIL_BACKEND != NO_MAIL:
        return []
    return [checks.Warning("EMAIL_URL is not set: no mail is sent.", id="booking.W002")]


def log_warnings_at_start():
    """Servers run no system checks."""
    for warning in check_mail():
        log.warning(warning.msg)
