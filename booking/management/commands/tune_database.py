from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.backends.signals import connection_created
from django.db.transaction import atomic

from booking.db.guards import durable_synchronous_commit, require_guards


class Command(BaseCommand):
    help = (
        "Write PostgreSQL's settings of a connection (time limits, durable commits, plans) to the "
        "role that the application connects with, in its database. Needed once behind a pooler "
        "such as PgBouncer, which does not pass them on; harmless without one. Other roles and "
        "databases are not changed. Repeating it changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument("--dry-run", action="store_true", help="Print the SQL, and do nothing.")

    def handle(self, **options):
        if connection.vendor != "postgresql":
            raise CommandError("SQLite has no roles: its settings are part of each connection.")
        connection_created.disconnect(dispatch_uid="require_guards")  # it refuses what is mended
        try:
            self._tune(dry_run=options["dry_run"])
        except DatabaseError as error:
            raise CommandError(f"Nothing was changed: {error}".strip()) from error
        finally:
            connection_created.connect(require_guards, dispatch_uid="require_guards")

    def _tune(self, *, dry_run):
        values = settings.SESSION_SETTINGS | durable_synchronous_commit(connection)
        with atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT quote_ident(current_user), quote_ident(current_database())")
            role, database = cursor.fetchone()
            for name, value in values.items():
                statement = f"ALTER ROLE {role} IN DATABASE {database} SET {name} = '{value}'"
                self.stdout.write(f"{statement};")
                if not dry_run:
                    cursor.execute(statement)
        if dry_run:
            return
        self.stdout.write(
            "New connections have these settings. Restart the workers, and let the pooler open new "
            "connections (PgBouncer: RECONNECT)."
        )
