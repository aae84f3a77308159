import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from booking.db.concurrently import Concurrently


class Migration(migrations.Migration):
    """Drop the foreign-key index of Mail.user: the partial index `mails_of_an_account` is enough.

    Each sale writes a mail without a user, which only the dropped index contained.
    """

    atomic = False  # concurrently

    dependencies = [
        ("booking", "0027_trigram_indexes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Concurrently(
            migrations.RunSQL(
                "DROP INDEX booking_mail_user_id_3ee4fcf2",
                "CREATE INDEX booking_mail_user_id_3ee4fcf2 ON booking_mail (user_id)",
                state_operations=[
                    migrations.AlterField(
                        "mail",
                        "user",
                        models.ForeignKey(
                            db_index=False,
                            null=True,
                            on_delete=django.db.models.deletion.CASCADE,
                            related_name="+",
                            to=settings.AUTH_USER_MODEL,
                        ),
                    )
                ],
            )
        ),
    ]
