import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from booking.db.concurrently import Concurrently


class Migration(migrations.Migration):
    """`mails_of_an_account` has the same rows, but for those without a user: each sale writes one."""

    atomic = False  # concurrently

    dependencies = [
        ("booking", "0027_index_words"),
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
