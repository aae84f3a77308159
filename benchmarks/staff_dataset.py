"""Fill a database for benchmarks.staff_lists, by SQL that both databases run.

Ids count from 1. Every tenth booking was sold at the counter and has a note; of every hundred,
seven are cancelled and one is a hold that has expired. Of the others of past shows, most were let
in.
"""

from datetime import timedelta
from typing import NamedTuple

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from booking.accounts import WALK_IN, reserved_account
from booking.models import Movie, Screen, Show
from booking.models.bookings import REFERENCE_ALPHABET

SEATS = 200
BATCH = 2_000
FIRST_NAMES = ["Ada", "Björn", "Chloé", "Dmitri", "Emeka", "Fatima", "Grace", "Hiroshi", "Inês"]
LAST_NAMES = ["Archer", "Baker", "Castillo", "van der Berg", "Étienne", "Fischer", "Ng", "O'Neill"]
MOVIES_PER_TITLE = 25  # as many titles have a word in common
STAFF = "benchmark-staff"

NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)"

INSERT_CUSTOMERS = f"""
    INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, is_staff,
                           is_active, date_joined)
    {NUMBERS}
    SELECT 'customer' || n, '!' || n, {{first_name}}, {{last_name}} || ' ' || n,
           'customer' || n || '@example.com', false, false, true, %s
    FROM numbers
"""
# 7919 and 104729 are primes, so that neighbours differ. %% is the remainder.
INSERT_BOOKINGS = f"""
    INSERT INTO booking_booking (user_id, show_id, seat_number, status, reference, note,
                                 held_until, created_at, cancelled_at, admitted_at)
    {NUMBERS}
    SELECT CASE WHEN n %% 10 = 0 THEN %s ELSE (SELECT MIN(id) FROM auth_user WHERE username =
               'customer1') + (CAST(n AS bigint) * 7919) %% %s END,
           1 + (n - 1) / {SEATS}, 1 + (n - 1) %% {SEATS},
           CASE WHEN n %% 100 < 7 THEN 'cancelled' WHEN n %% 100 = 7 THEN 'held' ELSE 'booked' END,
           {{reference}},
           CASE WHEN n %% 10 = 0 THEN '0170 ' || (1000000 + n) || ' Baker' ELSE '' END,
           CASE WHEN n %% 100 = 7 THEN shows.sold_at END,
           shows.sold_at,
           CASE WHEN n %% 100 < 7 THEN shows.sold_at END,
           CASE WHEN n %% 100 > 20 AND shows.is_over THEN shows.sold_at END
    FROM numbers
    JOIN (
        SELECT id, date_time < %s AS is_over,
               CASE WHEN date_time < %s THEN date_time ELSE %s END AS sold_at
        FROM booking_show
    ) AS shows ON shows.id = 1 + (n - 1) / {SEATS}
    ORDER BY n
"""
INSERT_EVENTS = """
    INSERT INTO booking_bookingevent (booking_id, actor_id, kind, created_at, request_id,
                                      seat_number)
    SELECT id, CASE WHEN note = '' THEN user_id ELSE %s END, 'booked', created_at, '-', seat_number
    FROM booking_booking
    ORDER BY id
"""


class Sizes(NamedTuple):
    bookings: int
    customers: int
    movies: int


def fill(sizes: Sizes) -> None:
    """Takes a minute or two for a million bookings. The database is migrated and empty.

    PostgreSQL needs DATABASE_DEADLINE_SECONDS=0.
    """
    now = timezone.now()
    walk_in = reserved_account(WALK_IN)
    staff = User.objects.create_superuser(STAFF)
    with transaction.atomic():
        add_programme(sizes, now)
    if connection.vendor == "postgresql":
        connection.cursor().execute("SET statement_timeout = 0")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            INSERT_CUSTOMERS.format(
                first_name=one_of(FIRST_NAMES, "n %% {}"), last_name=one_of(LAST_NAMES, "n %% {}")
            ),
            [sizes.customers, now],
        )
        cursor.execute(
            INSERT_BOOKINGS.format(reference=reference_of("n")),
            [sizes.bookings, walk_in.pk, sizes.customers, now, now, now],
        )
        cursor.execute(INSERT_EVENTS, [staff.pk])
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def add_programme(sizes, now):
    """As many shows as the bookings fill, on ten screens; one in twenty is still to come."""
    screens = [Screen(name=f"Screen {n}", layout="\n".join(["s" * 20] * 10)) for n in range(1, 11)]
    for screen in screens:
        screen.save()
    Movie.objects.bulk_create(
        Movie(title=f"The Night of {1 + n // MOVIES_PER_TITLE}th Street {n}", duration_minutes=90)
        for n in range(1, sizes.movies + 1)
    )
    shows = -(-sizes.bookings // SEATS)
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=shows * 95 // 100)
    Show.objects.bulk_create(
        (
            Show(
                movie_id=1 + n % sizes.movies,
                screen=screens[n % len(screens)],
                screen_name=screens[n % len(screens)].name,
                date_time=begin + timedelta(hours=n),
                total_seats=SEATS,
            )
            for n in range(shows)
        ),
        BATCH,
    )


def one_of(texts, index):
    """SQL: the text at the index, which is a format for the number of texts."""
    cases = "".join(
        f" WHEN {at} THEN '{text.replace(chr(39), chr(39) * 2)}'" for at, text in enumerate(texts)
    )
    return f"CASE {index.format(len(texts))}{cases} END"


def reference_of(number):
    """SQL: distinct references, eight digits to the base of the alphabet."""
    base = len(REFERENCE_ALPHABET)
    digits = (
        f"substr('{REFERENCE_ALPHABET}', 1 + CAST(({number} * 104729) / {base**at} %% {base} AS "
        "integer), 1)"
        for at in range(8)
    )
    return " || ".join(digits).replace(f"{number} *", f"CAST({number} AS bigint) *")
