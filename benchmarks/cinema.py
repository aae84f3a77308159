"""What is in the cinema when it is measured; plain Python, the same for every implementation.

Ids count from 1 in the order in which rows are made, so that everybody can compute who is who.
"""

from datetime import datetime, timedelta, timezone

USERS = 1_000
REGULARS = 100  # of the users, each with 50 bookings of as many shows
FILMS = 1_000
SHOWS = 2_000
BOOKINGS = 20_000
SEATS = 400
SEATS_OF_GREAT_HALL = 600
SOLD_IN_GREAT_HALL = 200
SHOWS_OF_ONE_FILM = 50
BOOKINGS_OF_A_REGULAR = 50

# What a question in a measurement is about.
THE_FILM = 1  # it has the first fifty shows
GREAT_HALL = 51  # the next show
FIRST_FOR_SALE, FOR_SALE = 201, 1_800  # nobody has booked a seat of these beforehand

PASSWORD = "paper-moon-1973"  # noqa: S105 everybody's, of users who do not exist


def usernames():
    return [f"customer{number}" for number in range(1, USERS + 1)]


def films():
    return [
        {
            "title": f"The Film of the Night, Part {number:04}",
            "duration_minutes": 80 + number % 90,
            "description": "A projectionist loses the last reel, and a whole town looks for it.",
            "genre": ["Drama", "Comedy", "Thriller"][number % 3],
            "language": ["English", "French", "Tamil"][number % 3],
            "certificate": "PG-13",
            "poster_url": f"https://cinema.example/posters/{number}.jpg",
        }
        for number in range(1, FILMS + 1)
    ]


def shows(scale=1):
    """All in the future; `scale` times as many, of which those that are asked for come first."""
    start = datetime.now(timezone.utc).replace(minute=0, second=0, microsecond=0)
    for number in range(1, SHOWS * scale + 1):
        yield {
            "movie_id": THE_FILM if number <= SHOWS_OF_ONE_FILM else 2 + number % (FILMS - 1),
            "screen_name": f"Screen {number % 20 + 1}",
            "date_time": start + timedelta(days=30, hours=number),
            "total_seats": SEATS_OF_GREAT_HALL if number == GREAT_HALL else SEATS,
        }


def is_for_sale(show):
    return FIRST_FOR_SALE <= show < FIRST_FOR_SALE + FOR_SALE


def bookings(scale=1):
    """(user, show, seat): some of every show that is not for sale, in the same number of each."""
    made = 0
    for user in range(1, REGULARS + 1):
        for show in range(1, BOOKINGS_OF_A_REGULAR + 1):
            yield user, show, user
            made += 1
    for seat in range(1, SOLD_IN_GREAT_HALL + 1):
        yield REGULARS + seat, GREAT_HALL, 3 * seat
        made += 1
    others = [show for show in range(GREAT_HALL + 1, SHOWS * scale + 1) if not is_for_sale(show)]
    while made < BOOKINGS * scale:
        nth = made
        show, seat = others[nth % len(others)], nth // len(others) + 1
        yield REGULARS + 1 + nth % (USERS - REGULARS), show, seat
        made += 1
