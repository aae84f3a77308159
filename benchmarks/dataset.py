"""The data in every database when a measurement begins; plain Python, no Django.

Ids count from 1 in the order of creation, so every module can compute them.
"""

from datetime import UTC, datetime, timedelta

USERS = 1_000
REGULARS = 100  # users who each have 50 bookings of different shows
MOVIES = 1_000
SHOWS = 2_000
BOOKINGS = 20_000
SEATS = 400
SEATS_OF_LARGE_SHOW = 600
SOLD_OF_LARGE_SHOW = 200
SHOWS_OF_ONE_MOVIE = 50
BOOKINGS_OF_A_REGULAR = 50

# Ids that requests use.
MOVIE_WITH_SHOWS = 1  # the movie of the first fifty shows
LARGE_SHOW = 51  # the next show
FIRST_FOR_SALE, FOR_SALE = 201, 1_800  # shows without any booking

# Shows whose doors are open: every seat is booked.
AT_THE_DOOR = 30
GATES = 10  # of the last users, staff who check tickets in

PASSWORD = "paper-moon-1973"  # noqa: S105 of generated users


def usernames():
    return [f"customer{number}" for number in range(1, USERS + 1)]


def movies():
    return [
        {
            "title": f"The Movie of the Night, Part {number:04}",
            "duration_minutes": 80 + number % 90,
            "description": "A projectionist loses the last reel, and a whole town looks for it.",
            "genre": ["Drama", "Comedy", "Thriller"][number % 3],
            "language": ["English", "French", "Tamil"][number % 3],
            "certificate": "PG-13",
            "poster_url": f"https://cinema.example/posters/{number}.jpg",
        }
        for number in range(1, MOVIES + 1)
    ]


def shows(scale=1):
    """All in the future; `scale` times as many, with those that requests use first."""
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for number in range(1, SHOWS * scale + 1):
        has_movie_1 = number <= SHOWS_OF_ONE_MOVIE
        yield {
            "movie_id": MOVIE_WITH_SHOWS if has_movie_1 else 2 + number % (MOVIES - 1),
            "screen_name": f"Screen {number % 20 + 1}",
            "date_time": start + timedelta(days=30, hours=number),
            "total_seats": SEATS_OF_LARGE_SHOW if number == LARGE_SHOW else SEATS,
        }


def is_for_sale(show):
    return FIRST_FOR_SALE <= show < FIRST_FOR_SALE + FOR_SALE


def bookings(scale=1):
    """(user, show, seat) of each booking; shows that are for sale have none."""
    made = 0
    for user in range(1, REGULARS + 1):
        for show in range(1, BOOKINGS_OF_A_REGULAR + 1):
            yield user, show, user
            made += 1
    for seat in range(1, SOLD_OF_LARGE_SHOW + 1):
        yield REGULARS + seat, LARGE_SHOW, 3 * seat
        made += 1
    others = [show for show in range(LARGE_SHOW + 1, SHOWS * scale + 1) if not is_for_sale(show)]
    while made < BOOKINGS * scale:
        nth = made
        show, seat = others[nth % len(others)], nth // len(others) + 1
        yield REGULARS + 1 + nth % (USERS - REGULARS), show, seat
        made += 1


def shows_at_the_door(scale=1):
    """The last shows. They begin in fifty minutes, so their tickets are good for two hours."""
    soon = datetime.now(UTC) + timedelta(minutes=50)
    for number in range(SHOWS * scale + 1, SHOWS * scale + AT_THE_DOOR + 1):
        yield {
            "movie_id": 2,
            "screen_name": f"Hall {number}",
            "date_time": soon,
            "total_seats": SEATS,
        }


def bookings_at_the_door(scale=1):
    for show in range(SHOWS * scale + 1, SHOWS * scale + AT_THE_DOOR + 1):
        for seat in range(1, SEATS + 1):
            yield REGULARS + 1 + seat % (USERS - REGULARS), show, seat
