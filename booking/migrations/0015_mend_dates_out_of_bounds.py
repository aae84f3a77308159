"""Dates that the next migration's constraints refuse, moved to the nearest that they allow."""

from datetime import UTC, date, datetime

from django.db import migrations

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
EARLIEST_RELEASE, LATEST_RELEASE = date(1880, 1, 1), date(2999, 12, 31)


def mend_dates(apps, schema_editor):
    for model, field, earliest, latest in [
        ("Show", "cancelled_at", EARLIEST, LATEST),
        ("Movie", "release_date", EARLIEST_RELEASE, LATEST_RELEASE),
    ]:
        rows = apps.get_model("booking", model).objects
        rows.filter(**{f"{field}__lt": earliest}).update(**{field: earliest})
        rows.filter(**{f"{field}__gt": latest}).update(**{field: latest})


class Migration(migrations.Migration):

    dependencies = [("booking", "0014_screens_and_layouts")]

    operations = [migrations.RunPython(mend_dates, migrations.RunPython.noop)]
