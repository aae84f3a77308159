"""Fills a database that is empty: `python -m benchmarks.fill booking 1`, in the environment of the
implementation whose app that is. Prints the customers' tokens, in the order of their ids."""

import json
import sys
from datetime import timedelta

import django

from . import cinema

BATCH = 2_000


def fill(label, scale):
    from django.apps import apps
    from django.contrib.auth.hashers import make_password
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db import transaction

    movie, show, booking = (apps.get_model(label, name) for name in ("Movie", "Show", "Booking"))
    call_command("migrate", verbosity=0)
    password = make_password(cinema.PASSWORD)  # once: a thousand would take a minute
    with transaction.atomic():
        customers = User.objects.bulk_create(
            User(username=name, password=password) for name in cinema.usernames()
        )
        movie.objects.bulk_create(movie(**film) for film in cinema.films())
        show.objects.bulk_create((show(**each) for each in cinema.shows(scale)), BATCH)
        booking.objects.bulk_create(
            (
                booking(user_id=user, show_id=of, seat_number=seat)
                for user, of, seat in cinema.bookings(scale)
            ),
            BATCH,
        )
    check_ids(customers, show.objects)
    return [token(customer) for customer in customers]


def check_ids(customers, shows):
    """Everything else computes with them."""
    assert [each.pk for each in customers] == list(range(1, cinema.USERS + 1))
    first, last = shows.order_by("id").first(), shows.order_by("id").last()
    assert (first.pk, last.pk) == (1, shows.count())


def token(customer):
    """As the application gives it out, but good until the measuring is over."""
    from rest_framework_simplejwt.tokens import AccessToken

    access = AccessToken.for_user(customer)
    access.set_exp(lifetime=timedelta(days=1))
    return str(access)


if __name__ == "__main__":
    django.setup()
    label, scale = sys.argv[1:]
    json.dump(fill(label, int(scale)), sys.stdout)
