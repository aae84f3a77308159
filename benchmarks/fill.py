"""Fill an empty database: `python -m benchmarks.fill booking 1` (app label, scale).

Runs in a separate process with the settings of the implementation, and uses only what every
implementation and every revision has: migrations, the models Movie, Show and Booking, and
simplejwt; codes of tickets where there are tickets. Prints a Filled as JSON, the access tokens in
the order of the users' ids.
"""

import json
import sys
from datetime import timedelta

import django

from . import dataset

BATCH = 2_000


def fill(label, scale):
    from django.apps import apps
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import Group, User
    from django.core.management import call_command
    from django.db import transaction

    Movie, Show, Booking = (  # noqa: N806 classes
        apps.get_model(label, name) for name in ("Movie", "Show", "Booking")
    )
    call_command("migrate", verbosity=0)
    password = make_password(dataset.PASSWORD)  # one hash for all: a thousand take a minute
    with transaction.atomic():
        users = User.objects.bulk_create(
            User(username=name, email=f"{name}@example.com", password=password)
            for name in dataset.usernames()
        )
        Movie.objects.bulk_create(Movie(**values) for values in dataset.movies())
        Show.objects.bulk_create((Show(**values) for values in dataset.shows(scale)), BATCH)
        Show.objects.bulk_create(Show(**values) for values in dataset.shows_at_the_door(scale))
        Booking.objects.bulk_create(
            (
                Booking(user_id=user, show_id=show, seat_number=seat)
                for user, show, seat in (
                    *dataset.bookings(scale),
                    *dataset.bookings_at_the_door(scale),
                )
            ),
            BATCH,
        )
        gates = users[-dataset.GATES :]
        User.objects.filter(pk__in=[user.pk for user in gates]).update(is_staff=True)
        for door in Group.objects.filter(name="Door"):  # where there are roles
            door.user_set.add(*gates)
    check_ids(users, Show.objects)
    at_the_door = Booking.objects.filter(show__gt=dataset.SHOWS * scale).order_by("id")
    return {
        "tokens": [access_token(user) for user in users],
        "ticket_codes": ticket_codes(at_the_door),
    }


def ticket_codes(bookings):
    if bookings.model._meta.app_label != "booking":  # another implementation
        return []
    try:
        from booking.tickets import Ticket, code_of
    except ImportError:  # an older revision
        return []
    return [code_of(Ticket.of(booking)) for booking in bookings]


def check_ids(users, shows):
    """Assert that ids count from 1, as all other modules assume."""
    assert [each.pk for each in users] == list(range(1, dataset.USERS + 1))
    first, last = shows.order_by("id").first(), shows.order_by("id").last()
    assert (first.pk, last.pk) == (1, shows.count())


def access_token(user):
    """Access token that lives as long as any run."""
    from rest_framework_simplejwt.tokens import AccessToken

    token = AccessToken.for_user(user)
    token.set_exp(lifetime=timedelta(days=1))
    return str(token)


if __name__ == "__main__":
    django.setup()
    label, scale = sys.argv[1:]
    json.dump(fill(label, int(scale)), sys.stdout)
