"""Fill the database DATABASE_URL: tables, a member of staff, a movie and two shows."""

from datetime import timedelta

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402 - needs the apps
from django.core.management import call_command  # noqa: E402 - the same
from django.utils import timezone  # noqa: E402 - the same

from booking.models import Movie, Show  # noqa: E402 - the same
from booking.tests.proxies.system import PASSWORD  # noqa: E402 - the same

call_command("migrate", verbosity=0)
User.objects.create_superuser("stella", password=PASSWORD)
movie = Movie.objects.create(title="Metropolis", duration_minutes=153)
for days in (1, 2):
    Show.objects.create(
        movie=movie,
        screen_name="Screen 1",
        date_time=timezone.now() + timedelta(days=days),
        total_seats=100,
    )
