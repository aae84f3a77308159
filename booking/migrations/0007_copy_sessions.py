from django.db import migrations

OLD_TABLE = "token_blacklist_outstandingtoken"


def copy(apps, schema_editor):
    connection = schema_editor.connection
    if OLD_TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO booking_session (user_id, token_id, created_at, expires_at) "
            "SELECT user_id, jti, COALESCE(created_at, expires_at), expires_at "
            f"FROM {OLD_TABLE} "
            "WHERE user_id IS NOT NULL AND jti IS NOT NULL AND expires_at > CURRENT_TIMESTAMP "
            "ON CONFLICT (token_id) DO NOTHING"
        )
        cursor.execute(f"UPDATE {OLD_TABLE} SET user_id = NULL WHERE user_id IS NOT NULL")


class Migration(migrations.Migration):
    """Copy the sessions out of simplejwt's table of outstanding tokens, so that users stay logged in.

    The old tables (token_blacklist_outstandingtoken and token_blacklist_blacklistedtoken) stay, so
    that the previous version of the application still runs. Their rows no longer refer to users:
    Django does not know the tables any more, and their foreign key would prevent staff from deleting
    a user. Once the previous version is gone, both tables can be dropped.
    """

    dependencies = [("booking", "0006_sessions")]

    operations = [migrations.RunPython(copy, migrations.RunPython.noop)]
