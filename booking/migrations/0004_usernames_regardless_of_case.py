from django.db import migrations
from django.db.models import Count
from django.db.models.functions import Lower


def check(apps, schema_editor):
    users = apps.get_model("auth", "User").objects.using(schema_editor.connection.alias)
    names = users.annotate(lower=Lower("username")).values("lower")
    twice = names.annotate(count=Count("pk")).filter(count__gt=1).values_list("lower", flat=True)
    if twice:
        raise RuntimeError(
            "These usernames are used more than once, in upper and lower case: "
            f"{', '.join(sorted(twice))}. Rename all but one of each in the admin, then migrate."
        )


class Migration(migrations.Migration):
    """Alice and alice are one person's name. The table is Django's own, so its model cannot say so."""

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("booking", "0003_counters"),
    ]

    operations = [
        migrations.RunPython(check, migrations.RunPython.noop),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX one_account_per_name ON auth_user (LOWER(username))",
            "DROP INDEX one_account_per_name",
        ),
    ]
