from django.db import migrations

from booking.db.concurrently import Concurrently


class Migration(migrations.Migration):
    """Logins and password resets look users up by address. The table is Django's own."""

    atomic = False  # concurrently

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("booking", "0023_mails_of_reservations"),
    ]

    operations = [
        Concurrently(
            migrations.RunSQL(
                "CREATE INDEX accounts_by_email ON auth_user (LOWER(email))",
                "DROP INDEX accounts_by_email",
            )
        ),
    ]
