"""The database before a run, and what is in it afterwards; each in a process of its own, because
a process has one database: `DATABASE_URL=… python -m booking.tests.torture.stage set 30 8`."""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import django

# The cinema: small halls, short holds.
SEATS = 16
SEATS_PER_ROW = 6
LIMIT = 4  # seats of one customer
HOLD_FOR = 1  # seconds
HOLD_AT_MOST = 3


def fail_point(folder, pid):
    """The file that makes this worker die after its next commit, before the answer."""
    return Path(folder) / f"answerless-{pid}"


def set_up(shows, users):
    """Prints the ids of shows, and of users with their tokens."""
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.utils import timezone
    from rest_framework_simplejwt.tokens import AccessToken

    from booking.models import Movie, Show

    call_command("migrate", verbosity=0)
    movie = Movie.objects.create(title="The Exterminating Angel", duration_minutes=95)
    tomorrow = timezone.now() + timedelta(days=1)
    halls = [
        Show.objects.create(
            movie=movie,
            screen_name=f"Screen {number}",
            date_time=tomorrow,
            total_seats=SEATS,
            seats_per_row=SEATS_PER_ROW,
        )
        for number in range(shows)
    ]
    customers = [User.objects.create(username=f"customer{number}") for number in range(users)]
    return {
        "shows": [hall.pk for hall in halls],
        "tokens": {each.pk: str(AccessToken.for_user(each)) for each in customers},
    }


def tell():
    """Prints what is in the tables."""
    from django.db.models import F

    from booking.models import Booking, IdempotencyKey, Show

    bookings = Booking.objects.order_by("id").values(
        "id",
        "reference",
        "status",
        "held_until",
        "created_at",
        "user",
        "show",
        seat=F("seat_number"),
    )
    keys = IdempotencyKey.objects.order_by("id").values("user", "key", "status", "body")
    return {
        "shows": list(Show.objects.order_by("id").values_list("id", flat=True)),
        "bookings": list(bookings),
        "keys": list(keys),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")
    django.setup()
    from django.core.serializers.json import DjangoJSONEncoder

    class Encoder(DjangoJSONEncoder):
        """Times to the microsecond."""

        def default(self, value):
            return value.isoformat() if hasattr(value, "isoformat") else super().default(value)

    what, *numbers = sys.argv[1:]
    result = {"set": set_up, "tell": tell}[what](*map(int, numbers))
    json.dump(result, sys.stdout, cls=Encoder)
