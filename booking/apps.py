from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created


class BookingConfig(AppConfig):
    name = "booking"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        connection_created.connect(require_utf8, dispatch_uid="require_utf8")


def require_utf8(connection, **kwargs):
    """Refuse a PostgreSQL database that cannot store every title, or none reliably (SQL_ASCII).

    The server reports its encoding when a connection is opened. A pooler may not pass it on.
    """
    if connection.vendor != "postgresql":
        return
    encoding = connection.connection.info.parameter_status("server_encoding")
    if encoding not in ("UTF8", None):
        connection.close()  # or the next query would use it
        raise ImproperlyConfigured(
            f"The database has the encoding {encoding}. It must be UTF8: "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )
