from django.core.management import call_command
from django.db import migrations


def create(apps, schema_editor):
    """Named, because without a name there is none if the cache is in Redis today."""
    alias = schema_editor.connection.alias
    call_command("createcachetable", "counters", database=alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("booking", "0002_idempotency_keys")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
