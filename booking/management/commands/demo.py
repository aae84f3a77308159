import logging
import random
from datetime import datetime, time, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from booking import box_office
from booking.management.films import FILMS
from booking.models import Booking, Movie, Show
from booking.seating import nearest_seats

User = get_user_model()

CUSTOMER = ("demo", "demo-popcorn")
STAFF = ("staff", "staff-popcorn")

DAYS = 7
SCREENS = [  # name, seats, seats per row
    ("Screen 1", 180, 15),
    ("Screen 2", 96, 12),
    ("Screen 3", 60, 10),
    ("Studio", 28, 7),
]
DOORS_OPEN = time(11, 0)
LAST_START = time(22, 15)
BETWEEN_SHOWS = timedelta(minutes=25)  # advertisements before, cleaning after


class Command(BaseCommand):
    help = (
        f"Loads a week to try things out: {len(FILMS)} films, shows on {len(SCREENS)} screens for "
        f"the next {DAYS} days, some seats sold, a customer ({CUSTOMER[0]}) and a member of staff "
        f"({STAFF[0]}). What is there already is left as it is, so it can be run again, on "
        "another day, too. Development only: it refuses to run with DEBUG off."
    )

    def handle(self, *args, **options):
        self.verbosity = options["verbosity"]
        if not settings.DEBUG:
            raise CommandError(
                "The demo's passwords are known to everybody, so it is loaded in development "
                "only. DEBUG is off here."
            )
        if self.verbosity < 2:  # no line for each seat
            logging.getLogger("booking.box_office").setLevel(logging.WARNING)
        # All or nothing. The shows are new, so nobody else can be waiting for them meanwhile.
        with transaction.atomic():
            customer = self.account(*CUSTOMER)
            self.account(*STAFF, is_staff=True, is_superuser=True)
            movies = [self.movie(*film) for film in FILMS]
            shows = self.week(movies)
            self.say(f"{len(movies)} films, {len(shows)} new shows")
            self.sell(shows)
            self.book_for(customer, shows)
        self.say(
            f"There are {Movie.objects.count()} movies, {Show.objects.count()} shows and "
            f"{Booking.objects.active().count()} sold seats."
        )
        for title, (name, password) in [("Customer", CUSTOMER), ("Staff", STAFF)]:
            is_ours = User.objects.get(username=name).check_password(password)
            known = password if is_ours else "(the password that was set before)"
            self.say(f"  {title + ':':10}{name} / {known}")

    def say(self, text):
        if self.verbosity:
            self.stdout.write(text)

    def account(self, name, password, **more):
        user = User.objects.filter(username=name).first()
        return user or User.objects.create_user(name, password=password, **more)

    def movie(self, title, minutes, genre, language, certificate, release_date):
        facts = {
            "duration_minutes": minutes,
            "genre": genre,
            "language": language,
            "certificate": certificate,
        }
        return Movie.objects.get_or_create(title=title, release_date=release_date, defaults=facts)[
            0
        ]

    def week(self, movies):
        """The shows that were added: a day on which a screen shows anything is left alone."""
        today = timezone.localdate()
        added = []
        for day in (today + timedelta(days=number) for number in range(DAYS)):
            for number, screen in enumerate(SCREENS):
                if not Show.objects.on_day(day).filter(screen_name=screen[0]).exists():
                    added += self.programme(day, number, screen, movies)
        return added

    def programme(self, day, number, screen, movies):
        """One screen's shows of one day, one after the other."""
        name, seats, seats_per_row = screen
        begin = datetime.combine(day, DOORS_OPEN) + timedelta(minutes=20 * number)
        turn = day.toordinal() * 5 + number * 6  # each screen and day begins with another film
        while begin <= datetime.combine(day, LAST_START):
            movie = movies[turn % len(movies)]
            yield Show.objects.create(
                movie=movie,
                screen_name=name,
                date_time=timezone.make_aware(begin),
                total_seats=seats,
                seats_per_row=seats_per_row,
            )
            turn += 1
            begin = to_five_minutes(
                begin + timedelta(minutes=movie.duration_minutes) + BETWEEN_SHOWS
            )

    def sell(self, shows):
        """Parties of one to four take seats where people like to sit, earlier shows first."""
        guests = [self.account(f"demo{number}", None) for number in range(1, 9)]
        chance = random.Random(1895)  # noqa: S311 - the same seats every time
        coming = [show for show in shows if show.date_time > timezone.now()]
        for number, show in enumerate(coming, 1):
            row = 2 * show.total_seats // show.seats_per_row // 3
            favourite = row * show.seats_per_row + show.seats_per_row // 2
            free = set(range(show.seats_per_row + 1, show.total_seats + 1))  # front row last
            parties = chance.randint(0, min(len(guests), len(free) // 4))
            for guest in guests[:parties]:
                anchor = chance.choice(nearest_seats(free, [favourite], show.seats_per_row, most=9))
                party = nearest_seats(free, [anchor], show.seats_per_row, chance.randint(1, 4))
                for seat in party:
                    box_office.book(show_id=show.pk, seat_number=seat, by=guest)
                free.difference_update(party)
            if number % 25 == 0 or number == len(coming):
                self.say(f"  seats sold for {number} of {len(coming)} new shows")

    def book_for(self, customer, shows):
        """Three bookings, the last of them cancelled again."""
        tomorrow = timezone.localdate() + timedelta(days=1)
        future = [show for show in shows if timezone.localdate(show.date_time) >= tomorrow]
        bookings = [
            box_office.book(show_id=show.pk, seat_number=2, by=customer) for show in future[:3]
        ]
        for booking in bookings[2:]:
            box_office.cancel(booking=booking.booking, by=customer)


def to_five_minutes(moment):
    """The next time that looks well on a poster."""
    return moment + timedelta(minutes=-moment.minute % 5)
