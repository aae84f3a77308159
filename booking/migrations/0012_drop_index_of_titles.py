from django.db import migrations


class Migration(migrations.Migration):
    """The list is sorted by `title_key`."""

    dependencies = [("booking", "0011_fill_search_keys_of_movies")]

    operations = [migrations.RemoveIndex(model_name="movie", name="movies_by_title")]
