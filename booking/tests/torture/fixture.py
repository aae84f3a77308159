"""Fixture of a run: the data before it, and a dump of the tables after it.

    DATABASE_URL=… python -m booking.tests.torture.fixture create 30 8     shows, users
    DATABASE_URL=… python -m booking.tests.torture.fixture dump

Each is a process of its own, because a Django process has one database. Both print JSON.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

import django

# Small shows and short holds, so that requests conflict.
SEATS = 16
SEATS_PER_ROW = 6
LIMIT = 4  # seats per customer
HOLD_FOR = 1  # seconds
HOLD_AT_MOST = 2
HOLD_WINDOW = 6


PASSWORD = "the-exterminating-angel"


def username_of(number):
    return f"customer{number:04}"  # none is part of another


def crash_file(folder, pid):
    """File that makes a worker crash after its next commit, before the response."""
    return Path(folder) / f"crash-{pid}"


def create(shows, users):
    """Migrate and create shows and users; return their ids, and access tokens."""
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone
    from rest_framework_simplejwt.tokens import AccessToken

    from booking.models import Movie, Show

    call_command("migrate", verbosity=0)
    movie = Movie.objects.create(title="The Exterminating Angel", duration_minutes=95)
    tomorrow = timezone.now() + timedelta(days=1)
    new_shows = [
        Show.objects.create(
            movie=movie,
            screen_name=f"Screen {number}",
            date_time=tomorrow,
            total_seats=SEATS,
            seats_per_row=SEATS_PER_ROW,
        )
        for number in range(shows)
    ]
    password = make_password(PASSWORD)
    customers = [
        User.objects.create(
            username=username_of(number), password=password, email=f"c{number}@example.com"
        )
        for number in range(users)
    ]
    clerk = User.objects.create_superuser("stella")
    browser = Client()
    browser.force_login(clerk)
    return {
        "clerk": clerk.pk,
        "session": browser.cookies["sessionid"].value,
        "clerk_token": str(AccessToken.for_user(clerk)),
        "usernames": {each.pk: each.username for each in customers},
        "shows": [each.pk for each in new_shows],
        "tokens": {each.pk: str(AccessToken.for_user(each)) for each in customers},
    }


def dump():
    """Rows of all tables that matter."""
    from django.contrib.auth.models import User
    from django.db.models import F

    from booking.models import Booking, BookingEvent, IdempotencyKey, Mail, Show

    bookings = Booking.objects.order_by("id").values(
        "id",
        "reference",
        "status",
        "held_until",
        "created_at",
        "cancelled_at",
        "admitted_at",
        "user",
        "show",
        seat=F("seat_number"),
    )
    events = BookingEvent.objects.order_by("id").values(
        "booking", "actor", "kind", "created_at", "moved_from", "request_id", seat=F("seat_number")
    )
    keys = IdempotencyKey.objects.order_by("id").values("user", "key", "status", "body")
    return {
        "shows": list(Show.objects.order_by("id").values_list("id", flat=True)),
        "called_off": dict(
            Show.objects.exclude(cancelled_at=None).values_list("id", "cancelled_at")
        ),
        "bookings": list(bookings),
        "events": list(events),
        "keys": list(keys),
        "mails": list(Mail.objects.exclude(reference="").values("reference", "kind")),
        "inactive": list(
            User.objects.filter(is_active=False, username__startswith="erased-").values_list(
                "id", flat=True
            )
        ),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "movie_booking.settings")
    django.setup()
    from django.core.serializers.json import DjangoJSONEncoder

    class Encoder(DjangoJSONEncoder):
        """Writes times with microseconds, which Django's encoder cuts off."""

        def default(self, value):
            return value.isoformat() if hasattr(value, "isoformat") else super().default(value)

    command, *numbers = sys.argv[1:]
    result = {"create": create, "dump": dump}[command](*map(int, numbers))
    json.dump(result, sys.stdout, cls=Encoder)
