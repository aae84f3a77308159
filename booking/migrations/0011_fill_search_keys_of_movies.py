from django.db import migrations

from booking.text import normalize

FIELDS = ["title", "genre", "language", "certificate"]
KEYS = ["title_key", "genre_key", "language_key"]


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    movies = apps.get_model("booking", "Movie").objects.using(alias)
    shows = apps.get_model("booking", "Show").objects.using(alias)
    batch = []
    for movie in movies.order_by("pk").iterator(chunk_size=500):
        for name in FIELDS:
            setattr(movie, name, normalize(getattr(movie, name)))
        batch.append(movie)
        if len(batch) == 500:
            movies.bulk_update(batch, FIELDS + KEYS, batch_size=100)
            batch = []
    movies.bulk_update(batch, FIELDS + KEYS, batch_size=100)
    for name in set(shows.values_list("screen_name", flat=True).distinct()):
        if normalize(name) != name:
            shows.filter(screen_name=name).update(screen_name=normalize(name))


class Migration(migrations.Migration):
    """Normalize titles and screen names (NFC), and fill the movies' search keys.

    Movies that the previous version of the application adds afterwards have empty keys, and come
    first in the list until they are saved again.
    """

    dependencies = [("booking", "0010_add_search_keys_of_movies")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
