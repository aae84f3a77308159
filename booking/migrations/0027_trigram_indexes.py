from django.db import migrations

from booking.db.trigrams import TrigramIndex


class Migration(migrations.Migration):
    """Trigram indexes for the admin's search by parts of names and notes, if pg_trgm is available."""

    atomic = False  # concurrently

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("booking", "0026_index_mails"),
    ]

    operations = [
        TrigramIndex(
            "parts_of_names", "auth_user", "username", "first_name", "last_name", "email"
        ),
        TrigramIndex("parts_of_notes", "booking_booking", "note", condition="note <> ''"),
    ]
