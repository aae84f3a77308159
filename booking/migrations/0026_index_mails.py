from django.conf import settings
from django.db import migrations, models

from booking.db.concurrently import Concurrently


class Migration(migrations.Migration):
    """Every sale writes a mail, so its table must not be blocked while an index is built."""

    atomic = False  # concurrently

    dependencies = [
        ("booking", "0025_mails_of_accounts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Concurrently(
            migrations.AddIndex(
                "mail",
                models.Index(
                    fields=["user"],
                    condition=models.Q(user__isnull=False),
                    name="mails_of_an_account",
                ),
            )
        ),
        Concurrently(
            migrations.AddIndex(
                "mail",
                models.Index(
                    fields=["reference"],
                    condition=~models.Q(reference=""),
                    name="mails_of_a_reservation",
                ),
            )
        ),
        Concurrently(
            migrations.AddConstraint(
                "mail",
                models.UniqueConstraint(
                    fields=["reference"],
                    condition=models.Q(kind="reminder"),
                    name="one_reminder_of_a_reservation",
                ),
            )
        ),
        Concurrently(migrations.RemoveIndex("mail", "mails_of_user")),
    ]
