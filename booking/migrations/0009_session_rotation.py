from django.db import migrations, models


class Migration(migrations.Migration):
    """What a session needs to recognize a used refresh token, and to be shown to its user.

    The new columns are nullable or have a default in the database, so that the previous version of
    the application still runs.
    """

    dependencies = [("booking", "0008_booking_events")]

    operations = [
        migrations.AddField(
            "session",
            "previous_token_id",
            models.CharField(db_default="", default="", max_length=255),
        ),
        migrations.AddField("session", "refreshed_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "session", "client_ip", models.CharField(db_default="", default="", max_length=64)
        ),
        migrations.AddField(
            "session", "user_agent", models.CharField(db_default="", default="", max_length=200)
        ),
    ]
