from django.db import migrations

from booking.roles import create_roles


class Migration(migrations.Migration):

    dependencies = [("booking", "0021_mails")]

    operations = [
        migrations.RunPython(
            lambda apps, schema_editor: create_roles(apps), migrations.RunPython.noop
        ),
    ]
