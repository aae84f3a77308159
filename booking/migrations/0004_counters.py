from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    """Nothing if the cache is not in the database."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("booking", "0003_usernames_regardless_of_case")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
