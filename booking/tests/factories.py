"""Test data, and the JSON that the API should return for it.

Alice books. Bob has bookings of his own that could leak. Stella is staff.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from rest_framework.test import APIClient, APITestCase
from rest_framework_simplejwt.tokens import AccessToken

from booking.models import Booking, Movie, Screen, Show

NOT_FOUND = {"detail": "There is no such show.", "code": "not_found"}
NO_TOKEN = {
    "detail": "Please log in.",
    "code": "not_authenticated",
}


def create_user(username, **more):
    return User.objects.create(username=username, **more)


def api_client(user):
    """Return a test client that sends an access token of this user."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
    return client


def create_movie(title="Metropolis", **more):
    return Movie.objects.create(**{"title": title, "duration_minutes": 153} | more)


def create_show(movie=None, *, starts_in=timedelta(days=1), **more):
    """Create a show with ten seats in one row, or on a `screen`, by default tomorrow."""
    fields = {"screen_name": "Screen 1", "total_seats": 10, **more}
    fields.setdefault("date_time", datetime.now(UTC) + starts_in)
    return Show.objects.create(movie=movie or create_movie(), **fields)


def create_screen(name="Screen 1", layout="ssssssssss"):
    return Screen.objects.create(name=name, layout=layout)


def create_booking(user, show, seat_number=5, **more):
    return Booking.objects.create(user=user, show=show, seat_number=seat_number, **more)


def create_hold(user, show, seat_number=5, *, ends_in=timedelta(minutes=10)):
    held_until = datetime.now(UTC) + ends_in
    return create_booking(user, show, seat_number, status="held", held_until=held_until)


def zone_where_it_is_noon():
    """A time zone in which the hours around now are on one day."""
    zones = [f"Etc/GMT{offset:+d}" for offset in range(-14, 13)]
    return next(zone for zone in zones if datetime.now(ZoneInfo(zone)).hour == 12)


def iso(moment):
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def movie_json(movie):
    return {
        "id": movie.id,
        "title": movie.title,
        "duration_minutes": movie.duration_minutes,
        "description": movie.description,
        "genre": movie.genre,
        "language": movie.language,
        "certificate": movie.certificate,
        "release_date": movie.release_date and movie.release_date.isoformat(),
        "poster_url": movie.poster_url,
    }


def listed_movie_json(movie, next_show=None):
    """JSON of a movie in the list of movies, and by its id."""
    return movie_json(movie) | {"next_show_at": next_show and iso(next_show.date_time)}


def show_json(show, **differences):
    """JSON of a future show whose seats are all free."""
    return {
        "id": show.id,
        "movie": movie_json(show.movie),
        "screen_name": show.screen_name,
        "date_time": iso(show.date_time),
        "ends_at": iso(show.date_time + timedelta(minutes=show.movie.duration_minutes)),
        "total_seats": show.total_seats,
        "seats_per_row": show.seats_per_row,
        "available_seats": show.total_seats,
        "is_bookable": True,
        "bookable_until": iso(show.date_time + settings.SALES_CLOSE_AFTER_START),
        "cancelled_at": None,
    } | differences


def booking_json(booking, *, available_seats, **differences):
    """JSON of a booking of a future show."""
    return {
        "id": booking.id,
        "reference": booking.reference,
        "user": booking.user_id,
        "show": show_json(booking.show, available_seats=available_seats),
        "seat_number": booking.seat_number,
        "seat_label": f"A{booking.seat_number}",
        "status": "booked",
        "created_at": iso(booking.created_at),
        "cancelled_at": None,
        "expires_at": None,
        "expires_in": None,
        "can_cancel": True,
        "cancel_until": iso(booking.show.date_time),
        "cancelled_by": None,
        "show_cancelled": False,
        "admitted_at": None,
    } | differences


def reservation_json(
    bookings, *, available_seats, status="booked", cancelled_by=None, **differences
):
    """JSON of a reservation of a future show, all seats with the same status."""
    first = bookings[0]
    return {
        "reference": first.reference,
        "user": first.user_id,
        "show": show_json(first.show, available_seats=available_seats),
        "status": status,
        "bookings": [
            {
                "id": each.id,
                "seat_number": each.seat_number,
                "seat_label": f"A{each.seat_number}",
                "status": status,
                "cancelled_by": cancelled_by,
            }
            for each in bookings
        ],
        "created_at": iso(first.created_at),
        "expires_at": None,
        "expires_in": None,
        "can_cancel": True,
        "cancel_until": iso(first.show.date_time),
        "show_cancelled": False,
    } | differences


class ApiTestCase(APITestCase):
    """`self.client` has no token; `alice_client` and `bob_client` send their users' tokens."""

    @classmethod
    def setUpTestData(cls):
        cls.alice = create_user("alice", email="alice@example.com")
        cls.bob = create_user("bob")

    def setUp(self):
        self.alice_client = api_client(self.alice)
        self.bob_client = api_client(self.bob)

    def assertResponse(self, response, status, body):
        """Assert the status and the whole JSON body.

        The codes of field errors may be left out: every response is checked to have them.
        """
        self.assertEqual(response["Content-Type"], "application/json", response.content)
        actual = response.json()
        if "codes" in actual and "codes" not in body:
            del actual["codes"]
        self.assertEqual((response.status_code, actual), (status, body))
