import logging
import random
from datetime import datetime, time, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from booking import box_office
from booking.demo import CUSTOMER, CUSTOMER_EMAIL, STAFF, STAFF_BY_ROLE
from booking.management.movies import DEMO_MOVIES
from booking.management.screens import DEMO_SCREENS
from booking.models import Booking, Movie, Screen, Show
from booking.roles import create_roles
from booking.seating import best_seats, nearest_seats

User = get_user_model()

DAYS = 7
FIRST_START = time(11, 0)
LAST_START = time(22, 15)
BREAK = timedelta(minutes=25)  # between two shows, for cleaning and advertisements


class Command(BaseCommand):
    help = (
        f"Load demo data: {len(DEMO_MOVIES)} movies, shows on {len(DEMO_SCREENS)} screens for the "
        f"next {DAYS} days, some sold seats, a customer ({CUSTOMER[0]}), a superuser "
        f"({STAFF[0]}) and staff of each role. Existing data is not changed, so the command can "
        "be run again, also on another day. For development only: with DEBUG off it refuses to "
        "run."
    )

    def handle(self, *args, **options):
        self.verbosity = options["verbosity"]
        if not settings.DEBUG:
            raise CommandError(
                "The passwords of the demo are public, so it is for development only. "
                "DEBUG is off here."
            )
        if self.verbosity < 2:  # no line for each seat
            logging.getLogger("booking.box_office").setLevel(logging.WARNING)
        # One transaction, all or nothing. It locks new shows only, so it blocks no one.
        with transaction.atomic():
            customer = self.get_or_create_user(*CUSTOMER, email=CUSTOMER_EMAIL)
            staff = self.get_or_create_user(*STAFF, is_staff=True, is_superuser=True)
            self.create_staff_of_each_role()
            movies = [self.get_or_create_movie(*facts) for facts in DEMO_MOVIES]
            screens = [self.get_or_create_screen(*facts) for facts in DEMO_SCREENS]
            shows = self.create_shows(movies, screens)
            self.write(f"{len(movies)} movies, {len(shows)} new shows")
            self.sell_seats(shows, by=staff)
            self.book_for(customer, shows)
        self.write(
            f"There are {Movie.objects.count()} movies, {Show.objects.count()} shows and "
            f"{Booking.objects.active().count()} sold seats."
        )
        logins = [("Customer", CUSTOMER), ("Superuser", STAFF), *STAFF_BY_ROLE.items()]
        for title, (name, password) in logins:
            is_unchanged = User.objects.get(username=name).check_password(password)
            known = password if is_unchanged else "(the password that was set before)"
            self.write(f"  {title + ':':12}{name} / {known}")

    def write(self, text):
        if self.verbosity:
            self.stdout.write(text)

    def get_or_create_user(self, name, password, **fields):
        user = User.objects.filter(username=name).first()
        return user or User.objects.create_user(name, password=password, **fields)

    def create_staff_of_each_role(self):
        create_roles()
        for role, (name, password) in STAFF_BY_ROLE.items():
            if not User.objects.filter(username=name).exists():
                user = self.get_or_create_user(name, password, is_staff=True)
                user.groups.add(Group.objects.get(name=role))

    def get_or_create_movie(self, title, minutes, genre, language, certificate, release_date):
        movie, _ = Movie.objects.get_or_create(
            title=title,
            release_date=release_date,
            defaults={
                "duration_minutes": minutes,
                "genre": genre,
                "language": language,
                "certificate": certificate,
            },
        )
        return movie

    def get_or_create_screen(self, name, layout):
        screen = Screen.objects.filter(name__iexact=name).first()
        return screen or Screen.objects.create(name=name, layout=layout)

    def create_shows(self, movies, screens):
        """New shows, for the days on which a screen has none."""
        today = timezone.localdate()
        new = []
        for day in (today + timedelta(days=number) for number in range(DAYS)):
            for number, screen in enumerate(screens):
                if not Show.objects.on_day(day).filter(screen_name=screen.name).exists():
                    new += self.shows_of_day(day, number, screen, movies)
        box_office.schedule(new)
        return new

    def shows_of_day(self, day, screen_number, screen, movies):
        """Shows of one screen on one day, one after the other."""
        start = datetime.combine(day, FIRST_START) + timedelta(minutes=20 * screen_number)
        # Each screen and day begins with another movie.
        movie_number = day.toordinal() * 5 + screen_number * 6
        while start <= datetime.combine(day, LAST_START):
            movie = movies[movie_number % len(movies)]
            yield Show(movie=movie, screen=screen, date_time=timezone.make_aware(start))
            movie_number += 1
            end = start + timedelta(minutes=movie.duration_minutes)
            start = round_up_to_five_minutes(end + BREAK)

    def sell_seats(self, shows, *, by):
        """Sell seats at the counter to groups of one to four, around the middle of the hall."""
        guests = [self.get_or_create_user(f"demo{number}", None) for number in range(1, 9)]
        generator = random.Random(1895)  # noqa: S311 - the same seats every time
        future = [show for show in shows if show.date_time > timezone.now()]
        for number, show in enumerate(future, 1):
            layout = show.seating
            # The front row stays free, and so do seats for wheelchairs and the house.
            free = {seat.number for seat in layout.seats if seat.y} - layout.by_number_only
            center = best_seats(free, layout, 1)
            groups = generator.randint(0, min(len(guests), len(free) // 4))
            for guest in guests[:groups]:
                first = generator.choice(nearest_seats(free, center, layout, most=9))
                seats = nearest_seats(free, [first], layout, most=generator.randint(1, 4))
                for seat in seats:
                    box_office.book(show_id=show.pk, seat_number=seat, by=by, customer=guest)
                free.difference_update(seats)
            if number % 25 == 0 or number == len(future):
                self.write(f"  seats sold for {number} of {len(future)} new shows")

    def book_for(self, customer, shows):
        """Three bookings, one of them cancelled."""
        tomorrow = timezone.localdate() + timedelta(days=1)
        future = [show for show in shows if timezone.localdate(show.date_time) >= tomorrow]
        sold = [box_office.book(show_id=show.pk, seat_number=2, by=customer) for show in future[:3]]
        for each in sold[2:]:
            box_office.cancel(booking=each.booking, by=customer)


def round_up_to_five_minutes(moment):
    return moment + timedelta(minutes=-moment.minute % 5)
