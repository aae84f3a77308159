"""Fill the database of DATABASE_URL and request each page of staff: used by benchmarks.staff_lists.

Prints the times of each page in ms as JSON, in the order of PAGES. CPU time is what a page would
take on an idle machine, or nearly: nothing else happens meanwhile, and all data is in memory.
"""

import json
import os
import sys
import time

import django
import psutil

PAGES = {
    "all bookings": "booking/booking/",
    "all bookings, page 100": "booking/booking/?p=100",
    "by status: booked": "booking/booking/?status=booked",
    "by status: held": "booking/booking/?status=held",
    "by status: expired": "booking/booking/?status=expired",
    "by day: today": "booking/booking/?day=today",
    "by day: next seven days": "booking/booking/?day=week",
    "by day: a year without shows": "booking/booking/?day=2005-12-24",
    "by screen": "booking/booking/?screen=3",
    "by movie": "booking/booking/?movie=7",
    "by screen, movie and status": "booking/booking/?screen=3&movie=7&status=cancelled",
    "checked in": "booking/booking/?admitted=yes",
    "no-shows": "booking/booking/?admitted=no-show",
    "by customer": "booking/booking/?user__id__exact={customer}",
    "by show, sorted by seat": "booking/booking/?show__id__exact=7&o=2",
    "reference": "booking/booking/?q={reference}",
    "reference in lower case with a space": "booking/booking/?q={typed_reference}",
    "unknown reference": "booking/booking/?q=AAAAAAAA",
    "username": "booking/booking/?q=customer77777",
    "email address": "booking/booking/?q=customer77777@example.com",
    "common name": "booking/booking/?q=fatima",
    "common name, two letters": "booking/booking/?q=ng",
    "name with an accent": "booking/booking/?q=%C3%A9tienne",
    "unique name": "booking/booking/?q=77777",
    "first and last name": "booking/booking/?q=fatima+archer",
    "title of one movie": "booking/booking/?q=%22Street+{movies}%22",
    "word in every title": "booking/booking/?q=night",
    "word in some titles": "booking/booking/?q=3th",
    "phone note": "booking/booking/?q=1000500",
    "start of many phone notes": "booking/booking/?q=0170",
    "customer and movie": "booking/booking/?q=fatima+street",
    "one letter": "booking/booking/?q=a",
    "word without a match": "booking/booking/?q=xyzzy",
    "two words without a match": "booking/booking/?q=xyzzy+plugh",
    "control characters": "booking/booking/?q=%00%01%1Fxyzzy",
    "search and filters": "booking/booking/?q=fatima&screen=3&status=booked",
    "a booking": "booking/booking/500/change/",
    "a customer": "auth/user/{customer}/change/",
    "the walk-in's page": "auth/user/{walk_in}/change/",
    "all customers": "auth/user/",
    "customers: username": "auth/user/?q=customer77777",
    "customers: common name": "auth/user/?q=fatima",
    "customers: word without a match": "auth/user/?q=xyzzy",
    "customer for a sale: common name": (
        "autocomplete/?app_label=booking&model_name=booking&field_name=user&term=fatima"
    ),
    "customer for a sale: word without a match": (
        "autocomplete/?app_label=booking&model_name=booking&field_name=user&term=xyzzy"
    ),
    "show for a sale": (
        "autocomplete/?app_label=booking&model_name=booking&field_name=show&term=night"
    ),
    "customer in the seat plan: common name": "booking/show/{show}/seats/?suggest=fatima",
    "all shows": "booking/show/",
    "all movies": "booking/movie/",
    "admin index": "",
}


def values():
    """What the addresses of pages name: rows that exist."""
    from django.contrib.auth.models import User

    from booking.models import Booking, Movie, Show

    reference = Booking.objects.order_by("pk")[500].reference
    return {
        "reference": reference,
        "typed_reference": f"{reference[:4].lower()}+{reference[4:].lower()}",
        "customer": User.objects.get(username="customer7").pk,
        "walk_in": User.objects.get(username="walk-in").pk,
        "movies": Movie.objects.count(),
        "show": Show.objects.order_by("-date_time").first().pk,
    }


def measure(repetitions):
    from django.contrib.auth.models import User
    from django.test import Client

    from .staff_dataset import STAFF

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(username=STAFF))
    named = values()
    for name, path in PAGES.items():
        address = "/admin/" + path.format(**named)
        client.get(address)  # warms up
        times, busy = [], cpu_seconds()
        for _ in range(repetitions):
            begin = time.perf_counter()
            response = client.get(address, follow=True)
            times.append(1_000 * (time.perf_counter() - begin))
            if response.status_code != 200:
                raise SystemExit(f"{name}: {address} answered {response.status_code}")
        yield {"times": times, "cpu": 1_000 * (cpu_seconds() - busy) / repetitions}


def cpu_seconds():
    """CPU time of this process and of PostgreSQL's process for it."""
    from django.db import connection

    pids = [os.getpid()]
    if connection.vendor == "postgresql":
        pids.append(connection.connection.info.backend_pid)
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def main():
    django.setup()
    from django.core.management import call_command

    from .staff_dataset import Sizes, fill

    *sizes, repetitions = map(int, sys.argv[1:])
    call_command("migrate", verbosity=0)
    fill(Sizes(*sizes))
    json.dump(list(measure(repetitions)), sys.stdout)


if __name__ == "__main__":
    main()
