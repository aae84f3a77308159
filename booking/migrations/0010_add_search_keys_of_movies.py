from django.db import migrations, models

import booking.models.fields


class Migration(migrations.Migration):

    dependencies = [("booking", "0009_session_rotation")]

    operations = [
        migrations.AddField(
            model_name="movie",
            name="title_key",
            field=booking.models.fields.SearchKeyField(of="title"),
        ),
        migrations.AddField(
            model_name="movie",
            name="genre_key",
            field=booking.models.fields.SearchKeyField(of="genre"),
        ),
        migrations.AddField(
            model_name="movie",
            name="language_key",
            field=booking.models.fields.SearchKeyField(of="language"),
        ),
        migrations.AddIndex(
            model_name="movie",
            index=models.Index(fields=["title_key", "id"], name="movies_by_title_key"),
        ),
    ]
