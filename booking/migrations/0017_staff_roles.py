from django.db import migrations

from booking.roles import create_roles


class Migration(migrations.Migration):

    dependencies = [
        ("booking", "0016_bound_dates"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="booking", options={"permissions": [("export_booking", "Can export booking")]}
        ),
        migrations.RunPython(
            lambda apps, schema_editor: create_roles(apps), migrations.RunPython.noop
        ),
    ]
