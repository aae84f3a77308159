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

from .drawings import (
    DRAWINGS,
    FIRST_DRAWINGS,
    SEATS,
    SEATS_PER_ROW,
    begin_of_name,
    name_of_rows,
    rows_of,
)

# Small shows and short holds, so that requests conflict.
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

    from booking import accounts
    from booking.models import Movie, Show

    call_command("migrate", verbosity=0)
    movie = Movie.objects.create(title="The Exterminating Angel", duration_minutes=95)
    tomorrow = timezone.now() + timedelta(days=1)
    screens, new_shows = {}, []
    for number in range(shows):
        hall = {"screen_name": name_of_rows(SEATS), "total_seats": SEATS}
        of_show = create_screens(number) if number % 3 else []  # one of three has plain rows
        if of_show:
            hall = {"screen": of_show[0]}
        show = Show(movie=movie, date_time=tomorrow, **{"seats_per_row": SEATS_PER_ROW, **hall})
        show.save()
        new_shows.append(show)
        screens[show.pk] = [each.pk for each in of_show]
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
        "house": accounts.reserved_account(accounts.HOUSE).pk,
        "screens": screens,
        "halls": {each.pk: each.screen_name for each in new_shows},
        "show_form": {
            "movie": movie.pk,
            "date_time_0": f"{timezone.localtime(tomorrow):%Y-%m-%d}",
            "date_time_1": f"{timezone.localtime(tomorrow):%H:%M}",
        },
        "session": browser.cookies["sessionid"].value,
        "clerk_token": str(AccessToken.for_user(clerk)),
        "usernames": {each.pk: each.username for each in customers},
        "shows": [each.pk for each in new_shows],
        "tokens": {each.pk: str(AccessToken.for_user(each)) for each in customers},
    }


def create_screens(number):
    """Two screens for one show, so that no other show is on them at the same time."""
    from booking.models import Screen

    return [
        Screen.objects.create(
            name=f"{begin_of_name(number, letter)}{drawing}", layout=DRAWINGS[drawing]
        )
        for letter, drawing in zip("ab", FIRST_DRAWINGS[number % 3], strict=True)
    ]


def halls():
    """Version, name, drawing, number and letters of the seats of each show."""
    from booking.models import Show

    rows = Show.objects.values_list(
        "id", "version", "screen_name", "layout", "total_seats", "seat_letters"
    )
    return {
        show: [version, name, layout or rows_of(seats), seats, letters]
        for show, version, name, layout, seats, letters in rows
    }


def hall_changes():
    """What the admin's history says of changes of shows, in order, without calling off."""
    from django.contrib.admin.models import CHANGE, LogEntry
    from django.db import connection

    entries = LogEntry.objects.filter(
        content_type__model="show", action_flag=CHANGE, change_message__startswith="["
    )
    changes = []
    for each in entries.order_by("id"):
        at = each.action_time
        if connection.vendor == "sqlite":  # the times of all other changes are cut off there
            at = at.replace(microsecond=at.microsecond // 1000 * 1000)
        name = each.object_repr.rpartition(", ")[2]
        show = int(each.object_id)
        changes.append({"show": show, "at": at, "name": name, "actor": each.user_id})
    return changes


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
        "halls": halls(),
        "hall_changes": hall_changes(),
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
